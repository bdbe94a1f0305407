//! Explanations of the messages in `diagnostics::operators`.

use syntax::diagnostic::Code;
use syntax::explain::Explanation;

pub(super) const EXPLANATIONS: &[Explanation] = &[
    Explanation {
        code: Code(1010),
        title: "cannot apply binary operator",
        text: "Both sides of an operator have one type; nothing is converted on the way. `float(i)` makes a float of an \
               integer, `int(f)` the other way takes the whole part. `+` on lists, maps and directories is less \
               strict: their elements only have to go together.",
        wrong: "val Main = 2 * 1.5",
        right: "val Main = 2.0 * 1.5",
    },
    Explanation {
        code: Code(1011),
        title: "binary operator not allowed",
        text: "The operator is not defined for values of this type. `+` takes strings, numbers, lists, maps and \
               directories; `-`, `*` and `/` numbers; `%`, `<<` and `>>` integers; `&&` and `||` truth values. `&` \
               can be written, but no type has it.",
        wrong: "val Main = true + false",
        right: "val Main = true || false",
    },
    Explanation {
        code: Code(1012),
        title: "cannot compare values",
        text: "`==` and `!=` compare strings, numbers, truth values, files, directories, and lists, maps, tuples, structs \
               and variants of those. Functions and modules cannot be compared. `<`, `>`, `<=` and `>=` order strings, \
               integers and floats only.",
        wrong: "val Main = [1, 2] < [3]",
        right: "val Main = len([1, 2]) < len([3])",
    },
    Explanation {
        code: Code(1013),
        title: "unary operator \"!\" is only valid for bools",
        text: "`!` turns true into false and false into true. No other value counts as one of these.",
        wrong: "val Main = !len(\"abc\")",
        right: "val Main = len(\"abc\") == 0",
    },
    Explanation {
        code: Code(1014),
        title: "unary operator \"-\" is only valid for integers and floats",
        text: "`-` in front of a value negates a number.",
        wrong: "val Main = -\"1\"",
        right: "val Main = -1",
    },
    Explanation {
        code: Code(1015),
        title: "expected boolean expression",
        text: "The condition of an `if`, and a filter in a comprehension, is of type bool. Zero, the empty string and the \
               empty list do not count as false: compare.",
        wrong: "param names = [\"a\", \"b\"]\nval Main = if len(names) { \"some\" } else { \"none\" }",
        right: "param names = [\"a\", \"b\"]\nval Main = if len(names) > 0 { \"some\" } else { \"none\" }",
    },
];
