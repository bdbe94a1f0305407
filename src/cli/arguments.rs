//! Arguments: the flags of every command, written `-name` or `--name` (CLI spec §1, §2).
//!
//! Flags are parsed in three stages: global ones, then the command's, then those of the program being
//! run. Each stage ends at the first word that is no flag, or behind `--`. clap knows two dashes only,
//! so a thin normaliser goes first, which asks clap's own description which flags take a value.

use std::ffi::OsString;

use clap::builder::ValueParser;
use clap::{ArgAction, Args, Command, CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::exit::Exit;
use crate::machinery::ExecutorChoice;
use crate::terminal;

/// Everything on the command line.
#[derive(Parser, Debug)]
#[command(
    name = "reflow",
    about = "Composes command-line tools into data pipelines that run only what has changed",
    version,
    disable_version_flag = true,
    disable_help_flag = true,
    disable_help_subcommand = true,
    arg_required_else_help = false,
    help_template = "{about}\n\nusage: reflow [flags] COMMAND [flags] [arguments]\n\nCommands:\n{subcommands}\n\nFlags:\n{options}\n"
)]
pub(crate) struct Arguments {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Option<CommandLine>,
}

/// Flags before the command.
#[derive(Args, Clone, Debug)]
pub(crate) struct Global {
    /// What is logged on standard error: off, error, info, debug
    #[arg(long, value_name = "level", default_value = "info", ignore_case = true)]
    pub(crate) log: LogLevel,
    /// Use of cached results: off, read, write, readwrite
    #[arg(long, value_name = "mode", default_value = "readwrite")]
    pub(crate) cache: CacheChoice,
    /// Namespace of cached results; two universes share none
    #[arg(long, value_name = "string", default_value = "")]
    pub(crate) universe: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub(crate) enum LogLevel {
    Off,
    Error,
    Info,
    Debug,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum CacheChoice {
    Off,
    Read,
    Write,
    #[value(name = "readwrite")]
    ReadWrite,
}

/// The commands.
#[derive(Subcommand, Debug)]
pub(crate) enum CommandLine {
    /// Run a program
    Run(RunFlags),
    /// Check programs without running them
    Check(CheckFlags),
    /// Show the documentation of a module
    Doc(DocFlags),
    /// Evaluate an expression
    Eval(EvalFlags),
    /// Describe a run, an exec, or an object by its id
    Info(InfoFlags),
    /// Print the log of a run or an exec
    Logs(LogsFlags),
    /// Print objects of the repository
    Cat(CatFlags),
    /// Verify every object of the repository against its digest
    #[command(name = "check-store")]
    CheckStore(CheckStoreFlags),
    /// Print the version
    Version(VersionFlags),
}

/// Where state is kept.
#[derive(Args, Clone, Debug)]
pub(crate) struct Place {
    /// Folder that state is kept in (default $REFLOW_HOME, else ~/.reflow)
    #[arg(long, value_name = "string")]
    pub(crate) localdir: Option<String>,
    /// Older name of -localdir; wins when set
    #[arg(long, value_name = "string")]
    pub(crate) dir: Option<String>,
}

impl Place {
    pub(crate) fn home(&self) -> Result<std::path::PathBuf, Exit> {
        crate::home::folder(self.dir.as_deref().filter(|dir| !dir.is_empty()).or(self.localdir.as_deref()))
    }
}

/// A Boolean flag: `-name`, or `-name=VALUE` with Go's spellings.
fn boolean() -> ValueParser {
    ValueParser::new(|text: &str| match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Ok(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Ok(false),
        _ => Err(format!("{text:?} is not a Boolean value")),
    })
}

#[derive(Args, Debug)]
#[command(about = "Runs a program: evaluates its Main, running what no cache holds, and prints its value.")]
pub(crate) struct RunFlags {
    #[command(flatten)]
    pub(crate) place: Place,
    /// What runs commands: auto (docker if its engine answers, else process), docker, process
    #[arg(long, value_name = "string", default_value = "auto")]
    pub(crate) executor: ExecutorChoice,
    /// Print one JSON object as the last line of standard output
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", value_parser = boolean(), hide_default_value = true, hide_possible_values = true, value_name = "bool")]
    pub(crate) json: bool,
    /// Do not take results from the cache for nodes whose ident matches this regular expression
    #[arg(long, value_name = "regexp", default_value = "", hide_default_value = true)]
    pub(crate) invalidate: String,
    /// A cached result that has an empty part counts as none
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", value_parser = boolean(), hide_default_value = true, hide_possible_values = true, value_name = "bool")]
    pub(crate) recomputeempty: bool,
    /// Run on this machine; there is no other place yet
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "true", value_parser = boolean(), hide_default_value = true, hide_possible_values = true, value_name = "bool")]
    pub(crate) local: bool,
    /// Order of evaluation; both values are accepted, evaluation is bottom-up
    #[arg(long, value_name = "string", default_value = "bottomup", value_parser = ["topdown", "bottomup"])]
    pub(crate) eval: String,
    /// Accepted, without effect: exports are never cached
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", value_parser = boolean(), hide_default_value = true, hide_possible_values = true, value_name = "bool")]
    pub(crate) nocacheextern: bool,
    /// The program, then its own flags
    #[arg(value_name = "PATH", required = true)]
    pub(crate) path: String,
    #[arg(
        value_name = "ARGS",
        trailing_var_arg = true,
        allow_hyphen_values = true,
        help = "Flags of the program; -help lists them"
    )]
    pub(crate) args: Vec<String>,
}

#[derive(Args, Debug)]
#[command(about = "Type-checks modules and what they import; says nothing if all is well.")]
pub(crate) struct CheckFlags {
    /// Warnings count as failure
    #[arg(short = 'w', num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", value_parser = boolean(), hide_default_value = true, hide_possible_values = true, value_name = "bool")]
    pub(crate) w: bool,
    /// Modules
    #[arg(value_name = "MODULE", required = true)]
    pub(crate) modules: Vec<String>,
}

#[derive(Args, Debug)]
#[command(about = "Shows parameters, types and values of a module with their documentation.")]
pub(crate) struct DocFlags {
    /// A file, or $/NAME for a system module; without it, the system modules are listed
    #[arg(value_name = "PATH")]
    pub(crate) path: Option<String>,
}

#[derive(Args, Debug)]
#[command(about = "Evaluates an expression and prints its value.")]
pub(crate) struct EvalFlags {
    /// Print the type instead
    #[arg(long = "type", num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", value_parser = boolean(), hide_default_value = true, hide_possible_values = true, value_name = "bool")]
    pub(crate) ty: bool,
    /// Print the digest of the value instead, or of the flow that would yield it
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", value_parser = boolean(), hide_default_value = true, hide_possible_values = true, value_name = "bool")]
    pub(crate) digest: bool,
    #[command(flatten)]
    pub(crate) place: Place,
    /// What runs commands: auto, docker, process
    #[arg(long, value_name = "string", default_value = "auto")]
    pub(crate) executor: ExecutorChoice,
    /// The expression
    #[arg(value_name = "EXPR", required = true, allow_hyphen_values = true)]
    pub(crate) expr: String,
}

#[derive(Args, Debug)]
#[command(about = "Describes runs, execs and objects by their ids, which may be abbreviated.")]
pub(crate) struct InfoFlags {
    #[command(flatten)]
    pub(crate) place: Place,
    /// Ids
    #[arg(value_name = "NAME", required = true)]
    pub(crate) names: Vec<String>,
}

#[derive(Args, Debug)]
#[command(about = "Prints the log of a run, or what an exec wrote to its standard error.")]
pub(crate) struct LogsFlags {
    #[command(flatten)]
    pub(crate) place: Place,
    /// An exec's standard output instead
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", default_value = "false", value_parser = boolean(), hide_default_value = true, hide_possible_values = true, value_name = "bool")]
    pub(crate) stdout: bool,
    /// Lowest level of a run's log that is shown: error, info, debug
    #[arg(long, value_name = "level", default_value = "info", ignore_case = true)]
    pub(crate) level: LogLevel,
    /// Id of a run or an exec
    #[arg(value_name = "ID", required = true)]
    pub(crate) id: String,
}

#[derive(Args, Debug)]
#[command(about = "Copies objects of the repository to standard output, in the order given.")]
pub(crate) struct CatFlags {
    #[command(flatten)]
    pub(crate) place: Place,
    /// Digests
    #[arg(value_name = "DIGEST", required = true)]
    pub(crate) digests: Vec<String>,
}

#[derive(Args, Debug)]
#[command(about = "Reads every object of the repository and compares it with its digest.")]
pub(crate) struct CheckStoreFlags {
    #[command(flatten)]
    pub(crate) place: Place,
}

#[derive(Args, Debug)]
#[command(about = "Prints the version.")]
pub(crate) struct VersionFlags {}

/// Parses the words of a command line.
pub(crate) fn parse(words: Vec<OsString>) -> Result<Arguments, Exit> {
    let command = described();
    if words.is_empty() {
        return Err(Exit::Usage(introduction()));
    }
    let normal = match normalise(&command, &words) {
        Ok(words) => words,
        Err(Asked { command: None }) => return Err(Exit::Usage(usage(&command))),
        Err(Asked { command: Some(name) }) => {
            terminal::say(&help(&command, &name));
            return Err(Exit::Success);
        }
    };
    let parsed = command.clone().try_get_matches_from(normal).and_then(|matches| Arguments::from_arg_matches(&matches));
    let arguments = parsed.map_err(|error| Exit::Usage(explained(&command, &words, &error)))?;
    match arguments.command {
        Some(_) => Ok(arguments),
        None => Err(Exit::Usage(usage(&command))),
    }
}

fn described() -> Command {
    let template = "usage: {usage}\n\n{about-with-newline}\nFlags:\n{all-args}\n";
    let mut command = Arguments::command().styles(clap::builder::Styles::plain());
    let names: Vec<String> = command.get_subcommands().map(|sub| sub.get_name().to_owned()).collect();
    for name in names {
        command = command.mut_subcommand(&name, |sub| sub.help_template(template).disable_help_flag(true));
    }
    command.build();
    command
}

fn introduction() -> String {
    "reflow composes command-line tools into data pipelines that run only what has changed.\n\n\
     usage: reflow [flags] COMMAND [flags] [arguments]\n\n\
     Start with `reflow run PROGRAM.rf`; `reflow run PROGRAM.rf -help` lists a program's own flags.\n\
     `reflow -help` lists the commands, `reflow COMMAND -help` explains one. Flags stand before what they\n\
     apply to: global ones before the command, a program's behind the program.\n\n\
     Commands run in containers where a Docker engine answers, else with this machine's programs. Results\n\
     are cached under ~/.reflow (REFLOW_HOME moves it): a step whose inputs, command and image have not\n\
     changed is not run again."
        .to_owned()
}

fn usage(command: &Command) -> String {
    command.clone().render_help().to_string()
}

fn help(command: &Command, name: &str) -> String {
    match command.find_subcommand(name) {
        Some(sub) => sub.clone().render_help().to_string(),
        None => usage(command),
    }
}

/// clap's words on what is wrong, then the usage of the command they are about.
fn explained(command: &Command, words: &[OsString], error: &clap::Error) -> String {
    let text = error.render().to_string();
    let reason: Vec<&str> =
        text.lines().take_while(|line| !line.starts_with("Usage:") && !line.starts_with("usage:")).collect();
    let reason = reason.join("\n").trim().trim_start_matches("error: ").replace("'--", "'-");
    let sub = words.iter().find_map(|word| command.find_subcommand(word));
    match sub {
        Some(sub) => format!("reflow {}: {reason}\n\n{}", sub.get_name(), help(command, sub.get_name())),
        None => match words.iter().find(|word| !word.to_string_lossy().starts_with('-')) {
            Some(word) if error.kind() == clap::error::ErrorKind::InvalidSubcommand => {
                format!("reflow: unknown command {:?}\n\n{}", word.to_string_lossy(), usage(command))
            }
            _ => format!("reflow: {reason}\n\n{}", usage(command)),
        },
    }
}

/// Help was asked for, of a command or of all.
struct Asked {
    command: Option<String>,
}

/// Rewrites `-name` to `--name` where flags may stand, and closes the flags of the command with `--`.
fn normalise(command: &Command, words: &[OsString]) -> Result<Vec<OsString>, Asked> {
    let mut out: Vec<OsString> = vec!["reflow".into()];
    let mut words = words.iter();
    let Some(name) = flags(command, &mut words, &mut out, None)? else { return Ok(out) };
    out.push(name.clone());
    let Some(sub) = command.find_subcommand(&name) else {
        out.extend(words.cloned());
        return Ok(out);
    };
    let first = flags(sub, &mut words, &mut out, Some(sub.get_name()))?;
    if let Some(first) = first {
        out.push("--".into());
        out.push(first);
        out.extend(words.cloned());
    }
    Ok(out)
}

/// Takes flags and their values off `words`; yields the first word that is none.
fn flags(
    command: &Command,
    words: &mut std::slice::Iter<'_, OsString>,
    out: &mut Vec<OsString>,
    sub: Option<&str>,
) -> Result<Option<OsString>, Asked> {
    while let Some(word) = words.next() {
        let text = word.to_string_lossy();
        if text == "--" {
            return Ok(words.next().cloned());
        }
        if !text.starts_with('-') || text == "-" {
            return Ok(Some(word.clone()));
        }
        let bare = text.strip_prefix("--").or_else(|| text.strip_prefix('-')).unwrap_or(&text);
        let (name, value) = bare.split_once('=').map_or((bare, None), |(name, value)| (name, Some(value)));
        if name == "help" || (name == "h" && sub.is_none()) {
            return Err(Asked { command: sub.map(str::to_owned) });
        }
        let dashes = if name.chars().count() == 1 { "-" } else { "--" };
        out.push(OsString::from(match value {
            Some(value) => format!("{dashes}{name}={value}"),
            None => format!("{dashes}{name}"),
        }));
        if value.is_none() && takes_value(command, name) {
            out.extend(words.next().cloned());
        }
    }
    Ok(None)
}

fn takes_value(command: &Command, name: &str) -> bool {
    let is = |arg: &&clap::Arg| {
        arg.get_long() == Some(name) || arg.get_short().is_some_and(|short| *name == *short.to_string())
    };
    let found = command.get_arguments().find(is);
    found.is_some_and(|arg| matches!(arg.get_action(), ArgAction::Set) && !arg.is_require_equals_set())
}
