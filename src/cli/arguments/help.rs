//! Help: what clap's description of the commands says, in the layout of CLI spec §1.1 and §1.2.

use clap::{Arg, Command};

use super::words;

/// What `reflow` alone says.
pub(super) fn introduction() -> String {
    "\
reflow composes command-line tools into data pipelines that run only what has
changed.

usage: reflow [flags] COMMAND [flags] [arguments]

Start with `reflow run PROGRAM.rf`; `reflow run PROGRAM.rf -help` lists the
program's own flags. `reflow -help` lists the commands, and `reflow COMMAND -help`
explains one. Flags stand before what they are not about: global ones before the
command, the command's before its arguments, a program's behind the program.

Commands run in containers where a Docker engine answers, else with this
machine's programs (-executor chooses). Results are cached under ~/.reflow
(REFLOW_HOME or -localdir move it): a step whose inputs, command and image have
not changed is not run again, in whichever program it stands."
        .to_owned()
}

/// The commands and the global flags.
pub(super) fn outer(command: &Command) -> String {
    let mut names: Vec<_> = command.get_subcommands().map(|sub| (sub.get_name(), about(sub))).collect();
    names.sort_unstable();
    let width = names.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let lines: String = names.iter().map(|(name, about)| format!("\t{name:<width$}  {about}\n")).collect();
    format!(
        "reflow composes command-line tools into data pipelines that run only what has changed.\n\
         usage: reflow [flags] COMMAND [flags] [arguments]\n\
         Commands:\n{lines}Flags:\n{}",
        flags(command)
    )
}

fn about(command: &Command) -> String {
    command.get_about().map(ToString::to_string).unwrap_or_default()
}

/// How a command is used, and its flags.
pub(super) fn brief(command: &Command) -> String {
    format!("{}\nFlags:\n{}", usage(command), flags(command))
}

/// The same with an explanation.
pub(super) fn full(command: &Command) -> String {
    let text = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    format!("{}\n\n{text}\n\nFlags:\n{}", usage(command), flags(command))
}

/// Usage behind what was wrong with the words of `whose` command, if anything was.
pub(super) fn with_reason(whose: &str, reason: &str, usage: &str) -> String {
    if reason.is_empty() { usage.to_owned() } else { format!("{whose}: {reason}\n{usage}") }
}

fn usage(command: &Command) -> String {
    let usage = command.clone().render_usage().to_string();
    format!("usage: {}", usage.trim_start_matches("Usage:").trim())
}

/// The flags in byte order of their names (CLI spec §1.2).
fn flags(command: &Command) -> String {
    let described = |arg: &Arg| Some((words::name_of(arg)?, flag(arg)));
    let mut flags: Vec<(String, String)> = command.get_arguments().filter_map(described).collect();
    flags.push(("help".to_owned(), "  -help\n    \tshow this help\n".to_owned()));
    flags.sort();
    flags.into_iter().map(|(_, text)| text).collect()
}

fn flag(arg: &Arg) -> String {
    let name = words::name_of(arg).unwrap_or_default();
    let kind = arg.get_value_names().and_then(|names| names.first()).map(ToString::to_string);
    let kind = kind.as_deref().filter(|_| !words::is_boolean(arg));
    let help = arg.get_help().map(ToString::to_string).unwrap_or_default();
    let default = default(arg).map(|default| format!("(default {default})"));
    entry(&name, kind, &help, default.as_deref())
}

/// The entry of a flag; one without a kind is Boolean. A part of the help in backquotes takes the place of
/// the kind. The note is a word that is not broken.
pub(crate) fn entry(name: &str, kind: Option<&str>, help: &str, note: Option<&str>) -> String {
    let (named, help) = named_value(help);
    let kind = named.or(kind);
    let help = wrapped(help.split_whitespace().chain(note)).join("\n    \t");
    match kind {
        None if name.len() == 1 => format!("{}\n", format!("  -{name}\t{help}").trim_end()),
        None if help.is_empty() => format!("  -{name}\n"),
        None => format!("  -{name}\n    \t{help}\n"),
        Some(kind) if help.is_empty() => format!("  -{name} {kind}\n"),
        Some(kind) => format!("  -{name} {kind}\n    \t{help}\n"),
    }
}

/// The part of a flag's help in backquotes, and the help without them.
fn named_value(help: &str) -> (Option<&str>, String) {
    let parts = help.split_once('`').and_then(|(before, rest)| Some((before, rest.split_once('`')?)));
    match parts {
        Some((before, (name, behind))) => (Some(name), format!("{before}{name}{behind}")),
        None => (None, help.to_owned()),
    }
}

/// Lays words out in lines that leave room for what stands in front of them.
fn wrapped<'w>(words: impl Iterator<Item = &'w str>) -> Vec<String> {
    const WIDTH: usize = 80 - 8;
    let mut lines = vec![String::new()];
    for word in words {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.len() + 1 + word.len() <= WIDTH => line.extend([" ", word]),
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// A default that is not the zero value of its type.
fn default(arg: &Arg) -> Option<String> {
    let text = arg.get_default_values().first()?.to_string_lossy();
    match &*text {
        "" | "false" | "0" => None,
        _ if arg.get_value_names().is_none_or(|names| names.iter().all(|name| *name != "string")) => {
            Some(text.into_owned())
        }
        _ => Some(format!("{text:?}")),
    }
}
