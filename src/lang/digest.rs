//! Expression and operation digests (language spec §10.3, §10.4): what stands for code in the digests
//! of functions and continuations.
//!
//! The material of an expression does not contain names: an identifier contributes how many frames out
//! it is bound and the digest of what it is bound to. Frames here are those of language spec §5.2,
//! which are fewer or more than the frames in memory; so every frame in memory knows its *depth* in the
//! count of the spec, and a level is a difference of depths.

use base::digest::{Digest, DigestWriter};
use syntax::ast::BinaryOp;
use types::Value;
use types::digest::{value_digest, write_value};

use crate::eval::env::Env;
use crate::tree::{Builtin, Case, Clause, Comprehension, Exec, Expr, ExprKind, Pattern, Slot, TemplateArg};

const ZERO: [u8; 34] = [0; 34];

/// The digest `ED(expr, env)`.
pub fn expr_digest(expr: &Expr, env: &Env) -> Digest {
    Walk::new(env).digest(expr)
}

/// Appends `E(expr, env)`.
pub fn write_expr(expr: &Expr, env: &Env, out: &mut DigestWriter) {
    Walk::new(env).write(expr, out);
}

/// Appends the standard operation material of `expr` (language spec §10.4).
pub fn write_operation(expr: &Expr, env: &Env, out: &mut DigestWriter) {
    let mut walk = Walk::new(env);
    match &expr.kind {
        ExprKind::Ascribe(_) | ExprKind::Requires(..) => return,
        _ => out.bytes(ZERO),
    };
    match &expr.kind {
        ExprKind::Ident(name, _) => {
            out.bytes(name.as_bytes());
        }
        ExprKind::Binary(op, _, right) => {
            out.bytes(op.text());
            if matches!(op, BinaryOp::And | BinaryOp::Or) {
                walk.write(right, out);
            }
        }
        ExprKind::Unary(op, _) => {
            out.bytes(op.text());
        }
        ExprKind::Call(_, args) => args.iter().for_each(|arg| walk.write(arg, out)),
        ExprKind::If(_, then, otherwise) => {
            walk.write(then, out);
            walk.write(otherwise, out);
        }
        ExprKind::Select(_, name) => {
            out.bytes(name.as_bytes());
        }
        ExprKind::Builtin(builtin, _) => {
            out.bytes(builtin.name());
        }
        _ => {}
    }
}

/// Appends the operation material of an exec whose image option has the value `image`.
pub fn write_exec_operation(image: &[u8], exec: &Exec, out: &mut DigestWriter) {
    out.bytes(ZERO).bytes(image).bytes(exec.raw.as_bytes());
}

/// Appends the operation material of a switch that waits on the way along `path` in `case`, which is
/// the first of `cases`.
pub fn write_switch_operation(
    scrutinee: (&Value, &types::Type),
    path: &crate::tree::pattern::Path,
    cases: &[Case],
    env: &Env,
    out: &mut DigestWriter,
) {
    out.bytes(ZERO);
    write_value(scrutinee.0, scrutinee.1, out);
    path.write_material(out);
    let mut walk = Walk::new(env);
    for case in cases {
        out.bytes("grail.com/reflow/syntax.CaseClause");
        case.pattern.write_material(out);
        walk.push((0..case.pattern.names().count()).map(argument_digest).collect());
        walk.write(&case.body, out);
        walk.pop();
    }
}

/// Appends the operation material of a comprehension that waits at clause `at`.
pub fn write_comprehension_operation(comprehension: &Comprehension, at: usize, env: &Env, out: &mut DigestWriter) {
    out.bytes(ZERO);
    let mut walk = Walk::new(env);
    walk.depth += 1;
    for (i, clause) in comprehension.clauses.iter().enumerate().skip(at) {
        if i > at {
            walk.write(clause.expr(), out);
        }
        if let Clause::Enumerate(pattern, _) = clause {
            let named = pattern.leaves.iter().filter(|leaf| leaf.name.is_some());
            walk.push_here(named.map(|leaf| leaf.path.digest()).collect());
        }
    }
    walk.write(&comprehension.body, out);
}

/// The digest that stands for argument `i` of a function: of the one byte `i`.
fn argument_digest(i: usize) -> Digest {
    Digest::of([i as u8])
}

/// The digest that a binding contributes: the value's own, or that of its material.
fn binding_digest(value: &Value, ty: &types::Type) -> Digest {
    match value {
        Value::File(file) => file.digest(),
        Value::Fileset(fileset) => base::digest::Material::material_digest(fileset.as_ref()),
        Value::Function(function) => function.digest(),
        Value::Flow(flow) => flow.digest,
        _ => value_digest(value, ty),
    }
}

/// A walk over an expression with frames that bind digests on top of an environment of values.
struct Walk<'a> {
    env: &'a Env,
    frames: Vec<Frame>,
    depth: i32,
}

struct Frame {
    depth: i32,
    digests: Vec<Digest>,
}

impl<'a> Walk<'a> {
    fn new(env: &'a Env) -> Self {
        Self { env, frames: Vec::new(), depth: env.depth }
    }

    fn push(&mut self, digests: Vec<Digest>) {
        self.depth += 1;
        self.push_here(digests);
    }

    /// Adds bindings to the frame that is current in the count of the spec.
    fn push_here(&mut self, digests: Vec<Digest>) {
        self.frames.push(Frame { depth: self.depth, digests });
    }

    fn pop(&mut self) {
        self.frames.pop();
        self.depth -= 1;
    }

    fn push_pattern(&mut self, pattern: &Pattern, digest: Digest) {
        self.push(vec![digest; pattern.names().count()]);
    }

    fn digest(&mut self, expr: &Expr) -> Digest {
        let mut out = DigestWriter::new();
        self.write(expr, &mut out);
        out.finish()
    }

    fn write(&mut self, expr: &Expr, out: &mut DigestWriter) {
        crate::nesting::with_stack(|| self.write_here(expr, out));
    }

    fn write_all(&mut self, exprs: &[crate::tree::Node], out: &mut DigestWriter) {
        for expr in exprs {
            self.write(expr, out);
        }
    }

    fn write_here(&mut self, expr: &Expr, out: &mut DigestWriter) {
        if let ExprKind::Ascribe(operand) = &expr.kind {
            return self.write(operand, out);
        }
        out.bytes(ZERO);
        match &expr.kind {
            ExprKind::Ident(_, slot) => self.write_ident(*slot, &expr.ty, out),
            ExprKind::Literal(value) => {
                out.digest(&value_digest(value, &expr.ty));
            }
            ExprKind::Binary(op, left, right) => {
                out.bytes(op.text());
                self.write(left, out);
                self.write(right, out);
            }
            ExprKind::Unary(op, operand) => {
                out.bytes(op.text());
                self.write(operand, out);
            }
            ExprKind::Call(callee, args) => {
                self.write_all(args, out);
                self.write(callee, out);
            }
            ExprKind::Builtin(builtin, args) => self.write_builtin(*builtin, args, out),
            ExprKind::Index(left, right) => {
                self.write(left, out);
                self.write(right, out);
            }
            ExprKind::Select(operand, name) => {
                self.write(operand, out);
                out.bytes(name.as_bytes());
            }
            ExprKind::If(condition, then, otherwise) => {
                self.write(condition, out);
                self.write(then, out);
                self.write(otherwise, out);
            }
            ExprKind::Switch(scrutinee, cases) => {
                let digest = self.digest(scrutinee);
                out.digest(&digest);
                for case in cases.iter() {
                    self.push_pattern(&case.pattern, digest);
                    self.write(&case.body, out);
                    self.pop();
                }
            }
            ExprKind::Block(decls, body) => {
                for decl in decls.iter() {
                    let digest = self.digest(&decl.value);
                    self.push_pattern(&decl.pattern, digest);
                }
                self.write(body, out);
                decls.iter().for_each(|_| self.pop());
            }
            ExprKind::Func(func) => {
                self.push((0..func.params.len()).map(argument_digest).collect());
                self.write(&func.body, out);
                self.pop();
            }
            _ => self.write_aggregate(expr, out),
        }
    }

    fn write_aggregate(&mut self, expr: &Expr, out: &mut DigestWriter) {
        match &expr.kind {
            ExprKind::Tuple(elements) => {
                out.length(elements.len());
                for element in elements.iter() {
                    let digest = self.digest(element);
                    out.digest(&digest);
                }
            }
            ExprKind::Struct(shape, values) => {
                out.length(values.len());
                let mut fields: Vec<_> = shape.names().iter().zip(values.iter()).collect();
                fields.sort_by(|left, right| left.0.cmp(right.0));
                for (name, value) in fields {
                    out.bytes(name.as_bytes());
                    self.write(value, out);
                }
            }
            ExprKind::List(elements) => {
                out.length(elements.len());
                self.write_all(elements, out);
            }
            ExprKind::Map(entries) => {
                out.length(entries.len());
                let mut sorted: Vec<_> = entries.iter().map(|entry| (self.digest(&entry.0), entry)).collect();
                sorted.sort_by_key(|(digest, _)| *digest);
                for (_, (key, value)) in sorted {
                    self.write(key, out);
                    self.write(value, out);
                }
            }
            ExprKind::Variant(tag, payload) => {
                out.bytes(tag.as_bytes());
                if let Some(payload) = payload {
                    let digest = self.digest(payload);
                    out.digest(&digest);
                }
            }
            ExprKind::Comprehension(comprehension) => self.write_comprehension(comprehension, out),
            ExprKind::Exec(exec) => self.write_exec(exec, out),
            ExprKind::Make(make) => {
                self.write(&make.path, out);
                for arg in &make.args {
                    arg.pattern.names().for_each(|name| {
                        out.bytes(name.as_bytes());
                    });
                    self.write(&arg.value, out);
                }
            }
            ExprKind::Requires(_, operand) => self.write(operand, out),
            _ => {}
        }
    }

    fn write_comprehension(&mut self, comprehension: &Comprehension, out: &mut DigestWriter) {
        let frames = self.frames.len();
        self.depth += 1;
        for clause in &comprehension.clauses {
            match clause {
                Clause::Enumerate(pattern, source) => {
                    let digest = self.digest(source);
                    self.push_here(vec![digest; pattern.names().count()]);
                }
                Clause::Filter(condition) => self.write(condition, out),
            }
        }
        self.write(&comprehension.body, out);
        self.frames.truncate(frames);
        self.depth -= 1;
    }

    fn write_exec(&mut self, exec: &Exec, out: &mut DigestWriter) {
        let image = exec.options.iter().find(|option| option.name().is_some_and(|name| **name == *"image"));
        if let Some(image) = image {
            self.write(&image.value, out);
        }
        for (i, fragment) in exec.fragments.iter().enumerate() {
            out.bytes(fragment.replace('%', "%%"));
            if i > 0 {
                out.bytes("%s");
            }
        }
        for (i, arg) in exec.args.iter().enumerate() {
            match arg {
                TemplateArg::Output(_) => {
                    out.length(i);
                }
                TemplateArg::Input(expr, _) => self.write(expr, out),
            }
        }
    }

    fn write_builtin(&mut self, builtin: Builtin, args: &[crate::tree::Node], out: &mut DigestWriter) {
        out.bytes(builtin.name());
        match builtin {
            Builtin::Zip | Builtin::Range => {
                for arg in args.iter().take(2).rev() {
                    self.write(arg, out);
                }
            }
            Builtin::Reduce => self.write_all(&args[..args.len().min(2)], out),
            Builtin::Fold => self.write_all(&args[..args.len().min(3)], out),
            _ => self.write_all(&args[..args.len().min(1)], out),
        }
    }

    fn write_ident(&mut self, slot: Slot, ty: &types::Type, out: &mut DigestWriter) {
        let (depth, digest) = match slot {
            Slot::Local { hops, index } if (hops as usize) < self.frames.len() => {
                let frame = &self.frames[self.frames.len() - 1 - hops as usize];
                (frame.depth, frame.digests[index as usize])
            }
            Slot::Local { hops, index } => {
                let frame = self.env.frame(hops as usize - self.frames.len());
                (frame.depth, frame.binding_digest(index as usize, |value| binding_digest(value, ty)))
            }
            slot => {
                let (depth, digest) = self.env.instance.binding(slot, |value| binding_digest(value, ty));
                (depth, digest)
            }
        };
        out.int(i64::from(self.depth - depth)).digest(&digest);
    }
}
