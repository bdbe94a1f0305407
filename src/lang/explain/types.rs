//! Explanations of the messages in `diagnostics::types`.

use syntax::diagnostic::Code;
use syntax::explain::Explanation;

pub(super) const EXPLANATIONS: &[Explanation] = &[
    Explanation {
        code: Code(1020),
        title: "types do not go together",
        text: "Where several values become one (the elements of a list, the elements or keys of a map, the branches of an \
               `if`, the cases of a `switch`, both sides of `+` on lists and maps), they need a type that fits all. It \
               is made as wide as it has to be: of structs the fields that all have, of variants a sum of them. It \
               cannot be made if \
               the kinds differ (`kind mismatch: int != string`), tuples or argument lists differ in length, functions \
               differ in what they take, structs have no field in common, maps have other keys, or a tag has an element \
               in one and none in the other (`cannot unify A, as one of variants is typeless`).",
        wrong: "val Main = [1, \"two\"]",
        right: "val Main = [\"1\", \"two\"]",
    },
    Explanation {
        code: Code(1021),
        title: "cannot use a value as a type",
        text: "A declaration gives a type, and the value is not of it. A value fits a type if it has at least what the type \
               asks for: a struct may have more fields, a sum fewer variants, a function may take more and yield less.",
        wrong: "func Double(n int) int = float(2 * n)",
        right: "func Double(n int) int = 2 * n",
    },
    Explanation {
        code: Code(1022),
        title: "not a valid map key type",
        text: "The keys of maps are of type int, float, string, bool or file. In a written map type the key is one of these \
               words itself, not a type alias that stands for one.",
        wrong: "val Main = [[1, 2]: \"list\"]",
        right: "val Main = [\"1, 2\": \"list\"]",
    },
    Explanation {
        code: Code(1023),
        title: "tag does not begin with uppercase",
        text: "The tags of variants begin in upper case.",
        wrong: "val Main = #some(1)",
        right: "val Main = #Some(1)",
    },
    Explanation {
        code: Code(1024),
        title: "tag is not unique",
        text: "Each variant of a sum type has a tag of its own.",
        wrong: "type Shape #Circle(int) | #Square(int) | #Circle(float)",
        right: "type Shape #Circle(int) | #Square(int) | #Ellipse(float)",
    },
    Explanation {
        code: Code(1025),
        title: "type is nested too deeply, or has too many parts",
        text: "Types may be nested 1000 levels deep, and the number of their parts is limited too. Programs come near that only if they are written by programs: for \
               example a row of declarations each of which puts the one before into a list. A declaration with a type \
               does not help, since the depth is that of the values. Nor may a type have more than a million parts when it is \
               written out, as it would when each declaration puts the one before into a tuple twice.",
        wrong: "",
        right: "",
    },
];
