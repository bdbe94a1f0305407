//! Other processes for tests: this test program again, running one ignored test.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

const FOLDER: &str = "REFLOW_STORE_TEST_FOLDER";
/// Marks what a child says among what its test harness says.
const SIGN: &str = "child says ";

/// A process that runs one test; killed when dropped.
pub(crate) struct Process {
    child: Child,
    output: BufReader<ChildStdout>,
}

/// Starts the ignored test of this name with a folder to work in.
pub(crate) fn start(test: &str, folder: &Path) -> Process {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([test, "--exact", "--ignored", "--nocapture", "--test-threads=1"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let output = BufReader::new(child.stdout.take().unwrap());
    Process { child, output }
}

impl Process {
    /// What the process says next; `None` when it has ended.
    pub(crate) fn next_line(&mut self) -> Option<String> {
        let mut line = String::new();
        while self.output.read_line(&mut line).unwrap() > 0 {
            if let Some((_, said)) = line.split_once(SIGN) {
                // A line without its end was cut off by death.
                return line.ends_with('\n').then(|| said.trim_end().to_owned());
            }
            line.clear();
        }
        None
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Kills it with a signal that cannot be caught.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Waits for its end; whether its test succeeded.
    pub(crate) fn succeeds(&mut self) -> bool {
        while self.next_line().is_some() {}
        self.child.wait().unwrap().success()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// In a child: the folder to work in. `None` if the test was started by hand.
pub(crate) fn folder() -> Option<PathBuf> {
    std::env::var_os(FOLDER).map(PathBuf::from)
}

/// In a child: says a line to the parent at once.
pub(crate) fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    // The harness may have left a line unfinished.
    out.write_all(format!("\n{SIGN}{line}\n").as_bytes()).unwrap();
    out.flush().unwrap();
}
