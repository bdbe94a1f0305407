//! An exec again by itself, on the executor that ran it: its words, its result, and a shell in its place.

use std::io::Write;
use std::process::{Command, Stdio};

use crate::bed::{Bed, Ended, ended};
use crate::engine;
use crate::machine::assert_nothing_runs;

const PROGRAM: &str = r#"
param image = "tools"
val Input = exec(image) (out file) {" echo 50% > {{out}} "}
val Bad = exec(image) (out file, folder dir) {"
	echo sorting '%s' >&2
	sort {{Input}} > {{out}}
	test -e {{folder}}/made
"}
val (Main, _) = Bad
"#;

fn command(bed: &Bed, executor: &str, words: &[&str]) -> Command {
    let mut command = bed.reflow(words);
    if executor == "docker" {
        engine::use_real(&mut command);
    }
    command
}

fn run(bed: &Bed, executor: &str, words: &[&str]) -> Ended {
    ended(command(bed, executor, words).output().unwrap())
}

/// What a command says to what is written to its standard input.
fn told(mut command: Command, text: &str) -> Ended {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    ended(child.wait_with_output().unwrap())
}

fn check(executor: &str, image: &str) {
    let bed = Bed::new();
    bed.write("main.rf", PROGRAM);
    let flag = format!("-executor={executor}");
    let failed = run(&bed, executor, &["run", &flag, "main.rf", "-image", image]);
    assert_eq!(failed.code, Some(11), "{failed:?}");
    let hint = failed.stderr.lines().find_map(|line| line.trim().strip_prefix("this step by itself: reflow replay "));
    let id = hint.unwrap_or_else(|| panic!("{failed:?}"));

    let again = run(&bed, executor, &["replay", id]);
    assert_eq!(again.code, Some(1), "{again:?}");
    assert!(again.stderr.contains("\nsorting %s\n") && again.stderr.contains("as it was recorded"), "{again:?}");
    let good = run(&bed, executor, &["replay", "main.Input"]);
    assert!(good.code == Some(0) && good.stderr.contains("the recorded result (1 file, 4B)"), "{good:?}");
    let audit = run(&bed, executor, &["audit"]);
    assert!(audit.code == Some(0) && audit.stdout.ends_with("1 the same, 0 different, 0 failed\n"), "{audit:?}");

    // What it lacks is made by hand, then its command is run.
    let shell = command(&bed, executor, &["replay", "-shell", id]);
    let script =
        "cat /arg/0/0; touch /return/1/made\nbash -e -l -o pipefail /tmp/command.sh; echo code $?\ncat /return/0\n";
    let ended = told(shell, script);
    assert_eq!((ended.stdout.as_str(), ended.code), ("50%\ncode 0\n50%\n", Some(0)), "{ended:?}");
    assert!(ended.stderr.ends_with("sorting %s\n"), "{ended:?}");
    assert_eq!(std::fs::read_dir(bed.state().join("execs")).unwrap().count(), 0);
    assert_nothing_runs(&bed);
}

#[test]
fn an_exec_is_repeated_and_entered_as_a_process() {
    check("process", "tools");
}

#[test]
fn an_exec_is_repeated_and_entered_in_a_container() {
    if !engine::is_ready() {
        return;
    }
    engine::make_gnu();
    check("docker", engine::GNU);
}
