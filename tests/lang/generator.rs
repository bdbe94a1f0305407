//! Well typed programs out of arbitrary bytes.
//!
//! The bytes decide: which type comes next, then which of the forms that have this type. When they are used
//! up, the simplest form is taken, so that fewer bytes are a smaller program, and any bytes are a program.

use std::fmt::Write;

/// A type of the language.
#[derive(Clone, Debug, PartialEq)]
enum Type {
    Int,
    Bool,
    Text,
    Float,
    File,
    Dir,
    List(Box<Type>),
    Map(Box<Type>, Box<Type>),
    Tuple(Vec<Type>),
    Struct(Vec<(&'static str, Type)>),
    Sum(Vec<(&'static str, Option<Type>)>),
    Func(Vec<Type>, Box<Type>),
}

impl Type {
    /// Whether values can be compared with `==`.
    fn is_comparable(&self) -> bool {
        match self {
            Self::Func(..) => false,
            Self::List(element) => element.is_comparable(),
            Self::Map(_, value) => value.is_comparable(),
            Self::Tuple(parts) => parts.iter().all(Self::is_comparable),
            Self::Struct(fields) => fields.iter().all(|(_, ty)| ty.is_comparable()),
            Self::Sum(variants) => variants.iter().all(|(_, ty)| ty.as_ref().is_none_or(Self::is_comparable)),
            _ => true,
        }
    }

    fn is_input(&self) -> bool {
        match self {
            Self::Int | Self::Text | Self::Float | Self::File | Self::Dir => true,
            Self::List(element) => matches!(**element, Self::File | Self::Dir),
            _ => false,
        }
    }
}

const FIELDS: [&str; 4] = ["a", "b", "sample", "r1"];
const TAGS: [&str; 4] = ["A", "B", "Paired", "Single"];

/// Makes one program.
pub(crate) struct Generator<'a> {
    bytes: &'a [u8],
    /// Names that can be used, with their types.
    scope: Vec<(String, Type)>,
    /// Named types.
    aliases: Vec<(String, Type)>,
    names: usize,
    /// Of the text so far; beyond a limit only the simplest forms are taken.
    size: usize,
}

/// How deep expressions nest.
const DEPTH: usize = 4;
/// Bytes of text from which on only the simplest forms are taken.
const LONGEST: usize = 3000;

/// A module that the checker accepts.
pub(crate) fn module(bytes: &[u8]) -> String {
    let mut generator = Generator { bytes, scope: Vec::new(), aliases: Vec::new(), names: 0, size: 0 };
    generator.module()
}

impl Generator<'_> {
    /// A choice among `count`; the first when there are no bytes left.
    fn choose(&mut self, count: usize) -> usize {
        let Some((first, rest)) = self.bytes.split_first() else { return 0 };
        self.bytes = rest;
        usize::from(*first) % count
    }

    fn flip(&mut self) -> bool {
        self.choose(2) == 1
    }

    fn name(&mut self) -> String {
        self.names += 1;
        format!("v{}", self.names)
    }

    fn module(&mut self) -> String {
        let mut out = String::new();
        if self.flip() {
            out.push_str("// A program that nobody wrote.\n\n");
        }
        self.params(&mut out);
        for _ in 0..self.choose(3) {
            let ty = self.ty(2);
            let name = format!("T{}", self.aliases.len());
            let _ = writeln!(out, "type {name} {}", self.written(&ty));
            self.aliases.push((name, ty));
        }
        for number in 0..1 + self.choose(5) {
            match self.choose(6) {
                1 => out.push_str("// What follows is\n// documented.\n"),
                2 => out.push_str("\n\n"),
                3 => out.push_str("@requires(cpu := 2, mem := 1*GiB)\n"),
                4 => out.push_str("/* a block */\n"),
                _ => {}
            }
            let ty = self.ty(3);
            let name = format!("X{number}");
            let text = self.declaration(&name, &ty, DEPTH);
            out.push_str(&text);
            if self.choose(5) == 1 {
                out.push_str(" // behind it");
            }
            out.push('\n');
            self.scope.push((name, ty));
        }
        out
    }

    fn params(&mut self, out: &mut String) {
        let count = self.choose(3);
        let grouped = count > 0 && self.flip();
        if grouped {
            out.push_str("param (\n");
        }
        for number in 0..count {
            let ty = [Type::Int, Type::Text, Type::Bool, Type::List(Box::new(Type::Int))][self.choose(4)].clone();
            let name = format!("p{number}");
            let value = self.leaf(&ty);
            let start = if grouped { "\t// p is a parameter.\n\t" } else { "param " };
            let _ = match self.flip() {
                true => writeln!(out, "{start}{name} {} = {value}", self.written(&ty)),
                false => writeln!(out, "{start}{name} = {value}"),
            };
            self.scope.push((name, ty));
        }
        if grouped {
            out.push_str(")\n");
        }
    }

    /// A declaration that binds `name`.
    fn declaration(&mut self, name: &str, ty: &Type, depth: usize) -> String {
        if let Type::Func(args, result) = ty
            && self.flip()
        {
            let outer = self.scope.len();
            let mut written = Vec::new();
            for arg in args {
                let name = self.name();
                written.push(format!("{name} {}", self.written(arg)));
                self.scope.push((name, arg.clone()));
            }
            let body = self.expr(result, depth.saturating_sub(1));
            self.scope.truncate(outer);
            let result = self.written(result);
            return format!("func {name}({}) {result} = {body}", written.join(", "));
        }
        let value = self.expr(ty, depth);
        match self.choose(3) {
            1 => format!("val {name} {} = {value}", self.written(ty)),
            2 => format!("{name} := {value}"),
            _ => format!("val {name} = {value}"),
        }
    }

    fn ty(&mut self, depth: usize) -> Type {
        let simple = [Type::Int, Type::Text, Type::Bool, Type::Float, Type::File, Type::Dir];
        if depth == 0 {
            return simple[self.choose(simple.len())].clone();
        }
        let inner = |own: &mut Self| own.ty(depth - 1);
        match self.choose(14) {
            6 | 7 => Type::List(Box::new(inner(self))),
            8 => {
                let key = [Type::Text, Type::Int][self.choose(2)].clone();
                Type::Map(Box::new(key), Box::new(inner(self)))
            }
            9 => {
                let count = 2 + self.choose(2);
                Type::Tuple((0..count).map(|_| inner(self)).collect())
            }
            10 => {
                let count = 1 + self.choose(3);
                Type::Struct(FIELDS[..count].iter().map(|name| (*name, self.ty(depth - 1))).collect())
            }
            11 => {
                let count = 1 + self.choose(3);
                let variant = |own: &mut Self, tag| (tag, own.flip().then(|| own.ty(depth - 1)));
                Type::Sum(TAGS[..count].iter().map(|tag| variant(self, *tag)).collect())
            }
            12 => {
                let count = 1 + self.choose(2);
                let args = (0..count).map(|_| self.ty(depth - 1)).collect();
                Type::Func(args, Box::new(inner(self)))
            }
            13 => match self.aliases.len() {
                0 => Type::Int,
                count => {
                    let chosen = self.choose(count);
                    self.aliases[chosen].1.clone()
                }
            },
            simple_one => simple[simple_one].clone(),
        }
    }

    /// The type as it is written, under its name if it has one.
    fn written(&mut self, ty: &Type) -> String {
        let named = self.aliases.iter().find(|(_, known)| known == ty).map(|(name, _)| name.clone());
        if let Some(name) = named
            && self.flip()
        {
            return name;
        }
        let mut all = |types: &[Type]| types.iter().map(|ty| self.written(ty)).collect::<Vec<_>>();
        match ty {
            Type::Int => "int".to_owned(),
            Type::Bool => "bool".to_owned(),
            Type::Text => "string".to_owned(),
            Type::Float => "float".to_owned(),
            Type::File => "file".to_owned(),
            Type::Dir => "dir".to_owned(),
            Type::List(element) => format!("[{}]", self.written(element)),
            Type::Map(key, value) => {
                // The name of a type is not taken for a key.
                let key = if **key == Type::Int { "int" } else { "string" };
                format!("[{key}:{}]", self.written(value))
            }
            Type::Tuple(parts) => format!("({})", all(parts).join(", ")),
            Type::Struct(fields) => {
                let fields: Vec<_> = fields.iter().map(|(name, ty)| format!("{name} {}", self.written(ty))).collect();
                format!("{{{}}}", fields.join(", "))
            }
            Type::Sum(variants) => {
                let variant = |(tag, payload): &(&str, Option<Type>)| match payload {
                    Some(payload) => format!("#{tag}({})", self.written(payload)),
                    None => format!("#{tag}"),
                };
                variants.iter().map(variant).collect::<Vec<_>>().join(" | ")
            }
            Type::Func(args, result) => {
                let args: Vec<_> =
                    args.iter().enumerate().map(|(i, ty)| format!("q{i} {}", self.written(ty))).collect();
                format!("func({}) {}", args.join(", "), self.written(result))
            }
        }
    }

    /// A name in scope that has the type.
    fn known(&mut self, ty: &Type) -> Option<String> {
        let known: Vec<String> =
            self.scope.iter().filter(|(_, found)| found == ty).map(|(name, _)| name.clone()).collect();
        if known.is_empty() { None } else { Some(known[self.choose(known.len())].clone()) }
    }

    /// An expression that may stand wherever one may.
    fn expr(&mut self, ty: &Type, depth: usize) -> String {
        let text = match depth {
            0 => self.leaf(ty),
            _ if self.size > LONGEST => self.leaf(ty),
            depth => match self.choose(3) {
                0 => self.leaf(ty),
                1 => self.any_form(ty, depth - 1),
                _ => self.own_form(ty, depth - 1),
            },
        };
        self.size += text.len();
        text
    }

    /// The simplest expressions of a type.
    fn leaf(&mut self, ty: &Type) -> String {
        if self.flip()
            && let Some(name) = self.known(ty)
        {
            return name;
        }
        match ty {
            Type::Int => ["0", "1", "2", "7", "(-3)", "100", "99999999999999999999"][self.choose(7)].to_owned(),
            Type::Bool => ["true", "false"][self.choose(2)].to_owned(),
            Type::Text => {
                let texts =
                    ["\"\"", "\"a\"", "`raw \\ \"text\"`", "\"line\\nbreak\\t\\\"\"", "\"b%c\"", "\"\\x00\\u00e9\""];
                texts[self.choose(texts.len())].to_owned()
            }
            Type::Float => ["0.0", "1.5", "(-2.25)", "1e10", "3."][self.choose(5)].to_owned(),
            Type::File => {
                let files = ["file(\"s3://b/f\")", "file(\"data.txt\")", "make(\"$/files\").Create(\"text\")"];
                files[self.choose(3)].to_owned()
            }
            Type::Dir => ["dir(\"s3://b/d/\")", "dir(\"folder\")"][self.choose(2)].to_owned(),
            // The literals alone would be of other types: of nothing, or of one variant.
            Type::List(_) | Type::Map(..) => {
                let empty = if matches!(ty, Type::List(_)) { "[]" } else { "[:]" };
                self.ascribed(ty, empty)
            }
            Type::Sum(variants) => {
                let (tag, payload) = &variants[self.choose(variants.len())];
                let text = match payload {
                    Some(payload) => format!("#{tag}({})", self.leaf(payload)),
                    None => format!("#{tag}"),
                };
                self.ascribed(ty, &text)
            }
            Type::Tuple(parts) => {
                let parts: Vec<_> = parts.iter().map(|ty| self.leaf(ty)).collect();
                format!("({})", parts.join(", "))
            }
            Type::Struct(fields) => {
                let fields: Vec<_> = fields.iter().map(|(name, ty)| format!("{name}: {}", self.leaf(ty))).collect();
                format!("{{{}}}", fields.join(", "))
            }
            Type::Func(args, result) => self.function(args, result, 0),
        }
    }

    fn ascribed(&mut self, ty: &Type, text: &str) -> String {
        let name = self.name();
        format!("{{ val {name} {} = {text}; {name} }}", self.written(ty))
    }

    fn function(&mut self, args: &[Type], result: &Type, depth: usize) -> String {
        let outer = self.scope.len();
        let mut written = Vec::new();
        for arg in args {
            let name = self.name();
            written.push(format!("{name} {}", self.written(arg)));
            self.scope.push((name, arg.clone()));
        }
        let body = self.expr(result, depth);
        self.scope.truncate(outer);
        format!("(func({}) => {body})", written.join(", "))
    }

    /// Forms that every type has.
    fn any_form(&mut self, ty: &Type, depth: usize) -> String {
        match self.choose(11) {
            0 => {
                let (condition, then) = (self.expr(&Type::Bool, depth), self.expr(ty, depth));
                format!("(if {condition} {{ {then} }} else {{ {} }})", self.expr(ty, depth))
            }
            1 => format!("delay({})", self.expr(ty, depth)),
            2 => self.block(ty, depth),
            3 => self.switch(ty, depth),
            4 => {
                let args = vec![self.ty(1)];
                let function = self.function(&args, ty, depth);
                format!("{function}({})", self.expr(&args[0], depth))
            }
            5 => {
                let first = self.ty(1);
                format!("({} ~> {})", self.expr(&first, depth), self.expr(ty, depth))
            }
            6 => format!("trace({})", self.expr(ty, depth)),
            7 => {
                let fields = [("x", ty.clone()), ("y", self.ty(1))];
                let (x, y) = (self.expr(&fields[0].1, depth), self.expr(&fields[1].1, depth));
                format!("({{x: {x}, y: {y}}}.x)")
            }
            8 => {
                let list = Type::List(Box::new(ty.clone()));
                format!("({}[{}])", self.expr(&list, depth), self.expr(&Type::Int, depth.min(1)))
            }
            9 => {
                let map = Type::Map(Box::new(Type::Text), Box::new(ty.clone()));
                format!("({}[{}])", self.expr(&map, depth), self.expr(&Type::Text, depth.min(1)))
            }
            _ => {
                let condition = self.expr(&Type::Bool, depth);
                format!("(if {condition} {{\n\tpanic(\"no\")\n}} else {{\n\t{}\n}})", self.expr(ty, depth))
            }
        }
    }

    fn block(&mut self, ty: &Type, depth: usize) -> String {
        let outer = self.scope.len();
        let separator = if self.flip() { "\n" } else { "; " };
        let mut out = String::from("{");
        for _ in 0..1 + self.choose(3) {
            let bound = self.ty(2);
            if let Type::Tuple(parts) = &bound
                && self.flip()
            {
                let value = self.expr(&bound, depth);
                let names: Vec<_> = parts.iter().map(|_| self.name()).collect();
                let _ = write!(out, " val ({}) = {value}{separator}", names.join(", "));
                self.scope.extend(names.into_iter().zip(parts.iter().cloned()));
            } else {
                let name = self.name();
                let _ = write!(out, " {}{separator}", self.declaration(&name, &bound, depth));
                self.scope.push((name, bound));
            }
        }
        let body = self.expr(ty, depth);
        self.scope.truncate(outer);
        let _ = write!(out, " {body} }}");
        out
    }

    fn switch(&mut self, ty: &Type, depth: usize) -> String {
        let outer = self.scope.len();
        let scrutinee = match self.choose(3) {
            0 => Type::List(Box::new(self.ty(1))),
            1 => Type::Sum(vec![("A", None), ("B", Some(self.ty(1))), ("Single", Some(Type::File))]),
            _ => Type::Tuple(vec![self.ty(1), Type::Struct(vec![("a", Type::Int), ("b", self.ty(0))])]),
        };
        let value = self.expr(&scrutinee, depth);
        let mut cases: Vec<(String, Vec<(String, Type)>)> = Vec::new();
        match &scrutinee {
            Type::List(element) => {
                let (first, rest) = (self.name(), self.name());
                let names = vec![(first.clone(), (**element).clone()), (rest.clone(), scrutinee.clone())];
                cases.push((format!("[{first}, ...{rest}]"), names));
                cases.push(("_".to_owned(), Vec::new()));
            }
            Type::Sum(variants) => {
                for (tag, payload) in variants {
                    let name = self.name();
                    cases.push(match payload {
                        None => (format!("#{tag}"), Vec::new()),
                        Some(payload) => (format!("#{tag}({name})"), vec![(name, payload.clone())]),
                    });
                }
                if self.flip() {
                    cases.pop();
                    cases.push(("_".to_owned(), Vec::new()));
                }
            }
            _ => {
                let (whole, part) = (self.name(), self.name());
                cases.push((format!("(_, {{a: {part}}})"), vec![(part, Type::Int)]));
                if self.flip() {
                    cases = vec![(whole.clone(), vec![(whole, scrutinee.clone())])];
                }
            }
        }
        let separator = if self.flip() { "\n" } else { " " };
        let mut out = format!("(switch {value} {{{separator}");
        for (pattern, names) in cases {
            self.scope.extend(names);
            let body = self.expr(ty, depth);
            self.scope.truncate(outer);
            let _ = write!(out, "case {pattern}: {body};{separator}");
        }
        out + "})"
    }

    /// Forms that make a value of just this type.
    fn own_form(&mut self, ty: &Type, depth: usize) -> String {
        match ty {
            Type::Int => self.int(depth),
            Type::Bool => self.truth(depth),
            Type::Text => self.text(depth),
            Type::Float => match self.choose(3) {
                0 => format!("float({})", self.expr(&Type::Int, depth)),
                1 => format!("({} * {})", self.expr(ty, depth), self.expr(ty, depth)),
                _ => format!("(-{})", self.expr(ty, depth)),
            },
            Type::File => self.exec("file", depth),
            Type::Dir => match self.choose(3) {
                0 => self.exec("dir", depth),
                1 => format!("({} + {})", self.expr(ty, depth), self.expr(ty, depth)),
                _ => {
                    let files = Type::Map(Box::new(Type::Text), Box::new(Type::File));
                    format!("make(\"$/dirs\").Make({})", self.expr(&files, depth))
                }
            },
            Type::List(element) => self.list(element, depth),
            Type::Map(key, value) => match self.choose(3) {
                0 => format!("[{}: {}]", self.expr(key, depth), self.expr(value, depth)),
                1 => format!("({} + {})", self.expr(ty, depth), self.expr(ty, depth)),
                _ => {
                    let pairs = Type::List(Box::new(Type::Tuple(vec![(**key).clone(), (**value).clone()])));
                    format!("map({})", self.expr(&pairs, depth))
                }
            },
            Type::Tuple(parts) => {
                let parts: Vec<_> = parts.iter().map(|ty| self.expr(ty, depth)).collect();
                format!("({})", parts.join(", "))
            }
            Type::Struct(fields) => {
                let fields: Vec<_> =
                    fields.iter().map(|(name, ty)| format!("{name}: {}", self.expr(ty, depth))).collect();
                match self.flip() {
                    true => format!("{{\n\t{},\n}}", fields.join(",\n\t")),
                    false => format!("{{{}}}", fields.join(", ")),
                }
            }
            Type::Sum(variants) => {
                let (tag, payload) = &variants[self.choose(variants.len())];
                let text = match payload {
                    Some(payload) => format!("#{tag}({})", self.expr(payload, depth)),
                    None => format!("#{tag}"),
                };
                self.ascribed(ty, &text)
            }
            Type::Func(args, result) => self.function(args, result, depth),
        }
    }

    fn int(&mut self, depth: usize) -> String {
        let int = |own: &mut Self| own.expr(&Type::Int, depth);
        match self.choose(8) {
            0 => {
                let op = ["+", "-", "*", "/", "%"][self.choose(5)];
                format!("({} {op} {})", int(self), int(self))
            }
            1 => format!("({} << 3)", int(self)),
            2 => format!("({} >> 2)", int(self)),
            3 => format!("(-{})", int(self)),
            4 => {
                let counted = [Type::Text, Type::Dir, Type::List(Box::new(Type::Text)), Type::File];
                let counted = &counted[self.choose(4)];
                format!("len({})", self.expr(counted, depth))
            }
            5 => {
                let list = Type::List(Box::new(Type::Int));
                format!("fold(func(p, q int) => p * 3 - q, {}, {})", self.expr(&list, depth), int(self))
            }
            6 => {
                let list = Type::List(Box::new(Type::Int));
                format!("reduce(func(p, q int) => p + q, {})", self.expr(&list, depth))
            }
            _ => format!("int({})", self.expr(&Type::Float, depth)),
        }
    }

    fn truth(&mut self, depth: usize) -> String {
        match self.choose(4) {
            0 => {
                let mut ty = self.ty(2);
                if !ty.is_comparable() {
                    ty = Type::Text;
                }
                let op = ["==", "!="][self.choose(2)];
                format!("({} {op} {})", self.expr(&ty, depth), self.expr(&ty, depth))
            }
            1 => {
                let op = ["&&", "||"][self.choose(2)];
                format!("({} {op} {})", self.expr(&Type::Bool, depth), self.expr(&Type::Bool, depth))
            }
            2 => {
                let ty = [Type::Int, Type::Text, Type::Float][self.choose(3)].clone();
                let op = ["<", "<=", ">", ">="][self.choose(4)];
                format!("({} {op} {})", self.expr(&ty, depth), self.expr(&ty, depth))
            }
            _ => format!("!{}", self.expr(&Type::Bool, depth)),
        }
    }

    fn text(&mut self, depth: usize) -> String {
        match self.choose(4) {
            0 => format!("({} + {})", self.expr(&Type::Text, depth), self.expr(&Type::Text, depth)),
            1 => format!("make(\"$/strings\").FromInt({})", self.expr(&Type::Int, depth)),
            2 => {
                let list = Type::List(Box::new(Type::Text));
                format!("make(\"$/strings\").Join({}, \",\")", self.expr(&list, depth))
            }
            _ => format!("make(\"$/path\").Base({})", self.expr(&Type::Text, depth)),
        }
    }

    fn list(&mut self, element: &Type, depth: usize) -> String {
        let list = Type::List(Box::new(element.clone()));
        match self.choose(6) {
            0 => {
                let count = 1 + self.choose(3);
                let elements: Vec<_> = (0..count).map(|_| self.expr(element, depth)).collect();
                match self.flip() {
                    true => format!("[\n\t{},\n]", elements.join(",\n\t")),
                    false => format!("[{}]", elements.join(", ")),
                }
            }
            1 => format!("({} + {})", self.expr(&list, depth), self.expr(&list, depth)),
            2 => format!("flatten([{}, {}])", self.expr(&list, depth), self.expr(&list, depth)),
            3 => format!("[{}, ...{}]", self.expr(element, depth), self.expr(&list, depth)),
            4 if *element == Type::Int => "range(0, 4)".to_owned(),
            _ => self.comprehension(element, depth),
        }
    }

    fn comprehension(&mut self, element: &Type, depth: usize) -> String {
        let outer = self.scope.len();
        let mut clauses = Vec::new();
        for _ in 0..1 + self.choose(2) {
            let value = self.ty(1);
            let (first, second) = (self.name(), self.name());
            let (pattern, source, names) = match self.choose(4) {
                0 => (first.clone(), Type::List(Box::new(value.clone())), vec![(first, value)]),
                1 => {
                    let map = Type::Map(Box::new(Type::Text), Box::new(value.clone()));
                    (format!("({first}, {second})"), map, vec![(first, Type::Text), (second, value)])
                }
                2 => (format!("({first}, _)"), Type::Dir, vec![(first, Type::Text)]),
                _ => {
                    let record = Type::Struct(vec![("a", value.clone()), ("b", Type::Int)]);
                    (format!("{{a: {first}}}"), Type::List(Box::new(record)), vec![(first, value)])
                }
            };
            clauses.push(format!("{pattern} <- {}", self.expr(&source, depth)));
            self.scope.extend(names);
        }
        if self.flip() {
            clauses.push(format!("if {}", self.expr(&Type::Bool, depth)));
        }
        let body = self.expr(element, depth);
        self.scope.truncate(outer);
        format!("[{body} | {}]", clauses.join(", "))
    }

    /// A command with an output of this kind. What is interpolated is bound outside, since the first `}}`
    /// would end the interpolation.
    fn exec(&mut self, kind: &str, depth: usize) -> String {
        let mut bindings = String::new();
        let mut interpolations = Vec::new();
        for _ in 0..self.choose(3) {
            let ty = self.ty(1);
            let ty = if ty.is_input() { ty } else { Type::Text };
            let name = self.name();
            let _ = writeln!(bindings, " {name} := {}", self.expr(&ty, depth));
            interpolations.push(format!("{{{{{name}}}}}"));
        }
        let image = ["\"ubuntu\"", "\"alpine:3\""][self.choose(2)];
        let options = ["", ", cpu := 1", ", mem := 2*GiB, cpu := 4", ", nondeterministic := true"][self.choose(4)];
        let command = ["echo \"$x\" 100%", "sort -k1,1nr | uniq \\\n\t\t", "awk '{ print $1 }'"][self.choose(3)];
        let exec = format!(
            "exec(image := {image}{options}) (made {kind}) {{\" {command} {} > {{{{made}}}} \"}}",
            interpolations.join(" ")
        );
        // A block has at least one declaration.
        if bindings.is_empty() { format!("({exec})") } else { format!("{{{bindings} {exec} }}") }
    }
}
