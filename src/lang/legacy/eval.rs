//! Evaluation of legacy scripts: definitions to strings and flows.

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::fmt::Display;
use std::rc::Rc;

use flow::{FlowId, Graph};
use syntax::ast::{Name, Span};
use syntax::diagnostic::Source;
use types::Type;

use super::mistake::{Mistake, Result};
use super::parse::{Expr, ExprKind, Lambda, Statement};
use super::{ScriptArguments, builtin, list_of};
use crate::nesting::with_stack;

/// How deeply functions may call one another.
const CALL_DEPTH: usize = 200;

/// A value of the legacy language.
#[derive(Clone)]
pub(super) enum Value {
    String(Rc<str>),
    Strings(Rc<[Rc<str>]>),
    /// A fileset.
    Flow(FlowId),
    /// A list of filesets, itself a fileset.
    Flows(FlowId),
    Image(Rc<str>),
    Func(Rc<Function>),
}

/// A function with what was bound where it stands.
pub(super) struct Function {
    source: Rc<Source>,
    lambda: Rc<Lambda>,
    locals: Locals,
}

/// Local bindings, innermost first.
type Locals = Option<Rc<Local>>;

struct Local {
    name: Name,
    value: Value,
    next: Locals,
}

impl Value {
    /// What the value is called in messages.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::String(_) => "string",
            Self::Strings(_) => "string list",
            Self::Flow(_) => "flow",
            Self::Flows(_) => "flow list",
            Self::Image(_) => "image",
            Self::Func(_) => "function",
        }
    }

    /// The type that modules see; nothing if they do not see it.
    pub(super) fn ty(&self) -> Option<Type> {
        match self {
            Self::String(_) => Some(Type::string()),
            Self::Strings(_) => Some(Type::list(Type::string())),
            Self::Flow(_) => Some(Type::fileset().with_flow(true)),
            Self::Flows(_) => Some(Type::list(Type::fileset()).with_flow(true)),
            Self::Image(_) | Self::Func(_) => None,
        }
    }

    /// The value that modules see.
    pub(super) fn to_value(&self, graph: &mut Graph) -> types::Value {
        match self {
            Self::String(text) => types::Value::string(&**text),
            Self::Strings(texts) => {
                types::Value::list(texts.iter().map(|text| types::Value::string(&**text)).collect::<Vec<_>>())
            }
            Self::Flow(id) => graph.value(*id),
            Self::Flows(id) => list_of(graph, *id),
            Self::Image(_) | Self::Func(_) => types::Value::Unit,
        }
    }
}

/// What a script comes to.
pub(super) struct Evaluated {
    pub(super) definitions: HashMap<Name, Value>,
    pub(super) externs: Vec<FlowId>,
}

/// Evaluates one script. Clones are the same evaluator: functions over lists keep one until the list is
/// known.
#[derive(Clone)]
pub(super) struct Evaluator(Rc<Context>);

struct Context {
    arguments: ScriptArguments,
    hash_v1: bool,
    definitions: RefCell<HashMap<Name, Value>>,
    calls: Cell<usize>,
    /// The label of what is being defined.
    label: RefCell<Rc<str>>,
}

impl Evaluator {
    pub(super) fn new(arguments: &ScriptArguments, hash_v1: bool) -> Self {
        Self(Rc::new(Context {
            arguments: arguments.clone(),
            hash_v1,
            definitions: RefCell::default(),
            calls: Cell::new(0),
            label: RefCell::new("".into()),
        }))
    }

    pub(super) fn statements(
        &self,
        graph: &mut Graph,
        script: &Name,
        statements: &[(Rc<Source>, Statement)],
    ) -> Result<Evaluated> {
        let mut externs = Vec::new();
        for (source, statement) in statements {
            let scope = Scope { evaluator: self, source, locals: &None };
            match statement {
                Statement::Define(name, expr) => {
                    let label: Rc<str> = format!("{script}.{name}").into();
                    *self.0.label.borrow_mut() = label.clone();
                    let value = scope.eval(graph, expr)?;
                    if let Value::Flow(id) | Value::Flows(id) = value {
                        graph.label(id, &label);
                    }
                    self.0.definitions.borrow_mut().insert(name.clone(), value);
                }
                Statement::Extern(flow, url) => {
                    let (Value::Flow(dep) | Value::Flows(dep)) = scope.eval(graph, flow)? else {
                        return Err(scope.mistake(flow.span, "extern takes a flow and a URL"));
                    };
                    let url = scope.string(graph, url, "extern")?;
                    let id = graph.r#extern(&builtin::url(&url), dep);
                    graph.label(id, script);
                    externs.push(id);
                }
                // They are resolved when the script is read.
                Statement::Include(..) | Statement::Hash(_) => {}
            }
        }
        Ok(Evaluated { definitions: self.0.definitions.borrow().clone(), externs })
    }

    /// Applies a function.
    pub(super) fn call(
        &self,
        graph: &mut Graph,
        function: &Function,
        args: Vec<Value>,
        at: &Scope<'_>,
        span: Span,
    ) -> Result<Value> {
        let params = &function.lambda.params;
        if params.len() != args.len() {
            let message =
                format!("wrong number of arguments: the function takes {}, here are {}", params.len(), args.len());
            return Err(at.mistake(span, message));
        }
        let calls = self.0.calls.get();
        if calls == CALL_DEPTH {
            return Err(at.mistake(span, format!("functions call one another more than {CALL_DEPTH} deep")));
        }
        let mut locals = function.locals.clone();
        for (name, value) in params.iter().zip(args) {
            locals = Some(Rc::new(Local { name: name.clone(), value, next: locals }));
        }
        self.0.calls.set(calls + 1);
        let scope = Scope { evaluator: self, source: &function.source, locals: &locals };
        let value = scope.eval(graph, &function.lambda.body);
        self.0.calls.set(calls);
        value
    }

    /// The label of what is being defined.
    pub(super) fn label(&self) -> Rc<str> {
        self.0.label.borrow().clone()
    }

    /// The flow of a function for an element of a list, once the list is known.
    pub(super) fn element(
        &self,
        graph: &mut Graph,
        function: &Rc<Function>,
        element: FlowId,
        label: &Rc<str>,
    ) -> FlowId {
        let before = graph.set_hash_v1(self.0.hash_v1);
        let scope = Scope { evaluator: self, source: &function.source, locals: &None };
        let span = function.lambda.body.span;
        let value = self.call(graph, function, vec![Value::Flow(element)], &scope, span);
        let id = match value {
            Ok(Value::Flow(id) | Value::Flows(id)) => id,
            Ok(other) => graph.failure(scope.mistake(span, not_mapped(&other)).into()),
            Err(mistake) => graph.failure(mistake.into()),
        };
        graph.set_hash_v1(before);
        graph.label(id, label);
        id
    }
}

/// Why a function cannot be mapped that yields this.
pub(super) fn not_mapped(value: &Value) -> String {
    format!("a function that is mapped must yield a flow, not a value of type {}", value.kind())
}

/// Where an expression is evaluated.
pub(super) struct Scope<'a> {
    pub(super) evaluator: &'a Evaluator,
    source: &'a Rc<Source>,
    locals: &'a Locals,
}

impl Scope<'_> {
    pub(super) fn mistake(&self, span: Span, message: impl Display) -> Mistake {
        Mistake::new(2041, self.source, span, message.to_string())
    }

    pub(super) fn eval(&self, graph: &mut Graph, expr: &Expr) -> Result<Value> {
        with_stack(|| self.eval_here(graph, expr))
    }

    fn eval_here(&self, graph: &mut Graph, expr: &Expr) -> Result<Value> {
        match &expr.kind {
            ExprKind::String(text) => Ok(Value::String(text.clone())),
            ExprKind::Ident(name) => self.named(name, expr.span),
            ExprKind::Func(lambda) => Ok(Value::Func(Rc::new(Function {
                source: self.source.clone(),
                lambda: lambda.clone(),
                locals: self.locals.clone(),
            }))),
            ExprKind::Let(bindings, body) => {
                let mut locals = self.locals.clone();
                for (name, value) in bindings {
                    let value = Scope { locals: &locals, ..*self }.eval(graph, value)?;
                    locals = Some(Rc::new(Local { name: name.clone(), value, next: locals }));
                }
                Scope { locals: &locals, ..*self }.eval(graph, body)
            }
            ExprKind::Exec(image, options, parts) => builtin::exec(self, graph, expr.span, image, options, parts),
            ExprKind::Call(callee, args) => {
                if let ExprKind::Ident(name) = &callee.kind
                    && self.bound(name).is_none()
                {
                    return builtin::call(self, graph, name, args, expr.span);
                }
                let Value::Func(function) = self.eval(graph, callee)? else {
                    return Err(self.mistake(expr.span, "cannot call what is not a function"));
                };
                let args = args.iter().map(|arg| self.eval(graph, arg)).collect::<Result<Vec<_>>>()?;
                self.evaluator.call(graph, &function, args, self, expr.span)
            }
        }
    }

    fn bound(&self, name: &str) -> Option<Value> {
        let mut local = self.locals.as_ref();
        while let Some(found) = local {
            if *found.name == *name {
                return Some(found.value.clone());
            }
            local = found.next.as_ref();
        }
        self.evaluator.0.definitions.borrow().get(name).cloned()
    }

    /// The value of a name.
    pub(super) fn named(&self, name: &str, span: Span) -> Result<Value> {
        match self.bound(name) {
            Some(value) => Ok(value),
            None if name == "args" => {
                Ok(Value::Strings(self.evaluator.0.arguments.args.iter().map(|text| text.as_str().into()).collect()))
            }
            None => Err(self.mistake(span, format_args!("identifier {name:?} not defined"))),
        }
    }

    /// The text of a parameter.
    pub(super) fn param(&self, name: &str, span: Span) -> Result<Value> {
        match self.evaluator.0.arguments.params.get(name) {
            Some(text) => Ok(Value::String(text.as_str().into())),
            None => Err(self.mistake(span, format_args!("parameter {name:?} is undefined"))),
        }
    }

    /// The string that an argument of `what` must be.
    pub(super) fn string(&self, graph: &mut Graph, expr: &Expr, what: &str) -> Result<Rc<str>> {
        match self.eval(graph, expr)? {
            Value::String(text) => Ok(text),
            other => Err(self
                .mistake(expr.span, format_args!("{what} takes a string here, not a value of type {}", other.kind()))),
        }
    }
}
