//! Explanations of the messages in `message::lexical`.

use crate::diagnostic::Code;
use crate::explain::Explanation;

pub(super) const EXPLANATIONS: &[Explanation] = &[
    Explanation {
        code: Code(1),
        title: "illegal character NUL",
        text: "A string, comment or template contains the character NUL, which no text file should. The character\n\
               is kept. To have it in a string on purpose, write the escape \\000.",
        wrong: "val Main = \"x\0y\"",
        right: "val Main = \"x\\000y\"",
    },
    Explanation {
        code: Code(2),
        title: "illegal UTF-8 encoding",
        text: "Programs are UTF-8 text, and the file has bytes that are not. Each such byte is read as U+FFFD, except\n\
               in raw strings, which keep their bytes. Convert the file to UTF-8; to have arbitrary bytes in a string\n\
               write escapes such as \\xff.",
        wrong: "",
        right: "val Main = \"\\xff\"",
    },
    Explanation {
        code: Code(3),
        title: "illegal octal number",
        text: "An integer that begins with a zero and has a digit 8 or 9 looks like a mistaken octal number. Integers\n\
               are always decimal, whatever they begin with, so the number is taken as it is written.",
        wrong: "val Main = 08",
        right: "val Main = 8",
    },
    Explanation {
        code: Code(4),
        title: "illegal token",
        text: "Two dots in a row are no operator. They are read as one.",
        wrong: "val p = {x: 1}\nval Main = p..x",
        right: "val p = {x: 1}\nval Main = p.x",
    },
    Explanation {
        code: Code(5),
        title: "comment not terminated",
        text: "A comment that begins with /* has no */ and reaches to the end of the file, so everything behind it is\n\
               ignored. Comments do not nest: the first */ ends a comment.",
        wrong: "val Main = 1\n/* b := 2\n",
        right: "val Main = 1\n/* b := 2 */\n",
    },
    Explanation {
        code: Code(6),
        title: "literal not terminated",
        text: "A string in double quotes ends on the line where it begins. For a line feed in it write \\n, or put the\n\
               string in back quotes: a raw string may span lines and has no escapes. A raw string without its second\n\
               back quote reaches to the end of the file.",
        wrong: "val Main = \"one\ntwo\"",
        right: "val Main = \"one\\ntwo\"\nb := `one\ntwo`",
    },
    Explanation {
        code: Code(7),
        title: "template literal not terminated",
        text: "A brace directly followed by a double quote always begins the command template of an exec, which\n\
               reaches to the first quote directly followed by a brace. If a block or struct was meant that begins\n\
               with a string, write a blank between brace and quote.",
        wrong: "val Main = if true {\"yes\" } else { \"no\" }",
        right: "val Main = if true { \"yes\" } else { \"no\" }",
    },
    Explanation {
        code: Code(8),
        title: "this template does not end here",
        text: "The end of a template is searched from its second character on: a template has at least one character.\n\
               So {\"\"} does not end where it seems to, but at the next quote and brace further down. The empty\n\
               command is written with a blank.",
        wrong: "val Main = exec(image := \"i\") (out file) {\"\"}\nb := exec(image := \"i\") (out file) {\" \"}",
        right: "val Main = exec(image := \"i\") (out file) {\" \"}",
    },
    Explanation {
        code: Code(10),
        title: "failed to parse integer",
        text: "Integers are written in decimal digits, as many as are needed. There are no hexadecimal, octal or\n\
               binary integers and no separators between digits.",
        wrong: "val Main = 0x1F",
        right: "val Main = 31",
    },
    Explanation {
        code: Code(11),
        title: "failed to parse float: number has no digits",
        text: "The exponent of a float has at least one digit.",
        wrong: "val Main = 1e",
        right: "val Main = 1e0",
    },
    Explanation {
        code: Code(12),
        title: "failed to unquote string: invalid syntax",
        text: "A backslash in a string begins one of the escapes \\a \\b \\f \\n \\r \\t \\v \\\\ \\\", three octal digits up to\n\
               \\377, \\x and two hexadecimal digits, \\u and four, or \\U and eight. Octal and \\x escapes denote bytes,\n\
               \\u and \\U characters. In a raw string, in back quotes, a backslash is itself.",
        wrong: "val Main = \"C:\\data\"",
        right: "val Main = \"C:\\\\data\"\nb := `C:\\data`",
    },
];
