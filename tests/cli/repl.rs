//! `reflow repl` as a person at a terminal meets it: keys are pressed, and the screen shows what comes of them.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::time::{Duration, Instant};

use crate::bed::Bed;
use crate::machine::{assert_nothing_runs, eventually, processes_of};
use crate::pseudo_terminal::Terminal;

const PROMPT: &str = "reflow>";
const ENTER: &str = "\r";
const UP: &str = "\x1b[A";
const INTERRUPT: &str = "\x03";
const END: &str = "\x04";

/// A conversation.
struct Talk(Terminal);

impl Talk {
    fn begin(bed: &Bed) -> Self {
        Self::begin_with(bed, &[], &[])
    }

    fn begin_with(bed: &Bed, words: &[&str], environment: &[(&str, &str)]) -> Self {
        // The terminal must be the one that controls the program, else it gets no interrupts.
        let mut command = bed.command("setsid");
        command.args(["--ctty", "reflow", "repl", "-executor=process"]).args(words);
        command.env("TERM", "xterm-256color").envs(environment.iter().copied());
        let mut talk = Self(Terminal::converse(command));
        talk.wait("the first prompt", |screen| screen.lines().last() == Some(PROMPT));
        talk
    }

    fn wait(&mut self, what: &str, wanted: impl Fn(&str) -> bool) -> String {
        self.0.wait_for(what, wanted)
    }

    /// Writes without pressing enter, and waits until it stands there.
    fn write(&mut self, text: &str) {
        self.0.press(text);
        let last = text.rsplit(['\n', '\r']).next().unwrap().to_owned();
        self.wait(&format!("{text:?} as it is written"), |screen| screen.lines().last().unwrap().contains(&last));
    }

    /// Enters an input and waits for what comes of it, up to the next prompt.
    fn enter(&mut self, text: &str) -> String {
        self.0.press("\x0c");
        self.wait("a clear screen", |screen| screen == PROMPT);
        self.write(text);
        self.finish()
    }

    /// Presses enter on the input that is all there is on the screen; what comes of it.
    fn finish(&mut self) -> String {
        let before = self.0.screen().lines().count();
        self.0.press(ENTER);
        let screen = self
            .wait("the next prompt", |screen| screen.lines().count() > before && screen.lines().last() == Some(PROMPT));
        let lines: Vec<&str> = screen.lines().collect();
        lines[before..lines.len() - 1].join("\n")
    }

    fn leave(mut self) -> String {
        self.0.press(END);
        self.0.end().1
    }
}

#[test]
fn values_come_with_their_types_in_colours() {
    let bed = Bed::new();
    let mut talk = Talk::begin(&bed);
    assert_eq!(talk.enter("1 + 1"), "2  int");
    assert_eq!(talk.enter("val x = [1, 2]"), "val x [int]");
    assert_eq!(talk.enter("{list: x, text: \"a\"}"), "{list: [1, 2], text: \"a\"}  {list [int], text string}");
    assert_eq!(talk.enter(":type x"), "[int]");
    let written = talk.leave();
    assert!(
        written.contains("\x1b[35mval\x1b[0m") && written.contains("\x1b[2m{list [int], text string}\x1b[0m"),
        "{written:?}"
    );

    let mut plain = Talk::begin_with(&bed, &[], &[("NO_COLOR", "1")]);
    assert_eq!(plain.enter("val y = 1"), "val y int");
    let written = plain.leave();
    assert!(!written.contains("\x1b[35m") && !written.contains("\x1b[2m"), "{written:?}");
}

#[test]
fn history_lasts_from_session_to_session() {
    let bed = Bed::new();
    let mut talk = Talk::begin(&bed);
    talk.enter("val first = 41");
    talk.write("func second(n int) int = (");
    talk.0.press(ENTER);
    talk.write("n + 1");
    talk.0.press(ENTER);
    talk.write(")");
    assert_eq!(talk.finish(), "val second func(n int) int");
    talk.leave();

    let file = bed.state().join("history");
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let kept = fs::read_to_string(&file).unwrap();
    assert_eq!(kept.lines().count(), 3, "an input of several lines is one entry:\n{kept}");

    let mut talk = Talk::begin(&bed);
    talk.0.press(UP);
    let screen = talk.wait("the last input", |screen| screen.contains("func second") && screen.ends_with(')'));
    assert!(screen.contains("   ...>     n + 1"), "{screen}");
    assert_eq!(talk.finish(), "val second func(n int) int");
    // What has been searched for and found is entered again.
    talk.0.press("\x12");
    talk.wait("the search", |screen| screen.contains("reverse-i-search"));
    talk.0.press("first");
    talk.wait("what is searched for", |screen| screen.lines().last().unwrap().ends_with("val first = 41"));
    talk.0.press("\x05");
    talk.wait("the prompt in front of it", |screen| screen.ends_with("reflow> val first = 41"));
    talk.finish();
    assert_eq!(talk.enter("second(first)"), "42  int");
    talk.leave();
}

#[test]
fn a_session_works_without_a_place_for_its_history() {
    let bed = Bed::new();
    // A file in place of the folder: not even the superuser can write there.
    let home = bed.write("home", "");
    let mut talk = Talk::begin_with(&bed, &[], &[("REFLOW_HOME", home.to_str().unwrap())]);
    let told = talk.enter("val x = 1");
    assert!(told.contains("inputs are not kept for later sessions"), "{told}");
    assert_eq!(talk.enter("x + 1"), "2  int");
    talk.0.press(UP);
    talk.wait("the last input", |screen| screen.ends_with("reflow> x + 1"));
    assert_eq!(talk.finish(), "2  int");
    talk.leave();
}

#[test]
fn names_members_paths_and_commands_are_completed() {
    let bed = Bed::new();
    bed.write("library.rf", "val Text = \"text\"\nval Number = 1");
    let mut talk = Talk::begin(&bed);
    let completes = |talk: &mut Talk, written: &str, whole: &str| {
        talk.0.press("\x15\x0c");
        talk.wait("a clear screen", |screen| screen == PROMPT);
        talk.write(written);
        talk.0.press("\t");
        let whole = format!("{PROMPT} {whole}");
        talk.wait(&format!("{whole:?}"), |screen| screen.lines().last().unwrap().trim_end() == whole);
    };
    completes(&mut talk, "val strings = make(\"$/str", "val strings = make(\"$/strings");
    talk.write("\")");
    talk.finish();
    completes(&mut talk, "val library = make(\"./lib", "val library = make(\"./library.rf");
    talk.write("\")");
    talk.finish();
    talk.enter("val record = {alpha: 1, beta: {gamma: 2}}");
    completes(&mut talk, "strings.Sp", "strings.Split");
    completes(&mut talk, "library.Te", "library.Text");
    completes(&mut talk, "record.beta.g", "record.beta.gamma");
    completes(&mut talk, "1 + rec", "1 + record");
    completes(&mut talk, "swi", "switch");
    completes(&mut talk, ":rel", ":reload");
    completes(&mut talk, ":load lib", ":load library.rf");
    completes(&mut talk, ":type library.Nu", ":type library.Number");
    // What there is is listed, with types.
    completes(&mut talk, "record.", "record.");
    let screen = talk.wait("the members", |screen| screen.contains("beta"));
    assert!(screen.contains("alpha  int") && screen.contains("beta   {gamma int}"), "{screen}");
    // What a function takes is shown behind its parenthesis.
    talk.0.press("\x15\x0c");
    talk.wait("a clear screen", |screen| screen == PROMPT);
    talk.0.press("strings.Split(");
    talk.wait("the parameters", |screen| screen.ends_with("strings.Split(s, sep string)"));
    talk.0.press("\x15");
    talk.wait("an empty line", |screen| screen.lines().last() == Some(PROMPT));
    talk.leave();
}

#[test]
fn inputs_go_on_until_they_are_complete() {
    let bed = Bed::new();
    let mut talk = Talk::begin(&bed);
    talk.write("func twice(n int) int = {");
    talk.0.press(ENTER);
    talk.wait("a continued line", |screen| screen.ends_with("   ...>"));
    talk.write("val sum = n +");
    talk.0.press(ENTER);
    talk.write("n");
    talk.0.press(ENTER);
    talk.write("sum");
    talk.0.press(ENTER);
    talk.write("}");
    let screen = talk.0.screen();
    let (_, input) = screen.split_once("leaves\n").unwrap();
    let wanted =
        "reflow> func twice(n int) int = {\n   ...>     val sum = n +\n   ...>     n\n   ...>     sum\n   ...> }";
    assert_eq!(input, wanted);
    assert_eq!(talk.finish(), "val twice func(n int) int");
    assert_eq!(talk.enter("twice(4)"), "8  int");

    // Backspace takes back the indentation, and then the line.
    talk.enter("1");
    talk.write("[");
    talk.0.press(ENTER);
    talk.wait("a continued line", |screen| screen.ends_with("   ...>"));
    talk.0.press("\x7f");
    talk.write("1,");
    talk.wait("the line further out", |screen| screen.ends_with("reflow> [\n   ...> 1,"));
    talk.0.press(ENTER);
    talk.wait("another line", |screen| screen.ends_with("   ...>"));
    talk.0.press("\x7f\x7f");
    talk.wait("the line before", |screen| screen.ends_with("   ...> 1,"));
    talk.write(" 2");
    talk.0.press(ENTER);
    talk.wait("another line", |screen| screen.ends_with("   ...>"));
    // A bracket that closes stands further out, and one writes on behind it.
    talk.write("][1]");
    talk.wait("the bracket", |screen| screen.ends_with("reflow> [\n   ...> 1, 2\n   ...> ][1]"));
    assert_eq!(talk.finish(), "2  int");

    // What is pasted is one input, whatever its lines are.
    talk.0.press("\x1b[200~val a = 1\rfunc f(n int) int = {\r\tval m = n\r\tm + a\r}\rf(2)\r\x1b[201~");
    talk.wait("what was pasted", |screen| screen.contains("\nf(2)"));
    let before = talk.0.screen();
    assert!(!before.contains("3  int"), "{before}");
    talk.0.press(ENTER);
    let screen = talk.wait("what comes of it", |screen| screen.contains("3  int"));
    assert!(screen.contains("val a int\nval f func(n int) int\n3  int"), "{screen}");
    // An input is dropped as a whole.
    talk.wait("a prompt", |screen| screen.lines().last() == Some(PROMPT));
    talk.write("func g(");
    talk.0.press(ENTER);
    talk.wait("a continued line", |screen| screen.ends_with("   ...>"));
    talk.0.press(INTERRUPT);
    talk.wait("a prompt", |screen| screen.lines().last() == Some(PROMPT));
    assert_eq!(talk.enter("f(3)"), "4  int");
    talk.leave();
}

#[test]
fn what_is_typed_ahead_is_not_lost() {
    let bed = Bed::new();
    let mut talk = Talk::begin(&bed);
    talk.0.press("val a = 1\rval b = a + 1\ra + b\r");
    let screen = talk.wait("the value", |screen| screen.ends_with("3  int\nreflow>"));
    assert!(screen.contains("val a int\n") && screen.contains("val b int\n"), "{screen}");
    talk.leave();
}

#[test]
fn errors_are_drawn_and_leave_the_session_as_it_was() {
    let bed = Bed::new();
    let mut talk = Talk::begin(&bed);
    talk.enter("val x = 20");
    let told = talk.enter("val x = x + \"a\"");
    assert!(told.starts_with("[R1010] Error: cannot apply binary operator \"+\""), "{told}");
    assert!(told.contains("<repl:2>:1:") && told.contains("1 │ val x = x + \"a\""), "{told}");
    let told = talk.enter("1 1");
    assert!(told.starts_with("[R0020] Error: syntax error"), "{told}");
    let told = talk.enter("[x][1]");
    assert!(told.starts_with("[R3004] Error: index 1 out of bounds"), "{told}");
    assert!(told.contains("<repl:4>:1:1"), "{told}");
    let told = talk.enter(":types");
    assert_eq!(told, "Error: there is no command :types; :help lists them");
    assert_eq!(talk.enter("x"), "20  int");
    talk.leave();
}

#[test]
fn names_may_be_declared_again() {
    let bed = Bed::new();
    let mut talk = Talk::begin(&bed);
    talk.enter("val x = 1");
    talk.enter("func f(n int) int = n + x");
    assert_eq!(talk.enter("val x = \"text\""), "val x string");
    assert_eq!(talk.enter("(x, f(1))"), "(\"text\", 2)  (string, int)");
    talk.enter("func f(n int) int = n * 100");
    assert_eq!(talk.enter("f(2)"), "200  int");
    talk.enter("type T int");
    assert_eq!(talk.enter("type T {a int}"), "type T {a int}");
    assert_eq!(talk.enter("val t T = {a: 1}"), "val t {a int}");
    talk.leave();
}

#[test]
fn an_interrupt_stops_an_exec_and_leaves_the_session() {
    let bed = Bed::new();
    let mut talk = Talk::begin(&bed);
    let long = "val long = exec(image := \"\", mem := 1*MiB) (out file) {\" sleep 86397; echo > {{out}} \"}";
    talk.enter(long);
    talk.write("len(long)");
    talk.0.press(ENTER);
    eventually(|| match processes_of(&bed).iter().any(|process| process.contains("sleep 86397")) {
        true => Ok(()),
        false => Err(format!("no sleep among {:?}", processes_of(&bed))),
    });
    talk.0.press(INTERRUPT);
    let screen = talk.wait("the interrupt", |screen| screen.ends_with("interrupted\nreflow>"));
    assert!(!screen.contains("elapsed:"), "the status is left behind:\n{screen}");
    assert!(!processes_of(&bed).iter().any(|process| process.contains("sleep 86397")));
    let quick = "val quick = exec(image := \"\", mem := 1*MiB) (out file) {\" echo abc > {{out}} \"}";
    talk.enter(quick);
    let told = talk.enter("len(quick)");
    assert!(told.ends_with("4  int"), "{told}");
    // It is known now, and is not even looked up.
    assert_eq!(talk.enter("len(quick) + 1"), "5  int");
    talk.leave();
    assert_nothing_runs(&bed);
}

#[test]
fn an_evaluation_is_listed_and_can_be_killed_without_the_session() {
    let bed = Bed::new();
    let mut talk = Talk::begin(&bed);
    talk.enter("val long = exec(image := \"\", mem := 1*MiB) (out file) {\" sleep 86397; echo > {{out}} \"}");
    talk.write("len(long)");
    talk.0.press(ENTER);
    eventually(|| match bed.succeed(&["ps"]) {
        said if said.contains("sleep") => Ok(()),
        said => Err(format!("no sleep in\n{said}")),
    });
    assert_eq!(bed.succeed(&["kill", "last"]), "");
    talk.wait("the interrupt", |screen| screen.ends_with("interrupted\nreflow>"));
    assert!(!processes_of(&bed).iter().any(|process| process.contains("sleep 86397")));
    assert_eq!(bed.succeed(&["list"]), "");
    let described = bed.succeed(&["info", "last"]);
    assert!(described.contains("    program:   repl\n    phase:     Done\n"), "{described}");
    assert_eq!(talk.enter("20 + 22"), "42  int");
    talk.leave();
    assert_nothing_runs(&bed);
}

#[test]
fn an_interrupt_stops_what_only_computes() {
    let bed = Bed::new();
    let mut talk = Talk::begin(&bed);
    talk.enter("val many = range(0, 100000)");
    talk.0.press("\"be\" + \"gun\"; len([1 | a <- many, b <- many, if a + b < 0])\r");
    talk.wait("its beginning", |screen| screen.contains("\n\"begun\"  string"));
    let start = Instant::now();
    talk.0.press(INTERRUPT);
    talk.wait("the interrupt", |screen| screen.ends_with("interrupted\nreflow>"));
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    assert_eq!(talk.enter("len(many)"), "100000  int");
    talk.leave();
}
