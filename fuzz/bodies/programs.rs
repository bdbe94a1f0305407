//! Any text as a program: checked, and if it is well typed, evaluated.

use std::rc::Rc;

use base::Error;
use flow::Graph;
use lang::doc::ModuleDoc;
use lang::eval::{Arguments, force, instantiate};
use lang::session::Session;
use lang::sources::{MemorySources, Sources};
use syntax::diagnostic::Source;
use syntax::render;
use types::Value;
use types::print::print;

use super::reduce::Reducer;
use super::world::World;
use super::{generator, texts};

/// What a program may compute, in units of the session's limit.
const FUEL: u64 = 1 << 19;
/// Nodes that its graph may have.
const MOST_NODES: usize = 20_000;
/// Longer texts find nothing that shorter ones do not.
const LONGEST: usize = 16 << 10;

fn session() -> Rc<Session> {
    let sources = MemorySources::new([
        ("data.txt", "one\ntwo\n"),
        ("folder/a", "a"),
        ("folder/b/c", "c"),
        ("m.rf", "param p = 1\ntype T {a int}\nval V = p + 1\nfunc F(x T) = x.a\n"),
    ]);
    let session = Session::new(Rc::new(sources) as Rc<dyn Sources>, |_| {});
    session.limit(FUEL);
    session
}

fn text(data: &[u8]) -> Option<&str> {
    std::str::from_utf8(data).ok().filter(|text| text.len() <= LONGEST)
}

/// Checks a text as a module and as an expression; what is well typed can be documented.
pub fn checker(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let source = Source::new("t.rf", text);
    let (module, diagnostics) = session().check_text("t.rf", text);
    texts::check(&diagnostics, &source);
    assert_eq!(module.is_some(), texts::is_right(&diagnostics), "{diagnostics:?}");
    if let Some(module) = module {
        let _ = ModuleDoc::of_module(&module).render();
    }
    let (expr, diagnostics) = session().check_expr(text);
    texts::check(&diagnostics, &source);
    assert_eq!(expr.is_some(), texts::is_right(&diagnostics), "{diagnostics:?}");
}

/// Evaluates what is well typed: it comes to a value or to an error, and to the same a second time.
pub fn evaluator(data: &[u8]) {
    let Some(text) = text(data) else { return };
    assert_eq!(module(text), module(text), "a second evaluation differs");
    assert_eq!(expression(text), expression(text), "a second evaluation differs");
}

/// Evaluates the well typed program that the bytes stand for, which must be accepted.
pub fn generated(data: &[u8]) {
    let text = generator::module(data);
    let (accepted, diagnostics) = session().check_text("t.rf", &text);
    assert!(accepted.is_some(), "{}\n{text}", render::lines(&diagnostics));
    assert_eq!(module(&text), module(&text), "a second evaluation differs: {text}");
}

/// What the members of a module come to: printed, or the error.
fn module(text: &str) -> Option<Vec<Result<String, String>>> {
    let session = session();
    let module = session.check_text("t.rf", text).0?;
    if module.params.iter().any(|param| param.default.is_none()) {
        return None;
    }
    let mut graph = Graph::default();
    let record = match instantiate(&mut graph, &session, &module, &Arguments::default()) {
        Ok(Value::Module(record)) => record,
        Ok(other) => panic!("an instance is a {}", other.kind_name()),
        Err(error) => return Some(vec![Err(error.to_string())]),
    };
    let mut outcomes = Vec::new();
    for field in module.ty.fields() {
        let value = record.get(field.name()).cloned().unwrap_or(Value::Unit);
        outcomes.push(printed(&session, &mut graph, value, &field.ty).map_err(|error| error.to_string()));
    }
    Some(outcomes)
}

/// What an expression comes to, and the digest of it as it is.
fn expression(text: &str) -> Option<(String, Result<String, String>)> {
    let session = session();
    let checked = session.check_expr(text).0?;
    let mut graph = Graph::default();
    let value = match session.eval_expr(&mut graph, &checked) {
        Ok(value) => value,
        Err(error) => return Some((String::new(), Err(error.to_string()))),
    };
    let digest = match &value {
        Value::Flow(flow) => flow.digest,
        known => types::digest::value_digest(known, checked.ty()),
    };
    let printed = printed(&session, &mut graph, value, checked.ty()).map_err(|error| error.to_string());
    Some((digest.to_string(), printed))
}

fn printed(session: &Rc<Session>, graph: &mut Graph, value: Value, ty: &types::Type) -> Result<String, Error> {
    let world = World::default();
    let mut reducer = Reducer::new(&world);
    reducer.most_nodes = MOST_NODES;
    session.spend_on(&value)?;
    let value = force(graph, &"".into(), value, ty)?;
    let value = reducer.finish(graph, &value)?;
    session.spend_on(&value)?;
    Ok(print(&value, ty))
}
