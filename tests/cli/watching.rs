//! What goes on while it goes on: `ps`, beside runs of which one step takes longer than any test.

use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process};

use crate::bed::Bed;
use crate::engine;
use crate::machine::{assert_nothing_runs, eventually};

/// A step that is over soon, one that fails, and one that stays.
pub(crate) const PROGRAM: &str = r#"
param image = "tools"
val Quick = exec(image, mem := 1*MiB) (out file) {" sleep 0.3; echo quick > {{out}} "}
val Slow = exec(image, mem := 1*MiB) (out file) {"
	head -c 3000000 /dev/zero > /tmp/zeros
	cat {{Quick}}; cat {{Quick}} >&2
	sleep 86398 | sleep 86399 | tail -f /dev/null > {{out}}
"}
val Main = Slow
"#;

/// A run that goes on until the guard is dropped.
pub(crate) struct Going(Child);

impl Going {
    /// Asks the run to stop and waits until it has.
    pub(crate) fn interrupt(mut self) {
        kill_process(Pid::from_child(&self.0), Signal::INT).unwrap();
        assert_eq!(self.0.wait().unwrap().code(), Some(1));
    }
}

impl Going {
    /// Keeps the run from doing anything.
    pub(crate) fn freeze(&self) {
        kill_process(Pid::from_child(&self.0), Signal::STOP).unwrap();
    }

    /// How the run ended, which it must do soon by itself.
    pub(crate) fn ended(mut self) -> Option<i32> {
        let mut code = None;
        eventually(|| {
            code = self.0.try_wait().unwrap().map(|status| status.code());
            code.map(drop).ok_or_else(|| "the run goes on".to_owned())
        });
        code.flatten()
    }
}

impl Drop for Going {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub(crate) fn start(mut command: Command) -> Going {
    Going(command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap())
}

/// What `reflow` says with these words, once it is as wanted.
pub(crate) fn soon(command: impl Fn() -> Command, wanted: impl Fn(&str) -> bool) -> String {
    let mut said = String::new();
    eventually(|| {
        let ended = crate::bed::ended(command().output().unwrap());
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{}", ended.stdout);
        said = ended.stdout;
        if wanted(&said) { Ok(()) } else { Err(format!("not as wanted:\n{said}")) }
    });
    said
}

/// The words of the row below a header that holds a word, by the names of the columns.
fn row<'t>(text: &'t str, ident: &str) -> Vec<&'t str> {
    let line = text.lines().find(|line| line.contains(ident)).unwrap_or_else(|| panic!("no {ident} in\n{text}"));
    line.split_whitespace().collect()
}

#[test]
fn cli_138_ps_lists_what_runs_and_what_has_ended() {
    let bed = Bed::new();
    bed.write("main.rf", PROGRAM);
    assert_eq!(bed.succeed(&["ps", "-i", "-a"]), "");
    let going = start(bed.reflow(&["run", "-executor=process", "main.rf"]));
    let listed = soon(|| bed.reflow(&["ps"]), |said| said.contains("tail"));
    let lines: Vec<&str> = listed.lines().collect();
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>().join(" ");
    assert_eq!(words(lines[0]), "runid user start end cost RunLog ExecLog SysLog EvalGraph Trace");
    assert_eq!(lines[1].split_whitespace().nth(1), Some("tester"));
    assert_eq!((lines[2], lines.len()), ("", 6), "{listed}");
    assert_eq!(words(lines[3]), "taskid flowid attempt ident cost start end taskDur execDur state mem cpu disk procs");
    assert!(lines[3].starts_with("    taskid ") && lines[4].starts_with("    "), "{listed}");
    let slow = row(&listed, "main.Slow");
    assert_eq!((slow[2], slow[4], slow[9], slow[13]), ("1", "<unknown>", "running", "sleep(2),tail"), "{listed}");
    assert!(slow[10].ends_with("MiB") && slow[12] == "2.9MiB", "{listed}");
    assert!(!listed.contains("main.Quick"), "what has ended is listed with -i only");

    let all = bed.succeed(&["ps", "-i", "-l"]);
    assert!(words(all.lines().nth(3).unwrap()).ends_with("procs hosttype inspect uri error read written"), "{all}");
    let quick = row(&all, "main.Quick");
    assert_eq!((quick[9], quick[12]), ("complete", "[exec]"), "{all}");
    assert!(quick[10].ends_with("iB") && quick[11].parse::<f64>().is_ok(), "{all}");
    assert_eq!(quick[14].split('/').count(), 3, "host, alloc and exec: {all}");

    drop(going);
    assert_nothing_runs(&bed);
    assert_eq!(bed.succeed(&["ps"]), "", "nothing goes on in a run that was killed");
    let dead = bed.succeed(&["ps", "-i"]);
    assert_eq!((row(&dead, "main.Slow")[9], row(&dead, "main.Quick")[9]), ("dead", "complete"), "{dead}");
}

#[test]
fn cli_138_ps_looks_into_containers() {
    if !engine::is_ready() {
        return;
    }
    engine::make_gnu();
    let bed = Bed::new();
    bed.write("main.rf", PROGRAM);
    let with_engine = |words: &[&str]| {
        let mut command = bed.reflow(words);
        engine::use_real(&mut command);
        command
    };
    let going = start(with_engine(&["run", "-executor=docker", "main.rf", "-image", engine::GNU]));
    let listed = soon(|| with_engine(&["ps"]), |said| said.contains("sleep(2),tail"));
    let slow = row(&listed, "main.Slow");
    assert!(slow[10].ends_with("iB") && slow[11].parse::<f64>().is_ok() && slow[12] == "2.9MiB", "{listed}");
    going.interrupt();
    eventually(|| match engine::containers_of(&bed).as_slice() {
        [] => Ok(()),
        left => Err(format!("still running: {left:?}")),
    });
}

#[test]
fn cli_139_ps_filters_by_user_and_time() {
    let bed = Bed::new();
    bed.write("main.rf", "val Main = exec(image := \"tools\") (out file) {\" echo a > {{out}} \"}\n");
    bed.succeed(&["run", "-executor=process", "main.rf"]);
    let count = |words: &[&str]| {
        let all = [&["ps", "-i"], words].concat();
        bed.succeed(&all).matches("main.Main").count()
    };
    assert_eq!(count(&[]), 1);
    assert_eq!((count(&["-u", "tester"]), count(&["-u", "ada"]), count(&["-a"])), (1, 0, 1));
    assert_eq!((count(&["-since=1h"]), count(&["-since", "0"])), (1, 0));
    assert_eq!((count(&["-since=2001-01-01"]), count(&["-since=2001-01-01", "-until=2001-01-02"])), (1, 0));
    assert_eq!((count(&["-until=1h"]), count(&["-since=2h", "-until=1h"])), (0, 0));
    // Without -i there must be something that goes on.
    assert_eq!(bed.succeed(&["ps", "-a"]), "");
}

#[test]
fn what_commands_transferred_is_shown() {
    let bed = Bed::new();
    bed.write("main.rf", "val Main = exec(image := \"tools\", mem := 1*MiB) (out file) {\" echo > {{out}} \"}\n");
    bed.succeed(&["run", "-executor=process", "main.rf"]);
    // Kernels differ in what they count.
    let database = rusqlite::Connection::open(bed.state().join("reflow.db")).unwrap();
    database.execute("UPDATE tasks SET bytes_read = 3000000, bytes_written = 2048", []).unwrap();
    let id: String = database.query_row("SELECT id FROM tasks", [], |row| row.get(0)).unwrap();
    drop(database);
    let all = bed.succeed(&["ps", "-i", "-l"]);
    let task = row(&all, "main.Main");
    assert_eq!(task[task.len() - 2..], ["2.9MiB", "2.0KiB"], "{all}");
    let info = bed.succeed(&["info", &id]);
    assert!(info.contains("    read:      2.9MiB\n    written:   2.0KiB\n"), "{info}");
}
