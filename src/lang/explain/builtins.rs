//! Explanations of the messages in `diagnostics::builtins`.

use syntax::diagnostic::Code;
use syntax::explain::Explanation;

pub(super) const EXPLANATIONS: &[Explanation] = &[
    Explanation {
        code: Code(1089),
        title: "too few arguments of a builtin",
        text: "A builtin is called with fewer arguments than it takes. Most take one; `zip(xs, ys)`, `range(first, end)`, \
               `error(code, message)` and `reduce(f, xs)` take two, `fold(f, xs, initial)` three.",
        wrong: "val Main = range(10)",
        right: "val Main = range(0, 10)",
    },
    Explanation {
        code: Code(1090),
        title: "cannot apply len operator",
        text: "`len` is the size of a file in bytes, of a string in bytes, and the number of entries of a directory, list or map.",
        wrong: "val Main = len((1, 2))",
        right: "val Main = len([1, 2])",
    },
    Explanation {
        code: Code(1091),
        title: "cannot convert to int or float",
        text: "`int(f)` takes the whole part of a float, `float(i)` makes a float of an integer. Strings are read and written by \
               the system module `$/strings`.",
        wrong: "val Main = int(\"42\")",
        right: "val strings = make(\"$/strings\")\nval Main = int(strings.ToFloat(\"42\"))",
    },
    Explanation {
        code: Code(1092),
        title: "zip expects a list",
        text: "`zip(xs, ys)` makes of two lists of equal length the list of pairs of their elements. `list(m)` makes a list of a \
               map or directory.",
        wrong: "val Main = zip([1, 2], \"ab\")",
        right: "val Main = zip([1, 2], [\"a\", \"b\"])",
    },
    Explanation {
        code: Code(1093),
        title: "unzip expects a list of pairs",
        text: "`unzip(pairs)` makes of a list of pairs the pair of the list of their first and the list of their second elements.",
        wrong: "val Main = unzip([1, 2])",
        right: "val Main = unzip([(1, \"a\"), (2, \"b\")])",
    },
    Explanation {
        code: Code(1094),
        title: "flatten expects a list of lists",
        text: "`flatten(lists)` puts the elements of the lists of a list into one list. It goes one level down.",
        wrong: "val Main = flatten([1, 2])",
        right: "val Main = flatten([[1], [2]])",
    },
    Explanation {
        code: Code(1095),
        title: "cannot make a map",
        text: "`map(pairs)` makes a map of a list of pairs of key and element, and `map(d)` the map from the paths of a directory to \
               its files. Keys are of type string or int. It does not apply a function to a list; that is what a \
               comprehension is for: `[f(x) | x <- xs]`.",
        wrong: "val Main = map([\"a\", \"b\"])",
        right: "val Main = map([(\"a\", 1), (\"b\", 2)])",
    },
    Explanation {
        code: Code(1096),
        title: "cannot make a list",
        text: "`list(m)` is the list of the pairs of key and element of a map, or of path and file of a directory.",
        wrong: "val Main = list((1, 2))",
        right: "val Main = list([\"a\": 1, \"b\": 2])",
    },
    Explanation {
        code: Code(1097),
        title: "panic expects a string, error an int and a string",
        text: "`panic(message)` ends the evaluation with a message; `error(code, message)` with a number besides, which stands for \
               the kind of error.",
        wrong: "val Main = error(\"no input\", 2)",
        right: "param n = 1\nval Main = if n > 0 { n } else { error(2, \"no input\") }",
    },
    Explanation {
        code: Code(1098),
        title: "range expects an integer",
        text: "`range(first, end)` is the list of the integers from the first up to, but not including, the end.",
        wrong: "val Main = range(0, \"10\")",
        right: "val Main = range(0, 10)",
    },
    Explanation {
        code: Code(1099),
        title: "reduce and fold expect a function and a list",
        text: "`reduce(f, xs)` puts the elements of a list together, two at a time, by a function that takes two and yields one of \
               the same type. `fold(f, xs, initial)` goes through a list with a value that the function makes anew of what it \
               was and the next element; that value may be of another type than the elements.",
        wrong: "val Main = fold(func(n, m int) => n + m, [\"a\", \"b\"], 0)",
        right: "val Main = fold(func(n int, s string) => n + len(s), [\"a\", \"b\"], 0)",
    },
];
