//! Tests of the `syntax` crate from outside.

use reflow_syntax as syntax;
use reflow_syntax::diagnostic::Source;

#[test]
fn smoke() {
    let text = r#"
// the number
param x, y int
param (
    z = 3
    w [string] = ["a", "b", ...[q] ...r]
)
@requires(cpu := 2)
val (a, [b, ...]) = if x < y { 1 } else if y > 3 { {a: 1}.a } else { u := 1; u }
func f(a, b int, c string) {x int} = switch c { case #A(x): {x}
case _: v := 3
 v }
type T #A | #B((a, b int, c m.T))
Main := exec(image := "u", mem) (out file, o dir) {"
  cat {{x}} > {{out}} }} {{int(3) + 1}}
"}
G := func(x int) => !x + map([e | (e, _) <- ["a": -1 << 2, ], if f(e,)]) ~> func(y int) => y
"#;
    let source = Source::new("t.rf", text);
    let (module, diagnostics) = syntax::parse(&source);
    for d in &diagnostics {
        println!("{}", d.line());
    }
    assert!(diagnostics.is_empty());
    println!("{module:#?}");
    assert_eq!(module.decls.len(), 5);
}

#[test]
fn deep() {
    for (open, inner, close) in [
        ("(", "1", ")"),
        ("!", "x", ""),
        ("1+", "1", ""),
        ("", "x", "[1]"),
        ("[", "1", "]"),
        ("func(x int) => ", "1", ""),
        ("if a { b } else ", "{ c }", ""),
        ("{ a := 1; ", "1", "}"),
        ("(", "1", ", 1)"),
    ] {
        let text = format!("val x = {}{inner}{}\n", open.repeat(100_000), close.repeat(100_000));
        let source = Source::new("t.rf", text);
        let (module, diagnostics) = syntax::parse(&source);
        for d in &diagnostics {
            println!("{open} {}", d.line());
        }
        let m = module.clone();
        assert!(m == module);
    }
    for (open, inner, close) in [("[", "int", "]"), ("func(int) ", "int", ""), ("(int, ", "int", ")")] {
        let text = format!("type T {}{inner}{}\n", open.repeat(100_000), close.repeat(100_000));
        let source = Source::new("t.rf", text);
        let (module, diagnostics) = syntax::parse(&source);
        for d in &diagnostics {
            println!("{open} {}", d.line());
        }
        let m = module.clone();
        assert!(m == module);
    }
}
