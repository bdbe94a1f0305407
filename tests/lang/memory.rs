//! What is evaluated is freed once nothing refers to it.

use std::rc::Rc;

use flow::Graph;
use reflow_lang::eval::{Arguments, force, instantiate};
use reflow_lang::session::Session;
use reflow_lang::sources::MemorySources;
use types::Value;
use types::print::print;

#[test]
fn instances_of_modules_with_functions_are_freed() {
    let sources = MemorySources::new([
        (
            "main.rf",
            "val Main = [make(\"./lib.rf\", n := n).Sum(n) | n <- range(0, 100)]\n\
             func Once(x int) = x\nfunc Twice(x int) = 2 * Once(x)\nval Two = Twice(2)\n",
        ),
        (
            "lib.rf",
            "param (\n\tn int\n\tf = func(x int) => x + n\n)\nfunc one(x int) = f(x) + n\nfunc Sum(x int) = one(x) + one(n)\n",
        ),
    ]);
    let session = Session::new(Rc::new(sources), |_| {});
    let watched = Rc::downgrade(&session);
    let module = session.load("main.rf").0.unwrap();
    let mut graph = Graph::default();
    let value = instantiate(&mut graph, &session, &module, &Arguments::default()).unwrap();
    let Value::Module(record) = &value else { panic!("an instance is no module") };
    let ty = module.ty.field("Main").unwrap();
    let main = force(&mut graph, &"".into(), record.get("Main").unwrap().clone(), ty).unwrap();
    assert!(print(&main, ty).starts_with("[0, 6, 12, "), "{}", print(&main, ty));
    // Each instance refers to its session, so this says whether all of them are gone.
    drop(session);
    assert!(watched.upgrade().is_some(), "the module has functions");
    drop((graph, value, main));
    assert!(watched.upgrade().is_none(), "{} instances are left", watched.strong_count());
}
