//! Everything about a step, for the run's log and for debugging (CLI spec §6.2 *Details block*).

use base::config::{Arg, ExecConfig};
use base::{Digest, Fileset, units};
use engine::{Step, describe};
use exec::{ExecReport, LogFile};

/// The most files of one fileset that are listed.
const FILES: usize = 100;

/// What an exec is about to do.
pub(super) fn started(step: &Step<'_>, keys: &[Digest], config: &ExecConfig) -> String {
    let mut block = Block::new(step);
    block.line(0, &format!("resources: {}", config.resources));
    for key in keys {
        block.line(0, &format!("key: {key}"));
    }
    block.line(0, &format!("image: {}", config.image));
    block.line(0, "command:");
    let command = step.exec().map(describe::command).unwrap_or_default();
    for line in describe::command_lines(&command) {
        block.line(1, line);
    }
    let names: &[_] = step.exec().map_or(&[], |exec| &exec.arg_names);
    let mut shown: Vec<&str> = Vec::new();
    for (arg, name) in config.args.iter().zip(names) {
        let Arg::Input(fileset) = arg else { continue };
        if shown.contains(&&**name) {
            continue;
        }
        if shown.is_empty() {
            block.line(0, "where:");
        }
        shown.push(name);
        block.line(1, &format!("{name}:"));
        block.files(2, fileset);
    }
    block.0
}

/// What a successful exec has done.
pub(super) fn ended(step: &Step<'_>, fileset: &Fileset, report: &ExecReport) -> String {
    let mut block = Block::new(step);
    for (name, log) in [("stdout", &report.stdout), ("stderr", &report.stderr)] {
        block.stream(name, log);
    }
    block.line(0, "result:");
    block.files(1, fileset);
    let usage = &report.usage;
    let memory = units::data_size(usage.max_memory);
    block.line(0, &format!("profile: {:.3}s, cpu {:.3}s, mem {memory}", usage.wall.as_secs_f64(), usage.cpu));
    block.0
}

/// A heading and lines behind tabs.
struct Block(String);

impl Block {
    fn new(step: &Step<'_>) -> Self {
        let place = step.place().map(|place| format!(" {place}")).unwrap_or_default();
        Self(format!("{} {}{place}:", step.ident(), step.digest().short()))
    }

    fn line(&mut self, depth: usize, words: &str) {
        let line = format!("\n\t{}{words}", "    ".repeat(depth));
        self.0.push_str(line.trim_end());
    }

    fn stream(&mut self, name: &str, log: &LogFile) {
        match log.size {
            0 => self.line(0, &format!("{name}: empty")),
            size => self.line(0, &format!("{name}: {} in {}", units::data_size(size), log.path.display())),
        }
    }

    /// Files as `PATH DIGEST SIZE`.
    fn files(&mut self, depth: usize, fileset: &Fileset) {
        for (i, element) in fileset.list.iter().enumerate() {
            if i == FILES {
                self.line(depth, &format!("and {} more", fileset.list.len() - FILES));
                break;
            }
            self.line(depth, &format!("list[{i}]:"));
            self.files(depth + 1, element);
        }
        for (path, file) in fileset.map.iter().take(FILES) {
            self.line(depth, &format!("{path} {} {}", file.digest(), units::data_size(file.size)));
        }
        if fileset.map.len() > FILES {
            self.line(depth, &format!("and {} more", fileset.map.len() - FILES));
        }
    }
}
