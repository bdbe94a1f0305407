//! Explanations of the messages in `diagnostics::access`.

use syntax::diagnostic::Code;
use syntax::explain::Explanation;

pub(super) const EXPLANATIONS: &[Explanation] = &[
    Explanation {
        code: Code(1040),
        title: "expected struct or module",
        text: "Only structs and modules have fields. A module has to be instantiated with `make` before its members can be \
               used; a tuple is taken apart by a pattern; the elements of a list are reached by a comprehension.",
        wrong: "val strings = \"$/strings\"\nval Main = strings.Join([\"a\", \"b\"], \" \")",
        right: "val strings = make(\"$/strings\")\nval Main = strings.Join([\"a\", \"b\"], \" \")",
    },
    Explanation {
        code: Code(1041),
        title: "field not found",
        text: "The struct or module has no such field. Of a module only the names that begin in upper case are seen from \
               outside. A value that was declared with a type, or went through an `if` or a list, has the fields of that \
               type, not all that it once had.",
        wrong: "val strings = make(\"$/strings\")\nval Main = strings.Joim([\"a\", \"b\"], \" \")",
        right: "val strings = make(\"$/strings\")\nval Main = strings.Join([\"a\", \"b\"], \" \")",
    },
    Explanation {
        code: Code(1042),
        title: "expected int",
        text: "The elements of a list are counted by integers, from 0.",
        wrong: "val names = [\"a\", \"b\"]\nval Main = names[\"a\"]",
        right: "val names = [\"a\", \"b\"]\nval Main = names[0]",
    },
    Explanation {
        code: Code(1043),
        title: "a key of another type",
        text: "An element of a map is asked for by a key of exactly the type that the map's keys have. The message names first \
               the type of the key that was given, then that of the map.",
        wrong: "val ages = [\"ann\": 31, \"bob\": 27]\nval Main = ages[0]",
        right: "val ages = [\"ann\": 31, \"bob\": 27]\nval Main = ages[\"ann\"]",
    },
    Explanation {
        code: Code(1044),
        title: "expected a map or list",
        text: "Brackets behind a value ask for an element of a list or map. The fields of a struct are written with a dot, a \
               tuple is taken apart by a pattern, and the characters of a string cannot be asked for.",
        wrong: "val pair = (1, \"one\")\nval Main = pair[0]",
        right: "val pair = (1, \"one\")\nval (number, _) = pair\nval Main = number",
    },
    Explanation {
        code: Code(1045),
        title: "expected list, map, or dir",
        text: "A comprehension goes through the elements of a list, the pairs of key and element of a map, or the pairs of path \
               and file of a directory. Nothing else has elements.",
        wrong: "val Main = [n * n | n <- 10]",
        right: "val Main = [n * n | n <- range(0, 10)]",
    },
    Explanation {
        code: Code(1046),
        title: "the first clause of a comprehension must be an enumeration",
        text: "A comprehension begins with what it goes through, `x <- xs`. Filters and further enumerations follow.",
        wrong: "val Main = [x | if true, x <- [1, 2]]",
        right: "val Main = [x | x <- [1, 2], if true]",
    },
];
