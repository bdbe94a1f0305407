//! System modules and predeclared functions (language spec §7).
//!
//! Types and documentation stand in `stdlib/NAME.rf`: each `type` there gives the type of the member of
//! that name. What the members do stands in a room here for each module.

mod dirs;
mod files;
mod filesets;
mod path;
mod regexp;
mod strings;
mod test;

mod predeclared;

use std::cell::OnceCell;
use std::rc::Rc;

use base::digest::Digest;
use base::failure::{Error, Kind};
use flow::{FlowId, Graph};
use syntax::ast;
use syntax::diagnostic::Source;
use types::ty::{Field, Variant};
use types::value::{Function, Record, Shape};
use types::{Type, Value};

use crate::eval::env::Spot;
use crate::eval::{Site, fault};
use crate::session::Session;

pub(crate) use predeclared::{predeclared, predeclared_types};

/// The names of all system modules, sorted.
pub const NAMES: [&str; 7] = ["dirs", "files", "filesets", "path", "regexp", "strings", "test"];

/// A system module.
pub struct SystemModule {
    /// Its name, without `$/`.
    pub name: &'static str,
    /// The type of its value.
    pub ty: Type,
    /// Its members with their documentation, in the order of the text.
    pub members: Vec<(Rc<str>, Type, Rc<str>)>,
    record: Rc<Record>,
}

impl SystemModule {
    pub(crate) fn value(&self) -> Value {
        Value::Module(self.record.clone())
    }
}

/// How a system function takes its arguments (language spec §7.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Mode {
    /// Waits for arguments that are flows; components may still be.
    Default,
    /// Forces each argument first.
    Forced,
    /// Takes arguments as they are.
    Direct,
}

/// The code of a system function.
pub(crate) type Run = fn(&mut Graph, &Call, &[Value]) -> Result<Value, Error>;

/// A function of a system module as its room declares it.
pub(crate) struct Member {
    pub(crate) name: &'static str,
    pub(crate) mode: Mode,
    /// Whether the result may be a flow even if the arguments are not.
    pub(crate) flow: bool,
    pub(crate) run: Run,
}

/// A system function as a value.
pub(crate) struct SystemFunction {
    module: &'static str,
    name: &'static str,
    ty: Type,
    pub(crate) mode: Mode,
    pub(crate) run: Run,
    digest: OnceCell<Digest>,
}

impl SystemFunction {
    /// The declared types of the parameters.
    pub(crate) fn arg_types(&self) -> Vec<Type> {
        match &self.ty.kind {
            types::ty::TypeKind::Func(func) => func.args.iter().map(|arg| arg.ty.clone()).collect(),
            _ => Vec::new(),
        }
    }
}

impl Function for SystemFunction {
    fn digest(&self) -> Digest {
        *self.digest.get_or_init(|| Digest::of(format!("$/{}{}", self.module, self.name)))
    }
}

/// The call that a system function answers.
pub(crate) struct Call {
    /// The place of the call.
    pub(crate) place: Spot,
    pub(crate) node_place: flow::node::Place,
    pub(crate) ident: Rc<str>,
    pub(crate) session: Rc<Session>,
}

impl Call {
    pub(crate) fn new(site: &Site) -> Self {
        Self {
            place: site.place(),
            node_place: site.env.node_place(site.span),
            ident: site.ident.text(),
            session: site.env.instance.session.clone(),
        }
    }

    /// An error at the call with its label.
    pub(crate) fn failure(&self, message: impl std::fmt::Display) -> Error {
        self.plain(format_args!("{} {}: {message}", self.place, self.ident))
    }

    /// An error that has neither place nor label in its text.
    pub(crate) fn plain(&self, message: impl std::fmt::Display) -> Error {
        Error::new(Kind::Other, message.to_string()).about(self.place.origin(fault::SYSTEM))
    }

    /// Labels and places a node that the function made.
    pub(crate) fn made(&self, graph: &mut Graph, id: FlowId) -> FlowId {
        graph.set_place(id, self.node_place.clone());
        graph.label(id, &self.ident);
        id
    }

    /// The error of arguments that the checker lets nobody pass.
    pub(crate) fn misuse(&self, args: &[Value]) -> Error {
        let kinds: Vec<_> = args.iter().map(Value::kind_name).collect();
        self.failure(format_args!("unexpected arguments ({})", kinds.join(", ")))
    }
}

/// The system module of a name.
pub(crate) fn module(name: &str) -> Option<SystemModule> {
    let (name, text, members): (&'static str, &str, &[Member]) = match name {
        "dirs" => ("dirs", include_str!("../../stdlib/dirs.rf"), dirs::MEMBERS),
        "files" => ("files", include_str!("../../stdlib/files.rf"), files::MEMBERS),
        "filesets" => ("filesets", include_str!("../../stdlib/filesets.rf"), filesets::MEMBERS),
        "path" => ("path", include_str!("../../stdlib/path.rf"), path::MEMBERS),
        "regexp" => ("regexp", include_str!("../../stdlib/regexp.rf"), regexp::MEMBERS),
        "strings" => ("strings", include_str!("../../stdlib/strings.rf"), strings::MEMBERS),
        "test" => ("test", include_str!("../../stdlib/test.rf"), test::MEMBERS),
        _ => return None,
    };
    let (written, _) = syntax::parse(&Source::new(name, text));
    let mut described = Vec::new();
    let mut values = Vec::new();
    for decl in &written.decls {
        let ast::DeclKind::Type { name: member, ty } = &decl.kind else { continue };
        let Some(found) = members.iter().find(|found| *found.name == *member.name) else { continue };
        let ty = member_type(ty, found.flow);
        values.push(function(name, found, ty.clone()));
        described.push((member.name.clone(), ty, decl.doc.clone()));
    }
    let fields: Vec<_> = described.iter().map(|(name, ty, _)| Field::named(name.clone(), ty.clone())).collect();
    let shape = Shape::new(described.iter().map(|(name, ..)| name.clone()).collect());
    let record = Rc::new(Record::new(shape, values));
    Some(SystemModule { name, ty: Type::module(fields, []), members: described, record })
}

pub(crate) fn function(module: &'static str, member: &Member, ty: Type) -> Value {
    let (name, mode, run) = (member.name, member.mode, member.run);
    Value::Function(Rc::new(SystemFunction { module, name, ty, mode, run, digest: OnceCell::new() }))
}

/// The type of a member; a flow function's result may be delayed.
fn member_type(written: &ast::Type, flow: bool) -> Type {
    let ty = type_of(written);
    match &ty.kind {
        types::ty::TypeKind::Func(func) => Type::func(func.args.to_vec(), func.result.clone().with_flow(flow)),
        _ => ty,
    }
}

/// A type of the standard library's texts, which may name the types that programs cannot write, and
/// whose argument names may be keywords: those are written with an underscore behind them.
fn type_of(written: &ast::Type) -> Type {
    use ast::TypeKind as Ast;
    let fields = |fields: &[ast::Field]| -> Vec<Field> {
        let field = |field: &ast::Field| Field {
            name: field.name.as_ref().map(|name| name.name.trim_end_matches('_').into()),
            ty: type_of(&field.ty),
        };
        fields.iter().map(field).collect()
    };
    match &written.kind {
        Ast::Int => Type::int(),
        Ast::Float => Type::float(),
        Ast::String => Type::string(),
        Ast::Bool => Type::bool(),
        Ast::File => Type::file(),
        Ast::Dir => Type::dir(),
        Ast::Alias(path) => match path.first().map(|part| &*part.name) {
            Some("unit") => Type::unit(),
            Some("fileset") => Type::fileset(),
            _ => Type::top(),
        },
        Ast::List(element) => Type::list(type_of(element)),
        Ast::Map(key, element) => Type::map(type_of(key), type_of(element)),
        Ast::Tuple(parts) => Type::tuple(fields(parts)),
        Ast::Func(args, result) => Type::func(fields(args), type_of(result)),
        Ast::Struct(parts) => Type::record(fields(parts)),
        Ast::Module(parts) => Type::module(fields(parts), []),
        Ast::Sum(variants) => {
            let variant =
                |variant: &ast::Variant| Variant::new(variant.tag.name.clone(), variant.payload.as_ref().map(type_of));
            Type::sum(variants.iter().map(variant).collect::<Vec<_>>())
        }
    }
}

/// The only file of the fileset that a flow yields, as a flow of the file.
pub(crate) fn file_of_fileset(graph: &mut Graph, flow_digest: &str, dep: FlowId, url: &str) -> Value {
    let url = url.to_owned();
    let id =
        graph.coerce(Digest::of(flow_digest), dep, move |value: &Value| match value {
            Value::Fileset(fileset) => fileset.file().cloned().map(Value::file).map_err(|_| {
                Error::new(Kind::NotExist, format!("{url}: expected a single file, got {}", fileset.short()))
            }),
            other => Err(Error::new(Kind::Eval, format!("{url}: expected a fileset, got {}", other.kind_name()))),
        });
    graph.value(id)
}

/// A string argument as text; other bytes than UTF-8 become U+FFFD.
pub(crate) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The value of `file(url)` or `dir(url)` for a flag.
pub(crate) fn import_value(
    graph: &mut Graph,
    session: &Rc<Session>,
    dir: bool,
    flag: &str,
    url: &str,
) -> Result<Value, Error> {
    let place = flow::node::Place { file: flag.into(), line: 1, column: 1 };
    let call = Call { place: Spot::Flag(flag.into()), node_place: place, ident: "".into(), session: session.clone() };
    predeclared::import(graph, &call, dir, Value::string(url))
}
