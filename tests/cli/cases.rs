//! The golden cases of `cases/`: a session at a shell, with what each command says.
//!
//! Every section but `session` is a file in the working directory. In a session a line `$ COMMAND` is run
//! by bash (lines `> MORE` continue it); below it stand its standard output behind `| `, its standard error
//! behind `! `, and its exit code behind `? ` unless it is 0. `# ` begins a remark. Names of cases cite the
//! checklist of the command line's specification (CLI-n). What differs from run to run is replaced as
//! [`crate::normal`] says.

use std::fmt::Write;

use testkit::golden::{Case, Outputs, Suite};

use crate::bed::{Bed, ended, repository};
use crate::engine;
use crate::normal::Normal;

/// The cases of one folder, as a test of their own so that folders run side by side.
fn folder(name: &str) {
    let suite = Suite::new(repository().join("tests/cli/cases").join(name), &["session"]);
    if let Err(failures) = suite.run(|case| outcome(case, false)) {
        panic!("{failures}");
    }
}

/// Cases of their own folder, whose commands reach a Docker engine.
#[test]
fn containers() {
    if !engine::is_ready() {
        return;
    }
    let suite = Suite::new(repository().join("tests/cli/containers"), &["session"]);
    if let Err(failures) = suite.run(|case| outcome(case, true)) {
        panic!("{failures}");
    }
}

macro_rules! folders {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            folder(stringify!($name));
        })*
    };
}

folders!(flags help config test check fmt doc bundle images eval run parameters failures printing inspect errors repl explaining);

#[test]
fn every_folder_is_a_test() {
    let named = include_str!("cases.rs").lines().find_map(|line| line.strip_prefix("folders!(")).unwrap();
    let mut named: Vec<&str> = named.trim_end_matches(");").split_whitespace().collect();
    named.sort_unstable();
    let entries = std::fs::read_dir(repository().join("tests/cli/cases")).unwrap();
    let mut there: Vec<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    there.sort_unstable();
    assert_eq!(named, there);
}

fn outcome(case: &Case, with_engine: bool) -> Outputs {
    let bed = Bed::new();
    for section in case.inputs() {
        bed.write(&section.title, &section.text);
    }
    let mut outputs = Outputs::new();
    outputs.set("session", session(&bed, case.text("session"), with_engine));
    outputs
}

/// A command and the remarks above it.
struct Command {
    remarks: String,
    text: String,
}

fn commands(session: &str) -> Vec<Command> {
    let mut commands: Vec<Command> = Vec::new();
    let mut remarks = String::new();
    for line in session.lines() {
        if let Some(text) = line.strip_prefix("$ ") {
            commands.push(Command { remarks: std::mem::take(&mut remarks), text: text.to_owned() });
        } else if let Some(text) = line.strip_prefix("> ") {
            let command = commands.last_mut().expect("a command that is continued");
            command.text.extend(["\n", text]);
        } else if line.starts_with("# ") {
            remarks.extend([line, "\n"]);
        }
    }
    assert!(!commands.is_empty() && remarks.is_empty(), "a session is commands, remarks stand above them");
    commands
}

/// Runs the commands of a session; the session as it went.
fn session(bed: &Bed, text: &str, with_engine: bool) -> String {
    let mut normal = Normal::new(bed);
    let mut out = String::new();
    for command in commands(text) {
        let mut shell = bed.command("bash");
        if with_engine {
            engine::use_real(&mut shell);
        }
        let ended = ended(shell.arg("-c").arg(&command.text).output().unwrap());
        let _ = writeln!(out, "{}$ {}", command.remarks, command.text.replace('\n', "\n> "));
        for (mark, text) in [("|", &ended.stdout), ("!", &ended.stderr)] {
            for line in normal.text(text).lines() {
                let line = format!("{mark} {line}");
                let _ = writeln!(out, "{}", line.trim_end());
            }
        }
        match ended.code {
            Some(0) => {}
            Some(code) => drop(writeln!(out, "? {code}")),
            None => out.push_str("? signal\n"),
        }
    }
    out
}
