//! Explanations of the messages in `diagnostics::exec`.

use syntax::diagnostic::Code;
use syntax::explain::Explanation;

pub(super) const EXPLANATIONS: &[Explanation] = &[
    Explanation {
        code: Code(1070),
        title: "exec image parameter is required",
        text: "Every command runs in a container, and the exec names its image.",
        wrong: "val Main = exec(mem := GiB) (out file) {\" echo hello > {{out}} \"}",
        right: "val Main = exec(image := \"debian:12\", mem := GiB) (out file) {\" echo hello > {{out}} \"}",
    },
    Explanation {
        code: Code(1071),
        title: "execs do not support pattern matching declarations",
        text: "The options of an exec are plain names with values. Take a tuple or struct apart in a declaration above.",
        wrong: "val Main = exec(image := \"debian:12\", val (cpu, mem) = (2, GiB)) (out file) {\" nproc > {{out}} \"}",
        right: "val (c, m) = (2, GiB)\nval Main = exec(image := \"debian:12\", cpu := c, mem := m) (out file) {\" nproc > {{out}} \"}",
    },
    Explanation {
        code: Code(1072),
        title: "exec parameter image is not immediate",
        text: "The image must be known before anything runs. Whatever comes out of a file, an exec or `delay` is known only \
               while the program runs. The amounts of cpu, mem and disk may be delayed.",
        wrong: "val Main = exec(image := delay(\"debian:12\")) (out file) {\" echo hello > {{out}} \"}",
        right: "param image = \"debian:12\"\nval Main = exec(image) (out file) {\" echo hello > {{out}} \"}",
    },
    Explanation {
        code: Code(1073),
        title: "an option of an exec has another type",
        text: "`image` is a string; `cpu` an int or float, the number of processors; `mem` and `disk` are integers, bytes, for \
               which the names KiB, MiB, GiB and TiB are at hand; `cpufeatures` is a list of strings; `nondeterministic` is a \
               bool.",
        wrong: "val Main = exec(image := \"debian:12\", mem := \"4GB\") (out file) {\" echo hello > {{out}} \"}",
        right: "val Main = exec(image := \"debian:12\", mem := 4*GiB) (out file) {\" echo hello > {{out}} \"}",
    },
    Explanation {
        code: Code(1074),
        title: "unrecognized exec parameter",
        text: "The options of an exec are image, cpu, mem, disk, cpufeatures and nondeterministic.",
        wrong: "val Main = exec(image := \"debian:12\", memory := GiB) (out file) {\" echo hello > {{out}} \"}",
        right: "val Main = exec(image := \"debian:12\", mem := GiB) (out file) {\" echo hello > {{out}} \"}",
    },
    Explanation {
        code: Code(1075),
        title: "output must be labelled",
        text: "Each output of an exec has a name, by which the command writes it: `(out file)` is `{{out}}` in the command.",
        wrong: "val Main = exec(image := \"debian:12\") (file) {\" echo hello \"}",
        right: "val Main = exec(image := \"debian:12\") (out file) {\" echo hello > {{out}} \"}",
    },
    Explanation {
        code: Code(1076),
        title: "execs can only return files and dirs",
        text: "What a command makes are files and directories. What they hold is not read into the program; only the size of a \
               file is known, `len(f)`, and the paths of a directory.",
        wrong: "val Main = exec(image := \"debian:12\") (count int) {\" nproc > {{count}} \"}",
        right: "val Main = exec(image := \"debian:12\") (count file) {\" nproc > {{count}} \"}",
    },
    Explanation {
        code: Code(1077),
        title: "values cannot be interpolated",
        text: "Into a command go strings, integers and floats, files and directories (as paths), and lists of files or \
               directories (as paths with blanks between them). Of other values say what the command is to see.",
        wrong: "param names = [\"a\", \"b\"]\nval Main = exec(image := \"debian:12\") (out file) {\" echo {{names}} > {{out}} \"}",
        right: "param names = [\"a\", \"b\"]\nval all = make(\"$/strings\").Join(names, \" \")\n\
                val Main = exec(image := \"debian:12\") (out file) {\" echo {{all}} > {{out}} \"}",
    },
    Explanation {
        code: Code(1078),
        title: "image is not a const value",
        text: "A warning of `reflow check`: which image this exec runs in comes out of a call, a condition or an element of a \
               list, so it is known only once the program has been evaluated with its parameters. Such a program runs; what \
               lists the images of a program ahead of time cannot see this one. A literal, or a parameter with a literal as \
               its default, is seen.",
        wrong: "param old = false\nval Main = exec(image := if old { \"debian:11\" } else { \"debian:12\" }) (out file) {\" uname > {{out}} \"}",
        right: "param image = \"debian:12\"\nval Main = exec(image) (out file) {\" uname > {{out}} \"}",
    },
    Explanation {
        code: Code(1081),
        title: "pattern matching declarations are not supported",
        text: "The options of `@requires` are plain names with values. Take a tuple or struct apart in a declaration above.",
        wrong: "@requires(val (cpu, mem) = (2, GiB))\nval Main = delay(1)",
        right: "val (c, m) = (2, GiB)\n@requires(cpu := c, mem := m)\nval Main = delay(1)",
    },
    Explanation {
        code: Code(1082),
        title: "parameter is not immediate",
        text: "The room that `@requires` asks for must be known before anything runs. Whatever comes out of a file, an exec or \
               `delay` is known only while the program runs.",
        wrong: "@requires(mem := 2 * len(file(\"localfile://big.txt\")))\nval Main = delay(1)",
        right: "@requires(mem := 2*GiB)\nval Main = delay(1)",
    },
    Explanation {
        code: Code(1083),
        title: "an option of @requires has another type",
        text: "`cpu` is an int or float, `mem` and `disk` are integers (bytes), `cpufeatures` is a list of strings, `wide` is a \
               bool.",
        wrong: "@requires(cpu := \"2\")\nval Main = delay(1)",
        right: "@requires(cpu := 2)\nval Main = delay(1)",
    },
    Explanation {
        code: Code(1084),
        title: "unrecognized parameter",
        text: "The options of `@requires` are cpu, mem, disk, cpufeatures and wide.",
        wrong: "@requires(cpus := 2)\nval Main = delay(1)",
        right: "@requires(cpu := 2)\nval Main = delay(1)",
    },
];
