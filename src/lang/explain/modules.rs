//! Explanations of the messages in `diagnostics::modules`.

use syntax::diagnostic::Code;
use syntax::explain::Explanation;

pub(super) const EXPLANATIONS: &[Explanation] = &[
    Explanation {
        code: Code(2001),
        title: "a module cannot be read",
        text: "There is no file at the path, or it cannot be read. A path that begins with `./` starts from the folder of the \
               module that it stands in; any other path, `../lib.rf` too, from the folder that reflow runs in.",
        wrong: "val lib = make(\"./nosuch.rf\")\nval Main = lib.X",
        right: "// lib.rf\nval X = 1\n// main.rf\nval lib = make(\"./lib.rf\")\nval Main = lib.X",
    },
    Explanation {
        code: Code(2002),
        title: "unknown module extension",
        text: "A module is a file whose name ends in `.rf`, a bundle of modules one that ends in `.rfx`.",
        wrong: "// lib.txt\nval X = 1\n// main.rf\nval lib = make(\"./lib.txt\")\nval Main = lib.X",
        right: "// lib.rf\nval X = 1\n// main.rf\nval lib = make(\"./lib.rf\")\nval Main = lib.X",
    },
    Explanation {
        code: Code(2003),
        title: "import cycle",
        text: "A module imports itself, perhaps through others. Move what both need into a third module, or let one hand it to the \
               other as a parameter: modules and functions are values.",
        wrong: "// a.rf\nval main = make(\"./main.rf\")\nval X = main.Y\n// main.rf\nval a = make(\"./a.rf\")\nval Y = a.X",
        right: "// a.rf\nparam y int\nval X = y + 1\n// main.rf\nval Y = 1\nval a = make(\"./a.rf\", y := Y)\nval Main = a.X",
    },
    Explanation {
        code: Code(2004),
        title: "modules import one another too deeply",
        text: "Chains of modules that import one another may be 200 long.",
        wrong: "",
        right: "",
    },
    Explanation {
        code: Code(2005),
        title: "no system module of this name",
        text: "Paths that begin with `$/` name the modules that come with reflow: dirs, files, filesets, path, regexp, strings, test. \
               `reflow doc $/strings` describes one.",
        wrong: "val str = make(\"$/string\")\nval Main = str.Join([\"a\"], \"\")",
        right: "val str = make(\"$/strings\")\nval Main = str.Join([\"a\"], \"\")",
    },
    Explanation {
        code: Code(2006),
        title: "a bundle cannot be used",
        text: "The file is no bundle that `reflow bundle` has written: it is damaged, lacks its manifest or one of the modules that \
               it names, is too large when unpacked, or sets a parameter to a value that the parameter cannot have. Write it \
               anew with `reflow bundle`.",
        wrong: "",
        right: "",
    },
    Explanation {
        code: Code(2007),
        title: "the bundle has an entry that does not belong in one",
        text: "A warning: the archive holds a file that is neither the manifest nor a module that the manifest names. Somebody has put \
               it there; it is ignored.",
        wrong: "",
        right: "",
    },
    Explanation {
        code: Code(2008),
        title: "a module is too large",
        text: "The text of a module, or the archive of a bundle, is larger than is read. It is probably not a module at all.",
        wrong: "",
        right: "",
    },
    Explanation {
        code: Code(2010),
        title: "the path of a module is a string literal",
        text: "All modules of a program are loaded and checked before anything is evaluated, so `make` takes a path in quotes, not \
               one that is computed.",
        wrong: "val lib = make(1)\nval Main = lib.X",
        right: "val strings = make(\"$/strings\")\nval Main = strings.Join([\"a\"], \"\")",
    },
    Explanation {
        code: Code(2020),
        title: "module has no parameter",
        text: "An argument of `make` is named like none of the parameters of the module. Arguments are declarations, \
               `name := value`, of names that the module declares with `param`.",
        wrong: "// lib.rf\nparam threads int\nval X = threads\n// main.rf\n\
                val lib = make(\"./lib.rf\", threads := 4, thread := 4)\nval Main = lib.X",
        right: "// lib.rf\nparam threads int\nval X = threads\n// main.rf\n\
                val lib = make(\"./lib.rf\", threads := 4)\nval Main = lib.X",
    },
    Explanation {
        code: Code(2021),
        title: "invalid type for a parameter",
        text: "An argument of `make` is not of the type of the module's parameter.",
        wrong: "// lib.rf\nparam reads file\nval X = reads\n// main.rf\n\
                val lib = make(\"./lib.rf\", reads := \"localfile://reads.fastq\")\nval Main = lib.X",
        right: "// lib.rf\nparam reads file\nval X = reads\n// main.rf\n\
                val lib = make(\"./lib.rf\", reads := file(\"localfile://reads.fastq\"))\nval Main = lib.X",
    },
    Explanation {
        code: Code(2022),
        title: "missing required module parameter",
        text: "A parameter without a default must be given by every `make` of its module, and on the command line of a program.",
        wrong: "// lib.rf\nparam reads file\nparam threads = 4\nval X = (reads, threads)\n// main.rf\n\
                val lib = make(\"./lib.rf\")\nval Main = lib.X",
        right: "// lib.rf\nparam reads file\nparam threads = 4\nval X = (reads, threads)\n// main.rf\n\
                val lib = make(\"./lib.rf\", reads := file(\"localfile://reads.fastq\"))\nval Main = lib.X",
    },
    Explanation {
        code: Code(2030),
        title: "module has no Main",
        text: "`reflow run` evaluates the value that a module calls `Main`. Names are spelled with attention to case, and only those \
               that begin in upper case are seen from outside. A module without `Main` can be checked, documented and \
               imported, not run.",
        wrong: "val main = 1 + 1",
        right: "val Main = 1 + 1",
    },
    Explanation {
        code: Code(2040),
        title: "syntax error in a legacy script",
        text: "A script, a file of extension `.reflow`, is a list of definitions `name = expr` and `f(x, y) = expr`, and of \
               `extern(expr, \"url\")`, `include(\"file\")` and `hash(\"v2\")`.",
        wrong: "// old.reflow\nx = \"a\" \"b\"\n// main.rf\nval Main = make(\"./old.reflow\").X",
        right: "// old.reflow\nX = concat(\"a\", \"b\")\n// main.rf\nval Main = make(\"./old.reflow\").X",
    },
    Explanation {
        code: Code(2041),
        title: "a legacy script cannot be evaluated",
        text: "A value of a script is a string, a list of strings, an image, a flow of files or a list of flows, and each \
               function takes certain ones. Names are defined above where they are used.",
        wrong: "// old.reflow\nX = concat(\"a\", image(\"ubuntu\"))\n// main.rf\nval Main = make(\"./old.reflow\").X",
        right: "// old.reflow\nX = concat(\"a\", \"b\")\n// main.rf\nval Main = make(\"./old.reflow\").X",
    },
    Explanation {
        code: Code(2042),
        title: "a file that a legacy script includes cannot be read",
        text: "The path of an `include` starts from the folder of the script that it stands in.",
        wrong: "// old.reflow\ninclude(\"nosuch.reflow\")\n// main.rf\nval Main = make(\"./old.reflow\").X",
        right: "// more.reflow\nX = \"a\"\n// old.reflow\ninclude(\"more.reflow\")\n// main.rf\n\
                val Main = make(\"./old.reflow\").X",
    },
    Explanation {
        code: Code(2043),
        title: "a parameter of a legacy script cannot be one of a module",
        text: "A module that instantiates a script gives its parameters by name, so the names must be ones that a module can \
               write, and `args` stands for the script's arguments.",
        wrong: "// old.reflow\nX = param(\"two words\", \"\")\n// main.rf\nval Main = make(\"./old.reflow\").X",
        right: "// old.reflow\nX = param(\"word\", \"\")\n// main.rf\n\
                val Main = make(\"./old.reflow\", word := \"a\").X",
    },
    Explanation {
        code: Code(2044),
        title: "a legacy script cannot be used here",
        text: "The command works on modules and bundles. Scripts can be run, checked and documented, and modules can instantiate \
               them.",
        wrong: "",
        right: "",
    },
];
