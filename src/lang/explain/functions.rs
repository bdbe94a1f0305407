//! Explanations of the messages in `diagnostics::functions`.

use syntax::diagnostic::Code;
use syntax::explain::Explanation;

pub(super) const EXPLANATIONS: &[Explanation] = &[
    Explanation {
        code: Code(1030),
        title: "cannot call non-function",
        text: "What stands before the parentheses is not a function. Of a module its functions are called, `m.F(x)`; an \
               element of a list or map is written with brackets, `xs[0]`.",
        wrong: "val strings = make(\"$/strings\")\nval Main = strings([\"a\", \"b\"], \" \")",
        right: "val strings = make(\"$/strings\")\nval Main = strings.Join([\"a\", \"b\"], \" \")",
    },
    Explanation {
        code: Code(1031),
        title: "wrong number of arguments",
        text: "A function is called with too few arguments or too many. The message shows the types of the arguments that \
               the call has and of those that the function wants. There are no optional arguments; a struct can stand \
               for many.",
        wrong: "func Align(reference, reads file) = [reference, reads]\n\
                val Main = Align(file(\"localfile://reads.fastq\"))",
        right: "func Align(reference, reads file) = [reference, reads]\n\
                val Main = Align(file(\"localfile://genome.fa\"), file(\"localfile://reads.fastq\"))",
    },
    Explanation {
        code: Code(1032),
        title: "cannot use an argument",
        text: "An argument is not of the type that the function takes. An argument fits if it has at least what is asked for: \
               a struct may have more fields than the parameter's type, a sum fewer variants.",
        wrong: "func Count(text file) = len(text)\nval Main = Count(\"localfile://words.txt\")",
        right: "func Count(text file) = len(text)\nval Main = Count(file(\"localfile://words.txt\"))",
    },
    Explanation {
        code: Code(1033),
        title: "functions can have at most 128 arguments",
        text: "Put some of them into a struct. Several names of one type may share it, but count each.",
        wrong: "",
        right: "func Area(box {width, height int}) = box.width * box.height\nval Main = Area({width: 2, height: 3})",
    },
];
