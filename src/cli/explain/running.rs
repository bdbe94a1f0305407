//! Explanations of what goes wrong while a program runs.

use syntax::diagnostic::Code;
use syntax::explain::Explanation;

const fn explanation(code: u16, title: &'static str, text: &'static str) -> Explanation {
    Explanation { code: Code(code), title, text, wrong: "", right: "" }
}

pub(super) const EXPLANATIONS: &[Explanation] = &[
    explanation(
        4001,
        "a command failed",
        "The command of an exec ended with a status other than 0. What is shown with it: the command, the image, the inputs, \
         the last lines that it wrote to its standard error, and where all of it is kept. The command as it ran is kept as a \
         script.\n\n\
         Commands run with `bash -e -o pipefail`: the first command of a line that fails ends the whole, and so does the \
         failure of any part of a pipe. `grep` that finds nothing fails too.\n\n\
         Status 127 means that a program is not in the image, 126 that it may not be executed, 128 + n that signal n ended it. \
         What has completed is not run again: mend the command and run the program once more.",
    ),
    explanation(
        4002,
        "a command was killed for lack of memory",
        "The command needed more memory than the exec asked for. It was tried again with more, and that was not enough either, or \
         there is no more. Ask for more with the option `mem`, for example `mem := 8*GiB`, or give the command less to hold at \
         once.",
    ),
    explanation(
        4003,
        "an image cannot be had",
        "The container image of an exec is neither on this machine nor can it be fetched: the name is wrong, the registry does not \
         answer, or it asks for a login. The message has the words of the Docker engine. `docker pull IMAGE` tries the same by \
         hand. Without Docker, `-executor process` runs commands with the programs of this machine.",
    ),
    explanation(
        4004,
        "an input does not exist",
        "There is nothing under the URL of a file or directory. The message names the URL, and the place in the program that it \
         comes from, or the flag.",
    ),
    explanation(
        4005,
        "there is not that much room",
        "A step asks for more processors, memory or disk than this machine has at all, or a file system is full. Ask for less with \
         the options `cpu`, `mem` and `disk`, or make room: the message says what there is.",
    ),
    explanation(
        4006,
        "a command did not make its outputs",
        "The command ended well but did not write an output that the exec declares: the path that `{{out}}` stands for is \
         missing, or is a folder where a file is declared, or the other way round. A command that does not mention an output \
         cannot write it. What a command writes elsewhere, or to its standard output, is not an output.",
    ),
    explanation(
        4007,
        "a command kept failing for now",
        "The command ended with status 75, by which it says that trying again may help, and it was tried again, several times. The run \
         ends with exit code 10; running it again later goes on from here.",
    ),
    explanation(
        4008,
        "a URL cannot be reached by this build",
        "The scheme of a URL is not one that this build of reflow knows. The message lists those that it does.",
    ),
    explanation(
        4009,
        "access was denied",
        "A file may not be read, or a place may not be written, by the user that runs reflow, or the credentials at hand do not allow \
         it.",
    ),
    explanation(
        4010,
        "a service does not answer",
        "The network, a registry or a store did not answer in time, several times in a row. Running the program again goes on from \
         here.",
    ),
    explanation(
        4011,
        "content is damaged",
        "A file does not have the digest that it should have: it was changed on its way, on disk, or while it was read. Nothing is \
         computed from it. `reflow check-store` finds damaged objects in the repository; results that are damaged count as \
         missing and are computed anew.",
    ),
    explanation(
        4012,
        "a result cannot be exported",
        "A file or directory cannot be copied to its URL. The message has the reason.",
    ),
    explanation(
        4013,
        "a step failed",
        "A step failed for a reason of its own, which the message has. If it tells you nothing, that is a defect of reflow; please \
         report it.",
    ),
    explanation(
        4020,
        "the Docker engine does not answer",
        "`-executor docker` was asked for, and no engine answers at the address that DOCKER_HOST has, or at the usual one. Start the \
         engine, or see whether you may use its socket (`docker info` tells). Without the flag, reflow takes Docker if it \
         answers and otherwise the programs of this machine.",
    ),
    explanation(
        4021,
        "the state folder cannot be used",
        "Results, history and locks are kept in a folder, ~/.reflow unless REFLOW_HOME or -localdir names another one. It must be a \
         folder that can be written, on a file system with room. A damaged database in it can be moved away: the files of \
         results stay, but which results they belong to is forgotten, so steps run anew.",
    ),
];
