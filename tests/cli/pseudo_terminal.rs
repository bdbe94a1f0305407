//! A program on a pseudo-terminal, and a terminal in memory that draws what it writes.

use std::fs::File;
use std::io::{Read, Write};
use std::num::NonZero;
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use rustix::fs::{Mode, OFlags};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

const ROWS: NonZero<u16> = NonZero::new(40).unwrap();
const COLUMNS: NonZero<u16> = NonZero::new(200).unwrap();

/// A program on a terminal.
pub(crate) struct Terminal {
    child: Child,
    keys: File,
    output: Receiver<Vec<u8>>,
    parser: vt100::Parser,
    raw: Vec<u8>,
}

impl Terminal {
    /// Starts a command with its standard error on a new terminal.
    pub(crate) fn start(mut command: Command) -> Self {
        let (controller, end) = open();
        command.stdout(Stdio::null()).stderr(Stdio::from(end));
        Self::run(command, controller)
    }

    /// Starts a command with all its streams on a new terminal, which is the one that controls it.
    pub(crate) fn converse(mut command: Command) -> Self {
        let (controller, end) = open();
        let streams = [end.try_clone().unwrap(), end.try_clone().unwrap(), end].map(Stdio::from);
        let [stdin, stdout, stderr] = streams;
        command.stdin(stdin).stdout(stdout).stderr(stderr);
        Self::run(command, controller)
    }

    fn run(mut command: Command, controller: OwnedFd) -> Self {
        let child = command.spawn().unwrap();
        // The command holds the other end too; reading ends only when nobody does.
        drop(command);
        let keys = File::from(controller.try_clone().unwrap());
        let output = read_on(controller);
        Self { child, keys, output, parser: vt100::Parser::new(ROWS, COLUMNS, 1000), raw: Vec::new() }
    }

    /// The rows of the screen as they stand there, down to the last one with text.
    pub(crate) fn screen(&self) -> String {
        let rows = self.parser.screen().rows(0, COLUMNS.get());
        let rows: Vec<String> = rows.map(|row| row.trim_end().to_owned()).collect();
        rows.join("\n").trim_end().to_owned()
    }

    /// Presses keys.
    pub(crate) fn press(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).unwrap();
    }

    /// Draws what comes until the screen is as wanted, between two drawings of the program.
    pub(crate) fn wait_for(&mut self, what: &str, wanted: impl Fn(&str) -> bool) -> String {
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
    pub(crate) fn end(mut self) -> (String, String) {
        let code = self.draw_to_the_end();
        assert_eq!(code, Some(0), "{}", self.screen());
        (self.screen(), String::from_utf8_lossy(&self.raw).into_owned())
    }

    /// Draws all that comes until the program has ended; its exit code, and the last screen.
    pub(crate) fn end_with_code(mut self) -> (Option<i32>, String) {
        (self.draw_to_the_end(), self.screen())
    }

    fn draw_to_the_end(&mut self) -> Option<i32> {
        while let Ok(bytes) = self.output.recv_timeout(Duration::from_secs(30)) {
            self.draw(&bytes);
        }
        self.child.wait().unwrap().code()
    }
}

/// A new terminal: who sees it, and the end that programs get.
fn open() -> (OwnedFd, OwnedFd) {
    let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&controller).unwrap();
    unlockpt(&controller).unwrap();
    let name = ptsname(&controller, Vec::new()).unwrap();
    let end = rustix::fs::open(&name, OFlags::RDWR | OFlags::NOCTTY, Mode::empty()).unwrap();
    tcsetwinsize(&end, Winsize { ws_row: ROWS.get(), ws_col: COLUMNS.get(), ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
    (controller, end)
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
