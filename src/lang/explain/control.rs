//! Explanations of the messages in `diagnostics::control`.

use syntax::diagnostic::Code;
use syntax::explain::Explanation;

pub(super) const EXPLANATIONS: &[Explanation] = &[
    Explanation {
        code: Code(1050),
        title: "pattern is incompatible with a type",
        text: "No value of the type of the switch can match the pattern of the case: it is for another kind of value, for another \
               number of elements, for a tag or field that the type does not have.",
        wrong: "val size = (2, 3)\nval Main = switch size {\n    case (w, h, d): w * h * d\n    case _: 0\n}",
        right: "val size = (2, 3)\nval Main = switch size {\n    case (w, h): w * h\n}",
    },
    Explanation {
        code: Code(1051),
        title: "case patterns are not exhaustive",
        text: "A switch has a case for every value of its type, so that it always has a result. The message gives a value that no \
               case matches. Numbers and strings can be covered only by a name or `_`; lists are told apart by their \
               length, `[a, b]`, `[a, ...]`; sums are covered when every variant is.",
        wrong: "val answer #Yes | #No | #Later(int) = #Yes\nval Main = switch answer {\n    case #Yes: 1\n    case #No: 0\n}",
        right: "val answer #Yes | #No | #Later(int) = #Yes\nval Main = switch answer {\n    case #Yes: 1\n    case #No: 0\n    \
                case #Later(days): days\n}",
    },
    Explanation {
        code: Code(1052),
        title: "case is unreachable",
        text: "Cases are tried in order, and those above this one already match every value that it would. Remove it, or put it \
               above the more general one.",
        wrong: "val Main = switch [1, 2] {\n    case [a, ...]: a\n    case [a, b]: a + b\n    case _: 0\n}",
        right: "val Main = switch [1, 2] {\n    case [a, b]: a + b\n    case [a, ...]: a\n    case _: 0\n}",
    },
];
