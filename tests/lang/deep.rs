//! Programs that nest a hundred thousand deep come to a value or to a clear error, and are dropped again.

use std::rc::Rc;

use flow::Graph;
use reflow_lang::eval::{force, instantiate};
use reflow_lang::session::Session;
use reflow_lang::sources::{MemorySources, Sources};
use types::Value;
use types::print::print;

use crate::reduce::Reducer;
use crate::world::World;

/// Unoptimised code takes ten times as long and needs ten times the stack.
const DEPTH: usize = if cfg!(debug_assertions) { 10_000 } else { 100_000 };

fn session() -> Rc<Session> {
    Session::new(Rc::new(MemorySources::default()) as Rc<dyn Sources>, |_| {})
}

/// What the expression `before…inner…behind` comes to: its printed value, or the first message.
fn nested(before: &str, inner: &str, behind: &str) -> String {
    expression(&format!("{}{inner}{}", before.repeat(DEPTH), behind.repeat(DEPTH)))
}

fn expression(text: &str) -> String {
    let session = session();
    let (checked, diagnostics) = session.check_expr(text);
    let Some(checked) = checked else {
        return diagnostics.iter().find(|diagnostic| diagnostic.is_error()).unwrap().message.clone();
    };
    let ty = checked.ty().clone();
    let mut graph = Graph::default();
    let world = World::default();
    let mut reducer = Reducer::new(&world);
    let value = session.eval_expr(&mut graph, &checked);
    let value = value.and_then(|value| force(&mut graph, &"".into(), value, &ty));
    match value.and_then(|value| reducer.finish(&mut graph, &value)) {
        Ok(value) => print(&value, &ty),
        Err(error) => error.to_string(),
    }
}

/// What `Main` of a module comes to.
fn module(text: &str) -> String {
    let session = session();
    let (module, diagnostics) = session.check_text("main.rf", text);
    let Some(module) = module else {
        return diagnostics.iter().find(|diagnostic| diagnostic.is_error()).unwrap().message.clone();
    };
    let ty = module.ty.field("Main").unwrap();
    let mut graph = Graph::default();
    let world = World::default();
    let mut reducer = Reducer::new(&world);
    let value = instantiate(&mut graph, &session, &module, &reflow_lang::eval::Arguments::default());
    let main = value.map(|value| match &value {
        Value::Module(record) => record.get("Main").unwrap().clone(),
        _ => Value::Unit,
    });
    let main = main.and_then(|main| force(&mut graph, &"".into(), main, ty));
    match main.and_then(|main| reducer.finish(&mut graph, &main)) {
        Ok(value) => print(&value, ty),
        Err(error) => error.to_string(),
    }
}

#[test]
fn operators() {
    assert_eq!(nested("(", "1", ")"), "1");
    assert_eq!(nested("!", "true", ""), "true");
    assert_eq!(nested("-", "1", ""), "1");
    assert_eq!(nested("1+", "1", ""), (DEPTH + 1).to_string());
    assert_eq!(nested("(1+", "1", ")"), (DEPTH + 1).to_string());
    assert_eq!(nested("true && ", "true", ""), "true");
    assert_eq!(nested("(false || ", "true", ")"), "true");
    assert_eq!(nested("1 ~> ", "2", ""), "2");
    assert_eq!(nested("(1 ~> ", "2", ")"), "2");
    assert_eq!(nested("(1 == ", "1", ")"), "cannot apply binary operator \"==\" to type int and bool");
}

#[test]
fn delayed_operators() {
    assert_eq!(nested("-", "delay(1)", ""), "1");
    assert_eq!(nested("delay(", "1", ")"), "1");
    assert_eq!(nested("delay(1) ~> ", "2", ""), "2");
    assert_eq!(nested("(delay(1) ~> ", "2", ")"), "2");
    assert_eq!(nested("(delay(1) + ", "1", ")"), (DEPTH + 1).to_string());
    assert_eq!(nested("delay(1) + ", "1", ""), (DEPTH + 1).to_string());
    assert_eq!(nested("delay(true) && ", "true", ""), "true");
}

#[test]
fn composites() {
    let too_deep = "type is nested too deeply";
    assert_eq!(nested("[", "1", "]"), too_deep);
    assert_eq!(nested("(", "1", ",2)"), too_deep);
    assert_eq!(nested("{a:", "1", "}"), too_deep);
    assert_eq!(nested("#A(", "1", ")"), too_deep);
    assert_eq!(nested("[1:", "1", "]"), too_deep);
    assert_eq!(nested("func(x int) => ", "1", ""), too_deep);
    assert_eq!(nested("[x | x <- [", "1", "]]"), too_deep);
    assert_eq!(nested("[x | x <- ", "[1]", "]"), "[1]");
    assert_eq!(nested("len([", "1", "])"), "1");
}

#[test]
fn access() {
    assert_eq!(nested("", "true", ".a"), "expected struct or module, got bool");
    assert_eq!(nested("", "[1]", "[0]"), "expected a map or list, got int");
    assert_eq!(nested("[0, 1][", "1", "]"), "1");
    assert_eq!(nested("{a: ", "1", "}.a"), "1");
    assert_eq!(nested("(func(x int) => x)(", "1", ")"), "1");
    assert_eq!(nested("(func(x int) => x)(", "delay(1)", ")"), "1");
    assert_eq!(nested("", "1", "(2)"), "cannot call non-function  (type int)");
}

#[test]
fn control() {
    assert_eq!(nested("{x := 1; ", "x", "}"), "1");
    assert_eq!(nested("{x := ", "1", "; x}"), "1");
    assert_eq!(nested("{x := ", "delay(1)", "; x}"), "1");
    assert_eq!(nested("{x := ", "1 ~> 2", "; x ~> x}"), "2");
    assert_eq!(nested("if true {", "1", "} else {2}"), "1");
    assert_eq!(nested("if false {1} else ", "{2}", ""), "2");
    assert_eq!(nested("switch 1 {case _: ", "1", "}"), "1");
    assert_eq!(nested("switch ", "1", "{case x: x}"), "1");
    assert_eq!(nested("switch #A(", "1", "){case #A(x): x}"), "1");
    assert_eq!(nested("switch delay(", "1", "){case x: x}"), "1");
    assert_eq!(nested("{@requires(cpu := 1) x := ", "1", "; x}"), "1");
    assert_eq!(nested("{f := func(x int) => ", "x", "; f(1)}"), "1");
}

#[test]
fn types() {
    let before =
        |open: &str, close: &str| format!("type T {}int{}\nval Main = 1", open.repeat(DEPTH), close.repeat(DEPTH));
    for (open, close) in [("[", "]"), ("func(int) ", ""), ("(int, ", ")"), ("{a ", "}"), ("#A(", ")"), ("[int:", "]")] {
        assert_eq!(module(&before(open, close)), "type is nested too deeply");
    }
    let pattern = format!("val {}x{} = 1\nval Main = 1", "(".repeat(DEPTH), ")".repeat(DEPTH));
    assert_eq!(module(&pattern), "pattern is nested too deeply");
    let pattern = format!("val {}x{} = [1]\nval Main = 1", "[_, ...".repeat(DEPTH), "]".repeat(DEPTH));
    assert_eq!(module(&pattern), "pattern is nested too deeply");
    let pattern = format!("val Main = switch 1 {{ case {}x{}: 1 }}", "#A(".repeat(DEPTH), ")".repeat(DEPTH));
    assert_eq!(module(&pattern), "pattern is nested too deeply");
}

/// Functions that call one another in a long chain, and functions that hold one another.
#[test]
fn chains() {
    let mut text = "func f0(x int) = x\n".to_owned();
    for i in 1..=DEPTH {
        text += &format!("func f{i}(x int) = f{}(x) + 1\n", i - 1);
    }
    text += &format!("val Main = f{DEPTH}(0)");
    assert_eq!(module(&text), DEPTH.to_string());
    let digest = text.replace("val Main = ", "val Main = delay(") + ")";
    assert_eq!(module(&digest), DEPTH.to_string());
    let wrapped =
        "fold(func(f func(x int) int, y int) => func(x int) => f(x) + y, range(0, 100000), func(x int) => x)(0)";
    assert_eq!(expression(wrapped), "4999950000");
    let delayed = "fold(func(a, b int) => a + b, range(0, 100000), delay(0))";
    assert_eq!(expression(delayed), "4999950000");
    let lazily = "fold(func(a, b int) => a + delay(b), range(0, 100000), 0)";
    assert_eq!(expression(lazily), "4999950000");
}
