//! Explanations of the messages in `message::grammar`.

use crate::diagnostic::Code;
use crate::explain::Explanation;

pub(super) const EXPLANATIONS: &[Explanation] = &[
    Explanation {
        code: Code(20),
        title: "syntax error",
        text: "The program does not follow the grammar. The message names what was found and, if there are few\n\
               possibilities, what could have stood there.\n\n\
               A line feed ends a statement whenever it follows a word, a literal or a closing bracket, inside\n\
               brackets too. Therefore an operator or a dot stands at the end of a line, never at its beginning;\n\
               `else` stands on the line of the brace before it; and a list, map, tuple, struct or argument list\n\
               whose closing bracket has a line of its own has a comma after its last element.\n\n\
               Other traps: `a<-1` reads as `a <- 1`; a brace directly followed by a quote begins a command\n\
               template; keywords such as `file`, `type` and `make` cannot be names; declarations are written\n\
               `x := e` or `val x = e`; options of an exec take no comma after the last one.",
        wrong: "val Main = [\n    1,\n    2\n]",
        right: "val Main = [\n    1,\n    2,\n]",
    },
    Explanation {
        code: Code(21),
        title: "unterminated interpolation",
        text: "An interpolation in a command template begins with {{ and ends with the first }} behind it. The\n\
               template itself ends at the first quote that is directly followed by a brace, even if that is inside\n\
               an interpolation: write a blank between a string in an interpolation and what follows.",
        wrong: "val Main = exec(image := \"i\") (out file) {\" echo {{\"x\"}} > {{out}} \"}",
        right: "val Main = exec(image := \"i\") (out file) {\" echo {{\"x\" }} > {{out}} \"}",
    },
    Explanation {
        code: Code(22),
        title: "type declarations are only allowed at the top level of a module",
        text: "A type alias belongs to its module. In a block, or among the options of exec, make or @requires, it has\n\
               no place.",
        wrong: "val Main = {\n    type T int\n    val b T = 1\n    b\n}",
        right: "type T int\nval Main = {\n    val b T = 1\n    b\n}",
    },
    Explanation {
        code: Code(23),
        title: "declaration error",
        text: "A default can be given to one parameter only. Several names share a type, never a default.",
        wrong: "param x, y = 1",
        right: "param (\n    x = 1\n    y = 1\n)",
    },
    Explanation {
        code: Code(24),
        title: "cannot mix named and unnamed arguments",
        text: "The members of a tuple type and the arguments of a function type either all have names or none has.",
        wrong: "type T (int, b string)",
        right: "type T (a int, b string)",
    },
    Explanation {
        code: Code(25),
        title: "expected identifier",
        text: "Of two types side by side in a tuple or function type, the first one is the name of a member, so it\n\
               must be an identifier. Perhaps a comma is missing between two unnamed members.",
        wrong: "type T (int string)",
        right: "type T (int, string)",
    },
    Explanation {
        code: Code(26),
        title: "non-simple argument name",
        text: "The name of a member or argument is one identifier, without dots.",
        wrong: "type T (a.b string)",
        right: "type T (b string)",
    },
    Explanation {
        code: Code(28),
        title: "the text is too long",
        text: "A program has less than 4 GiB.",
        wrong: "",
        right: "",
    },
];
