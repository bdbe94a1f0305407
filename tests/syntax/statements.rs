//! Modules read piece by piece are those read whole.

use std::rc::Rc;

use reflow_syntax::ast::Module;
use reflow_syntax::diagnostic::Source;
use reflow_syntax::{Irregular, Statements, parse};

/// Holds what the pieces of a module come to against the module read whole.
pub(crate) fn agree(source: &Rc<Source>) {
    let (whole, diagnostics) = parse(source);
    let pieces: Result<Vec<Module>, Irregular> = Statements::new(source).and_then(Iterator::collect);
    let Ok(pieces) = pieces else {
        assert!(!diagnostics.is_empty(), "irregular without a reason: {}", source.text);
        return;
    };
    let lines: Vec<String> = diagnostics.iter().map(|diagnostic| diagnostic.line()).collect();
    assert!(lines.is_empty(), "taken for faultless: {lines:?} in {}", source.text);
    let mut joined = Module::default();
    for piece in pieces {
        joined.keyspace = joined.keyspace.or(piece.keyspace);
        joined.params.extend(piece.params);
        joined.decls.extend(piece.decls);
    }
    assert!(joined == whole, "the pieces make another module: {}", source.text);
}

#[test]
fn pieces_make_the_module() {
    for text in [
        "",
        "\n\n// nothing\n",
        "keyspace \"k\"\nparam a = 1\nparam (\n\tb int\n\tc = {x := 1; x}\n)\n;\nval d = a\n",
        "// doc of a\na := 1 // behind a\n// doc of b\nb := 2",
        "@requires(cpu := 1)\n// doc\nval a = exec(image := \"i\") (out file) {\" ; {{\"}\"}} \"}\nb := 1",
        "@requires(cpu := 1) @requires(mem := 2)\n@requires(disk := 3)\nfunc f(x int) = x\ntype T {a int}\n",
        "val a = 1; val b = 2;\nval c = { d := 1; d }\n",
        // Out of order, or with a semicolon too many.
        "val a = 1;;\n",
        "val a = 1\nparam b int\n",
        "param b int\nkeyspace \"k\"\n",
        "keyspace \"k\"\nkeyspace \"l\"\n",
        ";keyspace \"k\"\n",
        "a := 1 }\nb := 2\n",
        "a := (1\nb := 2\n",
        "@\n",
        "@requires(cpu := 1)\n",
        "a := 1 /* open",
        "/* open",
    ] {
        agree(&Source::new("t.rf", text));
        // Pieces hold some hundred tokens: with more around it, the text begins or ends one.
        for tokens in [480, 500, 2_000] {
            let (params, decls) = ("param p = 1\n".repeat(tokens / 5), "d := [1]\n".repeat(tokens / 6));
            for around in [params + text, format!("{text}\n{decls}"), format!("{decls}{text}\n{decls}")] {
                agree(&Source::new("t.rf", around));
            }
        }
    }
}

#[test]
fn pieces_may_end_anywhere() {
    let parts =
        ["a := 1 // behind a\n", "// doc\nb := 2\n", "@requires(cpu := 1)\nval c = 3\n", "d := 4;;\n", "param e = 5\n"];
    for (part, filler) in parts.iter().flat_map(|part| (0..12).map(move |filler| (part, filler))) {
        let around = "f := 1\n".repeat(120);
        let text = format!("{around}{}{part}{around}", "val g = [1, 2]\n".repeat(filler));
        agree(&Source::new("t.rf", text));
    }
}
