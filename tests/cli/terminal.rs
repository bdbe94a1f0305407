//! What a person sees of a run on a terminal.

use crate::bed::{Bed, REFLOW};
use crate::pseudo_terminal::Terminal;

/// Steps that end one after the other, as their numbers say.
const PROGRAM: &str = r#"
func Nap(n int) = exec(image := "tools", mem := 1*MiB, cpu := 0.01) (out file) {"
	sleep {{n}}.3; echo {{n}} > {{out}}
"}
val Naps = [Nap(n) | n <- range(0, 4)]
val Main = exec(image := "tools", mem := 1*MiB) (out file) {" sleep 1; cat {{Naps}} > {{out}} "}
"#;

fn naps(bed: &Bed, words: &[&str], term: &str) -> Terminal {
    bed.write("naps.rf", PROGRAM);
    let all: Vec<&str> = words.iter().copied().chain(["run", "-executor=process", "naps.rf"]).collect();
    let mut command = bed.reflow(&all);
    command.env("TERM", term);
    Terminal::start(command)
}

/// Whether a line is one of the status: the run's, or a step's below it.
fn is_status(line: &str) -> bool {
    line.contains("elapsed: ")
        || (line.starts_with("  ") && (line.contains("exec tools") || line.contains("exec done")))
}

/// CLI-110
#[test]
fn the_status_stays_below_the_log_and_garbles_no_line() {
    let bed = Bed::new();
    let mut terminal = naps(&bed, &[], "xterm-256color");
    let screen = terminal.wait_for("a step that is over while others go on", |screen| {
        screen.contains(" <-  naps.Nap") && screen.contains("exec done") && screen.contains("executing:")
    });
    let lines: Vec<&str> = screen.lines().collect();
    let first = lines.iter().position(|line| is_status(line)).unwrap();
    assert!(lines[first].contains(": elapsed: ") && lines[first].contains(", completed: "), "{screen}");
    assert!(lines[first..].iter().all(|line| is_status(line)), "a line of the log below the status:\n{screen}");
    assert!(lines[first + 1].contains("exec tools sleep"), "what goes on comes first:\n{screen}");
    for line in &lines[..first] {
        assert!(line.starts_with("reflow: ") || line.starts_with("        "), "a garbled line {line:?}:\n{screen}");
    }

    let (last, raw) = terminal.end();
    assert!(raw.contains("elapsed: "), "the status was never drawn");
    assert!(!last.lines().any(is_status), "the status is left behind:\n{last}");
    let of_steps = |mark: &str| last.lines().filter(|line| line.contains(mark)).count();
    assert_eq!((of_steps(" ->  naps."), of_steps(" <-  naps.")), (5, 5), "{last}");
    assert!(last.lines().last().unwrap().starts_with("reflow: result: "), "{last}");
}

/// CLI-71: the notice is a line of the log like others, above the status.
#[test]
fn an_interrupt_is_said_above_the_status() {
    let bed = Bed::new();
    bed.write("naps.rf", PROGRAM);
    // Under a shell that gives it the keys.
    let mut shell = bed.command("setsid");
    let script = format!("{REFLOW} run -executor=process naps.rf; echo code $?");
    shell.args(["--ctty", "--wait", "bash", "-c", &script]).env("TERM", "xterm-256color");
    let mut terminal = Terminal::converse(shell);
    terminal.wait_for("a step that goes on", |screen| screen.contains("executing:") && screen.contains("exec tools"));
    terminal.press("\u{3}");
    let (_, last) = terminal.end_with_code();
    assert!(last.ends_with("\ncode 1"), "{last}");
    let of = |mark: &str| last.lines().filter(|line| line.starts_with(mark)).count();
    assert_eq!((of("reflow: interrupted: "), of("reflow: canceled: ")), (1, 1), "{last}");
    assert!(!last.lines().any(is_status), "the status is left behind:\n{last}");
}

/// CLI-110
#[test]
fn a_dumb_terminal_gets_plain_lines() {
    let bed = Bed::new();
    let (_, raw) = naps(&bed, &[], "dumb").end();
    assert!(!raw.contains('\u{1b}'), "{raw:?}");
    assert!(raw.contains("reflow: result: ") && !raw.contains("elapsed: "), "{raw}");
}

const WRONG: &str = "val Count = 2\nval Main = Cuont + 1\n";

/// What `reflow` with these words says of a wrong program on a terminal, and all that it wrote.
fn said(command: &str, colours: bool) -> (String, String) {
    let bed = Bed::new();
    bed.write("wrong.rf", WRONG);
    let mut shell = bed.command("bash");
    shell.arg("-c").arg(format!("{command} || true")).env("TERM", "xterm-256color");
    if !colours {
        shell.env("NO_COLOR", "1");
    }
    Terminal::start(shell).end()
}

#[test]
fn mistakes_are_drawn_on_a_terminal() {
    let drawn = "\
[R1001] Error: identifier \"Cuont\" not defined
   ╭─[ wrong.rf:2:12 ]
   │
 1 │ val Count = 2
   │     ──┬──
   │       ╰──── `Count` is declared here
 2 │ val Main = Cuont + 1
   │            ──┬──
   │              ╰──── not found in this scope
   │
   │ Help: did you mean `Count`?
───╯";
    let (screen, raw) = said("reflow check wrong.rf", true);
    assert_eq!(screen, drawn);
    assert!(raw.contains('\u{1b}'), "there is no colour");
    let (screen, raw) = said("reflow check wrong.rf", false);
    assert_eq!(screen, drawn);
    assert!(!raw.contains('\u{1b}'), "there is colour");
    let (screen, _) = said("reflow -error-format short run wrong.rf", true);
    assert_eq!(screen, "wrong.rf:2:17: identifier \"Cuont\" not defined");
}

/// CLI-16: at level debug there is no status.
#[test]
fn debugging_turns_the_status_off() {
    let bed = Bed::new();
    let (_, raw) = naps(&bed, &["-log=debug"], "xterm").end();
    assert!(!raw.contains('\u{1b}') && !raw.contains("elapsed: "), "{raw:?}");
}

/// CLI-149
#[test]
fn what_is_read_from_the_terminal_is_asked_for() {
    let bed = Bed::new();
    naps(&bed, &[], "dumb").end();
    let mut terminal = Terminal::converse(bed.reflow(&["rmcache"]));
    terminal.wait_for("what to enter", |screen| screen.contains("reading cache keys, a line each"));
    terminal.press("no key\n");
    terminal.wait_for("the answer", |screen| screen.contains("\"no key\" is not a digest"));
    terminal.press("\u{4}");
    assert_eq!(terminal.end_with_code().0, Some(0));
}
