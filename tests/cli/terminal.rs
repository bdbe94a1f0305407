//! What a person sees on a terminal: the program runs on a pseudo-terminal, and a terminal in memory draws
//! what it writes.

use std::fs::File;
use std::io::Read;
use std::num::NonZero;
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::bed::Bed;

const ROWS: NonZero<u16> = NonZero::new(40).unwrap();
const COLUMNS: NonZero<u16> = NonZero::new(200).unwrap();

/// A program on a terminal.
struct Terminal {
    child: Child,
    output: Receiver<Vec<u8>>,
    parser: vt100::Parser,
    raw: Vec<u8>,
}

impl Terminal {
    /// Starts a command with its standard error on a new terminal.
    fn start(mut command: Command) -> Self {
        let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&controller).unwrap();
        unlockpt(&controller).unwrap();
        let name = ptsname(&controller, Vec::new()).unwrap();
        let end = rustix::fs::open(&name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
        tcsetwinsize(&end, Winsize { ws_row: ROWS.get(), ws_col: COLUMNS.get(), ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
        let child = command.stdout(Stdio::null()).stderr(Stdio::from(end)).spawn().unwrap();
        // The command holds the other end too; reading ends only when nobody does.
        drop(command);
        let output = read_on(controller);
        Self { child, output, parser: vt100::Parser::new(ROWS, COLUMNS, 1000), raw: Vec::new() }
    }

    /// The rows of the screen as they stand there, down to the last one with text.
    fn screen(&self) -> String {
        let rows = self.parser.screen().rows(0, COLUMNS.get());
        let rows: Vec<String> = rows.map(|row| row.trim_end().to_owned()).collect();
        rows.join("\n").trim_end().to_owned()
    }

    /// Draws what comes until the screen is as wanted, between two drawings of the program.
    fn wait_for(&mut self, what: &str, wanted: impl Fn(&str) -> bool) -> String {
        const QUIET: Duration = Duration::from_millis(50);
        let start = Instant::now();
        loop {
            while let Ok(bytes) = self.output.recv_timeout(QUIET) {
                self.draw(&bytes);
            }
            let screen = self.screen();
            if wanted(&screen) {
                return screen;
            }
            assert!(start.elapsed() < Duration::from_secs(30), "never saw {what}:\n{screen}");
        }
    }

    fn draw(&mut self, bytes: &[u8]) {
        self.parser.process(bytes);
        self.raw.extend_from_slice(bytes);
    }

    /// Draws all that comes until the program has ended; the last screen, and all that was written.
    fn end(mut self) -> (String, String) {
        while let Ok(bytes) = self.output.recv_timeout(Duration::from_secs(30)) {
            self.draw(&bytes);
        }
        assert!(self.child.wait().unwrap().success(), "{}", self.screen());
        (self.screen(), String::from_utf8_lossy(&self.raw).into_owned())
    }
}

/// What is written to a terminal, as it comes.
fn read_on(controller: OwnedFd) -> Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let mut controller = File::from(controller);
        let mut buffer = [0; 4096];
        // The end of the last writer shows as an error.
        while let Ok(count @ 1..) = controller.read(&mut buffer) {
            if sender.send(buffer[..count].to_vec()).is_err() {
                break;
            }
        }
    });
    receiver
}

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

/// CLI-110
#[test]
fn a_dumb_terminal_gets_plain_lines() {
    let bed = Bed::new();
    let (_, raw) = naps(&bed, &[], "dumb").end();
    assert!(!raw.contains('\u{1b}'), "{raw:?}");
    assert!(raw.contains("reflow: result: ") && !raw.contains("elapsed: "), "{raw}");
}

/// CLI-16: at level debug there is no status.
#[test]
fn debugging_turns_the_status_off() {
    let bed = Bed::new();
    let (_, raw) = naps(&bed, &["-log=debug"], "xterm").end();
    assert!(!raw.contains('\u{1b}') && !raw.contains("elapsed: "), "{raw:?}");
}
