//! Explanations of the messages in `diagnostics::patterns`.

use syntax::diagnostic::Code;
use syntax::explain::Explanation;

pub(super) const EXPLANATIONS: &[Explanation] = &[
    Explanation {
        code: Code(1060),
        title: "expected tuple",
        text: "A pattern in parentheses takes a tuple apart, and the value is none. Parentheses around a single pattern make a \
               tuple pattern of one element; they are not for grouping.",
        wrong: "val (a, b) = [1, 2]\nval Main = a + b",
        right: "val [a, b] = [1, 2]\nval Main = a + b",
    },
    Explanation {
        code: Code(1061),
        title: "expected tuple of another size",
        text: "A tuple pattern has exactly as many elements as the tuple. The message names first the size of the tuple, then that \
               of the pattern. What is not needed is called `_`.",
        wrong: "val (a, b) = (1, 2, 3)\nval Main = a + b",
        right: "val (a, b, _) = (1, 2, 3)\nval Main = a + b",
    },
    Explanation {
        code: Code(1062),
        title: "expected list",
        text: "A pattern in brackets takes a list apart, and the value is none.",
        wrong: "val [a, b] = (1, 2)\nval Main = a + b",
        right: "val (a, b) = (1, 2)\nval Main = a + b",
    },
    Explanation {
        code: Code(1063),
        title: "expected struct",
        text: "A pattern in braces takes the fields of a struct or module, and the value has none.",
        wrong: "val {a, b} = (1, 2)\nval Main = a + b",
        right: "val {a, b} = {a: 1, b: 2}\nval Main = a + b",
    },
    Explanation {
        code: Code(1064),
        title: "struct does not have a field",
        text: "A struct pattern may name any of the fields of a struct, and no others. `{name: x}` gives a field another name.",
        wrong: "val {width, heigth} = {width: 2, height: 3}\nval Main = width * heigth",
        right: "val {width, height} = {width: 2, height: 3}\nval Main = width * height",
    },
    Explanation {
        code: Code(1065),
        title: "expected sum type",
        text: "A pattern with a tag matches variants, and the value is none.",
        wrong: "val #Some(x) = 1\nval Main = x",
        right: "val #Some(x) = #Some(1)\nval Main = x",
    },
    Explanation {
        code: Code(1066),
        title: "not a variant of a type",
        text: "The sum type of the value has no variant with this tag.",
        wrong: "val #Sum(x) = #Some(1)\nval Main = x",
        right: "val #Some(x) = #Some(1)\nval Main = x",
    },
    Explanation {
        code: Code(1067),
        title: "a variant does not have an element",
        text: "The pattern takes an element out of a variant that has none.",
        wrong: "val state #Done | #Waiting(int) = #Done\nval #Done(x) = state\nval Main = x",
        right: "val state #Done | #Waiting(int) = #Waiting(3)\nval #Waiting(x) = state\nval Main = x",
    },
    Explanation {
        code: Code(1068),
        title: "an element is not matched",
        text: "The variant has an element, and the pattern has no place for it. Write `#Tag(x)` to name it, or `#Tag(_)` to \
               leave it.",
        wrong: "val state #Done | #Waiting(int) = #Waiting(3)\nval #Waiting = state\nval Main = 1",
        right: "val state #Done | #Waiting(int) = #Waiting(3)\nval #Waiting(_) = state\nval Main = 1",
    },
    Explanation {
        code: Code(1069),
        title: "pattern is nested too deeply",
        text: "Patterns may be nested 1000 levels deep, as types may.",
        wrong: "",
        right: "",
    },
];
