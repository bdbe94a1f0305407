//! Explanations of the messages in `diagnostics::names`.

use syntax::diagnostic::Code;
use syntax::explain::Explanation;

pub(super) const EXPLANATIONS: &[Explanation] = &[
    Explanation {
        code: Code(1001),
        title: "identifier not defined",
        text: "A name is used that nothing has declared. A name is known from below its declaration to the end of the \
               block or module that it stands in: not above it, and not in its own right side, so functions cannot \
               be recursive. A module sees only its own names and the predeclared ones, never those of the module \
               that instantiates it. Builtins such as `len` and `map` can be called but are no values.",
        wrong: "val Total = Count + 1\nval Count = 2",
        right: "val Count = 2\nval Total = Count + 1",
    },
    Explanation {
        code: Code(1002),
        title: "declared and not used",
        text: "A warning of `reflow check`: a name of a block, a comprehension or a case, or a name of a module that is \
               not exported, is never used. Often it is a slip in another name. What only has to be taken apart or \
               gone through is called `_`. Parameters, exported names and types may go unused.",
        wrong: "val Main = {\n    sum := 1 + 2\n    3\n}",
        right: "val Main = {\n    sum := 1 + 2\n    sum\n}",
    },
    Explanation {
        code: Code(1003),
        title: "type alias not found",
        text: "A type is written that is neither one of the types of the language (int, float, string, bool, file, dir, \
               lists, maps, tuples, structs, functions, sums) nor declared above with `type`. Types cannot refer to \
               themselves or to types further down, and parameters stand before all types of their module.",
        wrong: "val Name text = \"x\"",
        right: "type text string\nval Name text = \"x\"",
    },
    Explanation {
        code: Code(1004),
        title: "type alias not found: no such module",
        text: "`m.T` is the type `T` of the module value `m`, and nothing called `m` is declared above.",
        wrong: "type Counts counter.Counts",
        right: "// counter.rf\ntype Counts {words, lines int}\n// main.rf\nval counter = make(\"./counter.rf\")\n\
                type Counts counter.Counts\nval Main Counts = {words: 1, lines: 1, c: counter}",
    },
    Explanation {
        code: Code(1005),
        title: "type alias not found: not a module",
        text: "`m.T` is the type `T` of the module value `m`, but `m` is a value of another kind. The types of structs \
               and functions have no names of their own to refer to.",
        wrong: "val point = {x: 1, y: 2}\ntype X point.x\nval Main = point",
        right: "val point = {x: 1, y: 2}\ntype X int\nval Main X = point.x",
    },
    Explanation {
        code: Code(1006),
        title: "type alias not found",
        text: "The module has no exported type of this name. Like values, types are seen from outside a module only if \
               their names begin in upper case.",
        wrong: "// lib.rf\ntype pair (int, int)\nval Origin pair = (0, 0)\n// main.rf\nval lib = make(\"./lib.rf\")\n\
                val Main lib.pair = lib.Origin",
        right: "// lib.rf\ntype Pair (int, int)\nval Origin Pair = (0, 0)\n// main.rf\nval lib = make(\"./lib.rf\")\n\
                val Main lib.Pair = lib.Origin",
    },
];
