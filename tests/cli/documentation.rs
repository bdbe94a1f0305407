//! The commands that the documentation shows do what it says.
//!
//! In a fenced block a line `$ COMMAND` is run by bash; the lines below it, if there are any, are what it
//! must print on standard output. Blocks marked `sh` hold commands alone. The blocks of a file are one
//! session, in a folder where `examples`, `tests` and the program stand as in a checkout.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::bed::{Bed, REFLOW, ended, repository};
use crate::{engine, variants};

/// A command with what it prints; nothing, if that is not shown.
#[derive(Debug, PartialEq)]
struct Shown {
    command: String,
    output: String,
}

fn commands(text: &str) -> Vec<Shown> {
    let mut found: Vec<Shown> = Vec::new();
    // The kind of block that we are in, and how far it stands in.
    let mut block: Option<(&str, usize)> = None;
    let mut answers = false;
    for line in text.lines() {
        let indentation = line.len() - line.trim_start().len();
        if let Some(kind) = line.trim_start().strip_prefix("```") {
            block = if block.is_some() { None } else { Some((kind.trim(), indentation)) };
            answers = false;
            continue;
        }
        let Some((kind, indentation)) = block else { continue };
        let line = line.get(indentation..).unwrap_or("");
        if let Some(command) = line.strip_prefix("$ ") {
            found.push(Shown { command: command.to_owned(), output: String::new() });
            answers = true;
        } else if kind == "sh" && !line.trim().is_empty() {
            let command = line.split(" # ").next().unwrap_or(line).trim_end();
            found.push(Shown { command: command.to_owned(), output: String::new() });
        } else if answers && let Some(last) = found.last_mut() {
            last.output.extend([line, "\n"]);
        }
    }
    found
}

/// Why a command is not run here.
fn skip(command: &str) -> Option<&'static str> {
    let program = command.split_whitespace().next().unwrap_or_default();
    let is_there = || {
        let path = std::env::var_os("PATH").unwrap_or_default();
        std::env::split_paths(&path).any(|folder| folder.join(program).exists())
    };
    match program {
        "./test.sh" => Some("it runs this test"),
        "sudo" => Some("it changes the machine"),
        "cargo" if !command.contains(" -- ") => Some("the program is built"),
        "sqlite3" if !is_there() => Some("sqlite3 is not installed"),
        _ if command.contains("[flags]") => Some("it shows a form"),
        _ => None,
    }
}

fn debian_12() -> bool {
    fs::read_to_string("/etc/os-release").is_ok_and(|text| text.contains("VERSION_ID=\"12\""))
}

fn needs_docker(command: &str) -> bool {
    command.contains("-executor docker") || command.ends_with("build-image.sh")
}

/// Says of a page that ids, times and sizes of what it shows are those of one run.
const VARIES: &str = "<!-- ids, times and sizes vary -->";

/// What does not differ from run to run.
fn steady(text: &str) -> String {
    let mut text = text.to_owned();
    for (pattern, to) in [
        (r"\b[0-9a-f]{8}\b", "[id]"),
        (r"\b(\d+[hm])*[\d.]+s\b", "[time]"),
        (r"\b[\d.]+[KMG]iB", "[size]"),
        // Columns are as wide as what is in them.
        (" +", " "),
    ] {
        text = regex::Regex::new(pattern).unwrap().replace_all(&text, to).into_owned();
    }
    text
}

/// Runs the commands of a file; how many there were.
fn run(path: &Path) -> usize {
    let bed = Bed::new();
    for name in ["examples", "tests"] {
        symlink(repository().join(name), bed.work().join(name)).unwrap();
    }
    fs::create_dir_all(bed.work().join("target/release")).unwrap();
    symlink(REFLOW, bed.work().join("target/release/reflow")).unwrap();
    // Pages about state are read by people who have run something.
    bed.succeed(&["-log=off", "run", "-executor=process", "examples/hello/hello.rf"]);
    let text = fs::read_to_string(path).unwrap();
    let with_variants = text.contains("bowtie2");
    if with_variants && variants::data().is_none() {
        return 0;
    }
    let mut count = 0;
    for Shown { command, output } in commands(&text) {
        if let Some(reason) = skip(&command) {
            println!("{}: not run, as {reason}: {command}", path.display());
            continue;
        }
        if needs_docker(&command) && !engine::is_ready() {
            continue;
        }
        let line = command.replace("cargo run --release --", "reflow");
        let mut shell = bed.command("bash");
        shell.arg("-c").arg(&line);
        if needs_docker(&command) {
            engine::use_real(&mut shell);
        }
        let ended = ended(shell.output().unwrap());
        assert_eq!(ended.code, Some(0), "{}: {command}\n{}", path.display(), ended.stderr);
        // The programs of other distributions may print other things.
        if !output.is_empty() && (debian_12() || !with_variants) {
            let shown = |output: &str| if text.contains(VARIES) { steady(output) } else { output.to_owned() };
            assert_eq!(shown(&ended.stdout), shown(&output), "{}: {command}", path.display());
        }
        count += 1;
    }
    count
}

/// The pages of a folder.
fn pages(folder: &str, name: &str) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> =
        fs::read_dir(repository().join(folder)).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    found.iter_mut().for_each(|path| {
        if path.is_dir() {
            path.push(name);
        }
    });
    found.retain(|path| path.extension().is_some_and(|extension| extension == "md") && path.exists());
    found.sort();
    found
}

#[test]
fn the_readme_works() {
    assert!(run(&repository().join("README.md")) > 0);
}

#[test]
fn the_examples_do_what_their_pages_say() {
    let pages = pages("examples", "README.md");
    let count: usize = pages.iter().map(|page| run(page)).sum();
    assert!(pages.len() >= 3 && count > 0, "{pages:?}");
}

#[test]
fn the_manual_does_what_it_says() {
    let pages = pages("docs/src", "index.md");
    let count: usize = pages.iter().map(|page| run(page)).sum();
    assert!(count > 0, "{pages:?}");
}

#[test]
fn commands_are_found_in_blocks_alone() {
    let text = "\
$ outside
```console
$ one 'a b'
output
  deeper

more
$ two
```
between
```sh
three --x   # a remark
```
- In a list:
  ```
  $ four
  answer
  ```
```
$ five
```
```
a program
```
";
    let shown = |command: &str, output: &str| Shown { command: command.to_owned(), output: output.to_owned() };
    assert_eq!(
        commands(text),
        [
            shown("one 'a b'", "output\n  deeper\n\nmore\n"),
            shown("two", ""),
            shown("three --x", ""),
            shown("four", "answer\n"),
            shown("five", ""),
        ]
    );
}

#[test]
fn what_varies_is_taken_out() {
    let one = "run 233f9e23: 1m13s, 171.7MiB  it stays\n";
    let other = "run 0a0a0a0a: 9.5s,   3.1GiB it stays\n";
    assert_eq!(steady(one), steady(other));
    assert_ne!(steady(one), steady("run 0a0a0a0a: 9.5s, 3.1GiB it differs\n"));
}
