//! Commands that step into what goes on: `list` names it, `shell` enters it, `kill` ends it.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::bed::{Bed, Ended, ended};
use crate::engine;
use crate::machine::assert_nothing_runs;
use crate::pseudo_terminal::Terminal;
use crate::watching::{Going, PROGRAM, soon, start};

/// A run whose slow step has begun, with the names of its alloc and of that exec.
fn begin(bed: &Bed, executor: &str, words: &[&str]) -> (Going, String, String) {
    bed.write("main.rf", PROGRAM);
    let flag = format!("-executor={executor}");
    let all = [&["run", &flag, "main.rf"], words].concat();
    let going = start(command(bed, executor, &all));
    let listed = soon(
        || command(bed, executor, &["list", "-a"]),
        |said| said.lines().any(|line| line.starts_with("exec  running") && line.contains("main.Slow")),
    );
    let name = |what: &str| {
        let line = listed.lines().find(|line| line.contains(what)).unwrap();
        line.split_whitespace().last().unwrap().to_owned()
    };
    let names = (name("alloc "), name("main.Slow"));
    assert!(listed.starts_with("offer") && listed.contains("User <tester>"), "{listed}");
    assert!(names.1.starts_with(&names.0), "{listed}");
    // That the command runs is known before what it does at first is done.
    soon(|| command(bed, executor, &["ps"]), |said| said.contains("tail"));
    (going, names.0, names.1)
}

fn command(bed: &Bed, executor: &str, words: &[&str]) -> Command {
    let mut command = bed.reflow(words);
    if executor == "docker" {
        engine::use_real(&mut command);
    }
    command
}

/// What a command says to what is written to its standard input.
fn told(mut command: Command, text: &str) -> Ended {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    ended(child.wait_with_output().unwrap())
}

/// What every executor's shell must do.
fn check_shell(bed: &Bed, executor: &str, exec: &str) {
    let shell = || command(bed, executor, &["shell", exec]);
    let ended = told(shell(), "cat /arg/0/0 || ls /arg\nls -l /tmp/zeros | wc -l; echo wrong >&2\nexit 4\necho behind");
    assert_eq!((ended.stdout.as_str(), ended.code), ("quick\n1\n", Some(0)), "{ended:?}");
    assert_eq!(ended.stderr, "wrong\n");
    // What is said behind the last line break.
    assert_eq!(told(shell(), "printf end").stdout, "end");
}

/// A person at a terminal.
fn converse(bed: &Bed, executor: &str, exec: &str) {
    let mut shell = command(bed, executor, &["shell", exec]);
    shell.env("TERM", "xterm");
    let mut terminal = Terminal::converse(shell);
    // The size may come a little after the shell.
    terminal.press("echo $((6 * 7)) in $PWD; until stty size | grep -w 200; do sleep 0.1; done\n");
    terminal.wait_for("an answer", |screen| screen.contains("42 in /") && screen.contains("40 200"));
    terminal.press("exit\n");
    terminal.end();
}

#[test]
fn cli_144_145_146_a_process_is_listed_entered_and_ended() {
    let bed = Bed::new();
    let (going, alloc, exec) = begin(&bed, "process", &[]);
    assert_eq!(bed.succeed(&["list", "-n"]), format!("{alloc}\n"));
    let execs = bed.succeed(&["list", &alloc]);
    assert!(execs.contains("main.Quick") && execs.starts_with("exec complete"), "{execs}");
    assert!(bed.succeed(&["list", "-n", &alloc]).contains(&format!("{exec}\n")));
    assert_eq!(bed.succeed(&["list", &exec]).lines().count(), 1);
    check_shell(&bed, "process", &exec);
    converse(&bed, "process", &exec);

    // What it has said so far, and what it says until it ends (CLI-142).
    assert_eq!(bed.succeed(&["logs", &exec]), "quick\n");
    assert_eq!(bed.succeed(&["logs", "-stdout", &exec]), "quick\n");
    let following = bed.reflow(&["logs", "-f", &exec]).stdout(Stdio::piped()).spawn().unwrap();

    // The first cannot be freed, the second is all the same.
    let killed = bed.run(&["kill", &exec, &alloc]);
    assert_eq!((killed.code, killed.stdout.as_str()), (Some(1), ""));
    assert!(killed.stderr.contains("it is an exec, not an alloc"), "{}", killed.stderr);
    assert_eq!((killed.stderr.lines().count(), going.ended()), (1, Some(1)));
    let followed = ended(following.wait_with_output().unwrap());
    assert_eq!((followed.stdout.as_str(), followed.code), ("quick\n", Some(0)));
    assert_nothing_runs(&bed);
    let again = bed.run(&["kill", &alloc]);
    assert_eq!(again.code, Some(1));
    assert!(again.stderr.contains("nothing holds it any more"), "{}", again.stderr);
    assert_eq!(bed.succeed(&["list"]), "");
    assert!(bed.succeed(&["ps", "-i", "-l"]).contains("err: "), "a step that was stopped says so");
}

#[test]
fn cli_145_a_run_that_does_not_listen_is_made_to_end() {
    let bed = Bed::new();
    let (going, alloc, _) = begin(&bed, "process", &[]);
    going.freeze();
    let start = std::time::Instant::now();
    assert_eq!(bed.succeed(&["kill", &alloc]), "");
    assert!(start.elapsed() >= std::time::Duration::from_secs(10), "it had no time to end by itself");
    assert_eq!(going.ended(), None);
    assert_nothing_runs(&bed);
}

#[test]
fn cli_146_a_container_is_entered() {
    if !engine::is_ready() {
        return;
    }
    engine::make_gnu();
    let bed = Bed::new();
    let (going, alloc, exec) = begin(&bed, "docker", &["-image", engine::GNU]);
    check_shell(&bed, "docker", &exec);
    converse(&bed, "docker", &exec);
    assert_eq!(ended(command(&bed, "docker", &["kill", &alloc]).output().unwrap()).code, Some(0));
    assert_eq!(going.ended(), Some(1));
    assert_eq!(engine::containers_of(&bed), [""; 0]);
}
