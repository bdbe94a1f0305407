//! Explanations of the failures in `eval::fault`.

use syntax::diagnostic::Code;
use syntax::explain::Explanation;

pub(super) const EXPLANATIONS: &[Explanation] = &[
    Explanation {
        code: Code(3001),
        title: "division by zero",
        text: "An integer is divided by zero, with `/` or `%`. Floats can be divided by zero; the result is infinite.",
        wrong: "param parts = 0\nval Main = 100 / parts",
        right: "param parts = 0\nval Main = if parts == 0 { 0 } else { 100 / parts }",
    },
    Explanation {
        code: Code(3002),
        title: "the result is not a number",
        text: "An operation on floats has no result: 0.0/0.0, the difference of two infinities, or zero times infinity. There is no \
               value that stands for that.",
        wrong: "val Main = 0.0 / 0.0",
        right: "val Main = 1.0 / 0.0",
    },
    Explanation {
        code: Code(3003),
        title: "a number is too large",
        text: "Integers grow as large as they have to, but not beyond what memory holds: a shift to the left by a huge number of \
               places is refused.",
        wrong: "val Main = 1 << 1000000000000",
        right: "val Main = 1 << 100",
    },
    Explanation {
        code: Code(3004),
        title: "index out of bounds",
        text: "A list has no element of this number. Elements are counted from 0, so the last one of a list of size n is n - 1.",
        wrong: "val names = [\"ann\", \"bob\"]\nval Main = names[2]",
        right: "val names = [\"ann\", \"bob\"]\nval Main = names[1]",
    },
    Explanation {
        code: Code(3005),
        title: "key not found",
        text: "A map has no element under this key. There is no way to ask with a default; a comprehension that goes through the \
               map finds out what is there.",
        wrong: "val ages = [\"ann\": 31]\nval Main = ages[\"bob\"]",
        right: "val ages = [\"ann\": 31]\nval Main = [age | (name, age) <- ages, if name == \"bob\"]",
    },
    Explanation {
        code: Code(3006),
        title: "a pattern does not match",
        text: "A declaration or comprehension takes a value apart by a pattern, and the value is of another form: a list of another \
               length, or another variant. The checker does not ask for patterns that match every value there, as it does in a \
               `switch`; nor is a pattern a filter.",
        wrong: "val [first, second] = [\"only one\"]\nval Main = (first, second)",
        right: "val Main = switch [\"only one\"] {\n    case [first, second]: (first, second)\n    case _: (\"none\", \"none\")\n}",
    },
    Explanation {
        code: Code(3007),
        title: "panic",
        text: "The program called `panic`. Declarations are evaluated in order, used or not, so a panic in one that nobody uses \
               ends the program too.",
        wrong: "param threads = 0\nval Main = if threads > 0 { threads } else { panic(\"threads must be positive\") }",
        right: "param threads = 1\nval Main = if threads > 0 { threads } else { panic(\"threads must be positive\") }",
    },
    Explanation {
        code: Code(3008),
        title: "module error",
        text: "The program called `error`, with a number that stands for the kind of error, and a message.",
        wrong: "param threads = 0\nval Main = if threads > 0 { threads } else { error(2, \"threads must be positive\") }",
        right: "param threads = 1\nval Main = if threads > 0 { threads } else { error(2, \"threads must be positive\") }",
    },
    Explanation {
        code: Code(3009),
        title: "list sizes do not match",
        text: "`zip` makes pairs of the elements of two lists, which therefore have one length.",
        wrong: "val Main = zip([1, 2, 3], [\"a\", \"b\"])",
        right: "val Main = zip([1, 2], [\"a\", \"b\"])",
    },
    Explanation {
        code: Code(3010),
        title: "cannot reduce empty list",
        text: "`reduce` puts the elements of a list together; of an empty list nothing can come. `fold` takes the value for that \
               case.",
        wrong: "val numbers [int] = []\nval Main = reduce(func(a, b int) => a + b, numbers)",
        right: "val numbers [int] = []\nval Main = fold(func(a, b int) => a + b, numbers, 0)",
    },
    Explanation {
        code: Code(3011),
        title: "invalid range",
        text: "`range(first, end)` counts upwards: the first number is not greater than the end. Nor may there be more than four \
               thousand million numbers between them.",
        wrong: "val Main = range(3, 0)",
        right: "val Main = [3 - n | n <- range(0, 3)]",
    },
    Explanation {
        code: Code(3012),
        title: "not immediate",
        text: "The image of an exec, and the options of `@requires`, must be known before anything runs. Mostly the checker finds what \
               is not; a value that reaches the exec through a function or out of a list is found only here.",
        wrong: "func Run(image string) = exec(image) (out file) {\" uname > {{out}} \"}\nval Main = Run(delay(\"debian:12\"))",
        right: "func Run(image string) = exec(image) (out file) {\" uname > {{out}} \"}\nval Main = Run(\"debian:12\")",
    },
    Explanation {
        code: Code(3013),
        title: "an amount is negative or infinite",
        text: "The amounts of cpu, mem and disk that an exec or `@requires` asks for are finite and not negative.",
        wrong: "val Main = exec(image := \"debian:12\", mem := -1) (out file) {\" uname > {{out}} \"}",
        right: "val Main = exec(image := \"debian:12\", mem := GiB) (out file) {\" uname > {{out}} \"}",
    },
    Explanation {
        code: Code(3014),
        title: "the command is not valid UTF-8",
        text: "A string that goes into a command has bytes that are not UTF-8. Strings may hold any bytes; commands are text.",
        wrong: "val Main = exec(image := \"debian:12\") (out file) {\" echo {{\"\\xff\" }} > {{out}} \"}",
        right: "val Main = exec(image := \"debian:12\") (out file) {\" printf '\\\\377' > {{out}} \"}",
    },
    Explanation {
        code: Code(3015),
        title: "bad exec result",
        text: "The result of a command, as it was stored, is not what the exec declares: it has another number of outputs, or a file \
               is not among them. It may have been stored by another program. `-invalidate` with the name of the step runs it \
               anew.",
        wrong: "",
        right: "",
    },
    Explanation {
        code: Code(3020),
        title: "a local file cannot be read",
        text: "`file(\"path\")` and `dir(\"path\")` without a URL scheme read a file or folder of this machine while the program is \
               evaluated. The path starts from the folder that reflow runs in, not from that of the module.",
        wrong: "val Main = file(\"nosuch.txt\")",
        right: "val Main = file(\"localfile:///etc/hostname\")",
    },
    Explanation {
        code: Code(3021),
        title: "local data is too large",
        text: "What `file(\"path\")` and `dir(\"path\")` read without a URL scheme becomes part of the program, up to 200 MB. Larger \
               data is named by a URL, `localfile:///path` or that of a bucket, and taken in while the program runs.",
        wrong: "",
        right: "val Main = file(\"localfile:///data/genome.fa\")",
    },
    Explanation {
        code: Code(3022),
        title: "empty directory",
        text: "`dir(\"path\")` reads a folder of this machine, and there is none, or no file in it at any depth.",
        wrong: "val Main = dir(\"nosuch\")",
        right: "val Main = dir(\"localfile:///etc/skel/\")",
    },
    Explanation {
        code: Code(3023),
        title: "failed assertion",
        text: "A test of the system module `$/test` failed. The message names what was being made, and in brackets which elements are \
               false.",
        wrong: "val test = make(\"$/test\")\nval Main = test.All([1 + 1 == 2, 1 + 1 == 3])",
        right: "val test = make(\"$/test\")\nval Main = test.All([1 + 1 == 2, 1 + 2 == 3])",
    },
    Explanation {
        code: Code(3024),
        title: "a system function failed",
        text: "A function of a system module cannot do what it was asked for; its message says why. `reflow doc $/NAME` describes the \
               functions of a module and what they take.",
        wrong: "val regexp = make(\"$/regexp\")\nval Main = regexp.Match(\"text\", \"(\")",
        right: "val regexp = make(\"$/regexp\")\nval Main = regexp.Match(\"text\", \"[(]\")",
    },
    Explanation {
        code: Code(3099),
        title: "what cannot happen",
        text: "A value is not of the type that the checker found. This is a defect of reflow; please report it with the program.",
        wrong: "",
        right: "",
    },
];
