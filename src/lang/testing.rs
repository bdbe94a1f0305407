//! Tests written in the language: the exported values of a module that are called `Test…`.
//!
//! A module of tests is instantiated like any other, except that a declaration that fails does not end it:
//! its names are bound to flows that fail in the same way, so that only what needs them fails too. Of a
//! test that is false, [`Test::comparisons`] finds the comparisons that decide it, with both sides.

use std::collections::HashMap;
use std::rc::Rc;

use flow::Graph;
use syntax::ast::BinaryOp;
use types::ty::Field;
use types::{Type, Value};

use crate::eval::env::Env;
use crate::eval::{Arguments, Result, at_run_time, block, eval, force, instantiate_with};
use crate::module::{Module, ModuleDecl};
use crate::session::Session;
use crate::tree::{ExprKind, Node};

/// What the names of tests begin with.
pub const PREFIX: &str = "Test";

/// The most comparisons that are looked for in a test.
const MOST_COMPARISONS: usize = 20;

/// A module that was instantiated for its tests.
pub struct TestModule {
    /// The tests, in the order of the text.
    pub tests: Vec<Test>,
    members: Value,
}

/// A test: a value that is true, or that there is at all.
pub struct Test {
    /// Its name.
    pub name: Rc<str>,
    /// Its type.
    pub ty: Type,
    /// `FILE:LINE` of its declaration.
    pub place: String,
    /// Its value, with nothing delayed inside, or a flow that yields it.
    pub value: Result<Value>,
    /// What it was declared as, and where that was evaluated; nothing for a part of a pattern.
    declared: Option<(Env, Node)>,
}

/// A comparison that takes part in a test.
pub struct Comparison {
    /// `FILE:LINE:COLUMN`.
    pub place: String,
    /// As it is written, on one line.
    pub text: String,
    /// A tuple of the outcome, the left side and the right side, or a flow that yields it.
    pub value: Value,
    /// The type of the two sides.
    pub ty: Type,
}

impl Comparison {
    /// The type of [`Comparison::value`].
    pub fn tuple_type(&self) -> Type {
        Type::tuple([Type::bool(), self.ty.clone(), self.ty.clone()].map(Field::unnamed))
    }
}

/// What became of the declarations of a module, by the number of the first binding that each makes.
type Declared = HashMap<u32, (Env, Result<()>)>;

impl TestModule {
    /// Instantiates a module with the defaults of its parameters. `evaluated` hears the name of each
    /// declaration that binds one when it has been evaluated.
    ///
    /// # Errors
    ///
    /// If a parameter has no default, or its default fails.
    pub fn instantiate(
        graph: &mut Graph,
        session: &Rc<Session>,
        module: &Rc<Module>,
        evaluated: &mut dyn FnMut(&str),
    ) -> Result<Self> {
        let mut declared = Declared::new();
        let mut on_declaration = |graph: &mut Graph, env: &Env, decl: &ModuleDecl, value: Result<Value>| {
            declared.insert(decl.first_global, (env.clone(), value.clone().map(drop)));
            evaluated(decl.pattern.plain_name().map_or("", |name| name));
            Ok(value.unwrap_or_else(|error| {
                let failed = graph.failure(at_run_time(error));
                graph.value(failed)
            }))
        };
        let members = instantiate_with(graph, session, module, &Arguments::default(), &mut on_declaration)?;
        let tests = tests(graph, module, &members, &declared);
        Ok(Self { tests, members })
    }

    /// An exported value that is no test; it may be a flow or hold flows.
    pub fn member(&self, name: &str) -> Option<&Value> {
        match &self.members {
            Value::Module(record) => record.get(name),
            _ => None,
        }
    }
}

/// The exported members that are tests.
fn tests(graph: &mut Graph, module: &Rc<Module>, members: &Value, declared: &Declared) -> Vec<Test> {
    let Value::Module(record) = members else { return Vec::new() };
    let mut tests = Vec::new();
    for (name, global) in module.shape.names().iter().zip(&module.exports) {
        // Of two bindings of a name the value is that of the later one.
        let is_known = tests.iter().any(|test: &Test| test.name == *name);
        let Some(value) = record.get(name).filter(|_| name.starts_with(PREFIX) && !is_known) else { continue };
        let decl = module.decl_of(*global);
        let ty = module.globals[*global as usize].ty.clone();
        let Some((env, outcome)) = declared.get(&decl.first_global) else { continue };
        let value = outcome.clone().and_then(|()| force(graph, &env.ident.text(), value.clone(), &ty));
        let line = module.source.position(decl.pattern.span.start).0;
        let is_plain = decl.pattern.plain_name().is_some();
        tests.push(Test {
            name: name.clone(),
            ty,
            place: format!("{}:{line}", module.source.name),
            value,
            declared: is_plain.then(|| (env.clone(), decl.value.clone())),
        });
    }
    tests
}

impl Test {
    /// The comparisons that the test is made of: itself, the sides of `&&`, and the elements of a list or map
    /// given to the assertions of `$/test`, in the order of the text.
    ///
    /// # Errors
    ///
    /// If a part of the test fails that was not evaluated before, as the right side of `&&` may.
    pub fn comparisons(&self, graph: &mut Graph) -> Result<Vec<Comparison>> {
        let mut found = Vec::new();
        if let Some((env, expr)) = &self.declared {
            collect(graph, env, expr, &mut found)?;
        }
        Ok(found)
    }
}

fn collect(graph: &mut Graph, env: &Env, expr: &Node, found: &mut Vec<Comparison>) -> Result<()> {
    if found.len() >= MOST_COMPARISONS {
        return Ok(());
    }
    match &expr.kind {
        ExprKind::Ascribe(operand) => collect(graph, env, operand, found),
        ExprKind::Block(decls, body) => {
            let env = block(graph, env, decls)?;
            collect(graph, &env, body, found)
        }
        ExprKind::Binary(BinaryOp::And, left, right) => {
            collect(graph, env, left, found)?;
            collect(graph, env, right, found)
        }
        ExprKind::Binary(op, left, right) if is_comparison(*op) => {
            found.push(comparison(graph, env, expr, left, right)?);
            Ok(())
        }
        ExprKind::Call(callee, args) if is_assertion(callee) => {
            args.iter().try_for_each(|arg| collect(graph, env, arg, found))
        }
        ExprKind::List(elements) => elements.iter().try_for_each(|element| collect(graph, env, element, found)),
        ExprKind::Map(entries) => entries.iter().try_for_each(|(_, value)| collect(graph, env, value, found)),
        _ => Ok(()),
    }
}

fn is_comparison(op: BinaryOp) -> bool {
    use BinaryOp::{Equal, Greater, GreaterEqual, Less, LessEqual, NotEqual};
    matches!(op, Equal | NotEqual | Less | LessEqual | Greater | GreaterEqual)
}

/// Whether a callee is called like an assertion of `$/test`.
fn is_assertion(callee: &Node) -> bool {
    matches!(&callee.kind, ExprKind::Select(_, name) if matches!(&**name, "All" | "Assert" | "AssertMap"))
}

fn comparison(graph: &mut Graph, env: &Env, expr: &Node, left: &Node, right: &Node) -> Result<Comparison> {
    let source = &env.instance.module.source;
    let text = source.text.get(expr.span.start as usize..expr.span.end as usize).unwrap_or_default();
    let parts = [expr, left, right].map(|part| eval(graph, env, part));
    let [truth, left_value, right_value] = parts;
    let value = Value::tuple([truth?, left_value?, right_value?]);
    let mut comparison = Comparison {
        place: source.place(expr.span.start),
        text: text.split_whitespace().collect::<Vec<_>>().join(" "),
        value: Value::Unit,
        ty: left.ty.clone(),
    };
    comparison.value = force(graph, &env.ident.text(), value, &comparison.tuple_type())?;
    Ok(comparison)
}
