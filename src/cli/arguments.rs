//! Arguments: the flags of every command, written `-name` or `--name` (CLI spec §1, §2).
//!
//! Flags are parsed in three stages: global ones, then the command's, then those of the program being
//! run. Each stage ends at the first word that is no flag, or behind `--`. clap knows two dashes only,
//! so [`words`] goes first, which asks clap's own description which flags take a value; [`help`] writes
//! that description as the spec lays it out, and [`mistake`] says what is wrong with the words. The flags of
//! each family of commands have a room of their own.

mod caching;
mod configuring;
mod explaining;
mod help;
mod inspecting;
mod keeping;
mod mistake;
mod overrides;
mod programs;
mod running;
mod values;
mod watching;
mod words;

use std::ffi::OsString;

use clap::{ArgAction, Args, Command, FromArgMatches, Subcommand};

use crate::configuration::schema;
use crate::exit::Exit;
use crate::machinery::{ExecutorChoice, Machinery};
use crate::terminal::{self, ErrorFormat};
pub(crate) use caching::{PredFlags, RmcacheFlags, SyncFlags};
pub(crate) use configuring::{ConfigFlags, UpgradeFlags};
pub(crate) use explaining::{AuditFlags, PlanFlags, ReplayFlags, WhyFlags};
pub(crate) use help::entry as flag_entry;
pub(crate) use inspecting::{CatFlags, CheckStoreFlags, InfoFlags, LogsFlags};
pub(crate) use keeping::{CollectFlags, RepairFlags, RootFlags};
pub(crate) use overrides::Overrides;
pub(crate) use programs::{
    BundleFlags, CheckFlags, DocFlags, DocFormat, ExplainFlags, FmtFlags, ImagesFlags, VersionFlags,
};
pub(crate) use running::{EvalFlags, ReplFlags, RunFlags, TestExecutor, TestFlags};
pub(crate) use watching::{KillFlags, ListFlags, PsFlags, ShellFlags};
use words::Stop;

/// Everything on the command line.
#[derive(Debug)]
pub(crate) struct Arguments {
    pub(crate) global: Global,
    pub(crate) command: CommandLine,
}

/// Flags before the command.
#[derive(Args, Clone, Debug)]
pub(crate) struct Global {
    /// what is logged on standard error: off, error, info or debug
    #[arg(long, value_name = "string", default_value = "info", ignore_case = true)]
    pub(crate) log: LogLevel,
    /// a namespace of cached results: two universes share none
    #[arg(long, value_name = "string", default_value = "")]
    pub(crate) universe: String,
    /// configuration file; without the flag config.yaml in the state folder's usual place
    /// (~/.reflow), if it is there; empty for none
    #[arg(long, value_name = "string")]
    pub(crate) config: Option<String>,
    #[command(flatten)]
    pub(crate) overrides: Overrides,
    /// address of a server of diagnostics; there is none in this build
    #[arg(long, value_name = "string", default_value = "")]
    pub(crate) http: String,
    /// accepted: the file is made, and stays empty
    #[arg(long, value_name = "string", default_value = "")]
    pub(crate) cpuprofile: String,
    /// accepted: the file is made, and stays empty
    #[arg(long, value_name = "string", default_value = "")]
    pub(crate) memprofile: String,
    /// accepted, without effect
    #[arg(long, value_name = "duration", default_value = "0s", value_parser = values::duration)]
    pub(crate) memstatsduration: std::time::Duration,
    /// accepted, without effect
    #[arg(long, action = ArgAction::Set, value_parser = values::boolean(), default_value = "false")]
    pub(crate) memstatsgc: bool,
    /// accepted, without effect: operations on filesets take no turns
    #[arg(long = "fileset_op_limit", value_name = "int", default_value = "-1", allow_hyphen_values = true)]
    pub(crate) fileset_op_limit: i64,
    /// how errors of programs are shown: short (a line each), drawn (with the text), json (an
    /// object a line), or auto: drawn on a terminal, else short
    #[arg(long = "error-format", value_name = "string", default_value = "auto")]
    pub(crate) error_format: ErrorFormat,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub(crate) enum LogLevel {
    Off,
    Error,
    Info,
    Debug,
}

impl LogLevel {
    /// The word for it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Error => "error",
            Self::Info => "info",
            Self::Debug => "debug",
        }
    }
}

/// The commands.
#[derive(Subcommand, Debug)]
pub(crate) enum CommandLine {
    /// run a program
    Run(RunFlags),
    /// run the tests of programs
    Test(TestFlags),
    /// check programs without running them
    Check(CheckFlags),
    /// format programs
    Fmt(FmtFlags),
    /// show the documentation of a module
    Doc(DocFlags),
    /// write a module and all that it imports to one file
    Bundle(BundleFlags),
    /// list the container images that a program names
    Images(ImagesFlags),
    /// evaluate an expression
    Eval(EvalFlags),
    /// say what the code of a message means
    Explain(ExplainFlags),
    /// enter expressions and declarations one by one
    Repl(ReplFlags),
    /// describe a run, an exec or an object
    Info(InfoFlags),
    /// list runs and their execs
    Ps(PsFlags),
    /// list what this machine offers, and what is held of it
    List(ListFlags),
    /// open a shell inside a running exec
    Shell(ShellFlags),
    /// end runs, and free what they hold
    Kill(KillFlags),
    /// print the log of a run or an exec
    Logs(LogsFlags),
    /// print objects of the repository
    Cat(CatFlags),
    /// say why the steps of a run were executed, or not
    Why(WhyFlags),
    /// say what a run would do, without doing it
    Plan(PlanFlags),
    /// run one exec again, by itself
    Replay(ReplayFlags),
    /// run cached steps again and compare their results
    Audit(AuditFlags),
    /// verify the objects of the repository
    #[command(name = "check-store")]
    CheckStore(CheckStoreFlags),
    /// remove what is cached and no longer wanted
    Collect(CollectFlags),
    /// store what is cached under all keys that it can be found by
    Repair(RepairFlags),
    /// name what is to stay in the cache
    Root(RootFlags),
    /// make a folder hold the files of a cached fileset
    Sync(SyncFlags),
    /// remove cache keys
    Rmcache(RmcacheFlags),
    /// show what is predicted of execs, and from what
    Pred(PredFlags),
    /// print the configuration in effect
    Config(ConfigFlags),
    /// set up what the configuration needs
    Upgrade(UpgradeFlags),
    /// print the version
    Version(VersionFlags),
}

/// Where state is kept.
#[derive(Args, Clone, Debug)]
pub(crate) struct Place {
    /// folder that state is kept in; without it $REFLOW_HOME, else ~/.reflow
    #[arg(long, value_name = "string", default_value = "")]
    pub(crate) localdir: String,
    /// older name of -localdir; wins when set
    #[arg(long, value_name = "string", default_value = "")]
    pub(crate) dir: String,
}

impl Place {
    pub(crate) fn home(&self) -> Result<std::path::PathBuf, Exit> {
        let given = [("-dir", &self.dir), ("-localdir", &self.localdir)];
        crate::home::folder(given.into_iter().find(|(_, value)| !value.is_empty()))
    }

    /// The same for those who only look at what is there: a folder that was misspelt is not made.
    pub(crate) fn existing(&self) -> Result<std::path::PathBuf, Exit> {
        let home = self.home()?;
        let is_given = !self.dir.is_empty() || !self.localdir.is_empty();
        if is_given && home.symlink_metadata().is_err_and(|error| error.kind() == std::io::ErrorKind::NotFound) {
            return Err(Exit::failed(format!("there is no state folder {}: nothing was run with it", home.display())));
        }
        Ok(home)
    }
}

/// What commands run with.
#[derive(Args, Clone, Debug)]
pub(crate) struct MachineryFlags {
    #[command(flatten)]
    pub(crate) place: Place,
    /// what runs commands: docker, process (this machine's programs), or auto, which takes
    /// docker if an engine answers, else process
    #[arg(long, value_name = "string", default_value = "auto")]
    pub(crate) executor: ExecutorChoice,
}

impl MachineryFlags {
    pub(crate) fn open(&self) -> Result<Machinery, Exit> {
        Machinery::open(&self.place.home()?, self.executor)
    }
}

/// A program and the words for it.
#[derive(Args, Clone, Debug)]
pub(crate) struct ProgramWords {
    #[arg(value_name = "PATH", required = true)]
    pub(crate) path: String,
    #[arg(value_name = "ARGS")]
    pub(crate) args: Vec<String>,
}

/// Parses the words of a command line.
pub(crate) fn parse(words: Vec<OsString>) -> Result<Arguments, Exit> {
    let outer = outer();
    if words.is_empty() {
        return Err(Exit::Usage(help::introduction()));
    }
    let outer_usage = |reason: String| Exit::Usage(help::with_reason("reflow", &reason, &help::outer(&outer)));
    let mut words = words.into_iter();
    let (flags, first) = match words::flags(&outer, &mut words) {
        Ok(split) => split,
        Err(Stop::Help | Stop::Usage) => return Err(outer_usage(String::new())),
        Err(Stop::Mistake(reason)) => return Err(outer_usage(reason)),
    };
    let matches = outer.clone().try_get_matches_from(named("reflow", flags));
    let matches = matches.map_err(|error| outer_usage(mistake::explain(&error)))?;
    let global = Global::from_arg_matches(&matches).map_err(|error| outer_usage(mistake::explain(&error)))?;
    let Some(name) = first else { return Err(outer_usage("there is no command".to_owned())) };
    let Some(command) = outer.find_subcommand(&name) else {
        let (name, known) = (name.to_string_lossy(), outer.get_subcommands().map(Command::get_name));
        let near = base::spelling::nearest(&name, known).map(|near| format!("; did you mean {near:?}?"));
        return Err(outer_usage(format!("unknown command {name:?}{}", near.unwrap_or_default())));
    };
    Ok(Arguments { global, command: parse_command(command, words)? })
}

/// Parses the words behind a command's name.
fn parse_command(command: &Command, mut words: impl Iterator<Item = OsString>) -> Result<CommandLine, Exit> {
    let name = command.get_name();
    let usage =
        |reason: String| Exit::Usage(help::with_reason(&format!("reflow {name}"), &reason, &help::brief(command)));
    let (mut flags, first) = match words::flags(command, &mut words) {
        Ok(split) => split,
        Err(Stop::Help) => {
            terminal::say(&help::full(command));
            return Err(Exit::Success);
        }
        Err(Stop::Usage) => return Err(usage(String::new())),
        Err(Stop::Mistake(reason)) => return Err(usage(reason)),
    };
    let rest: Vec<OsString> = words.collect();
    let late = words::late_flag(command, &rest).map(str::to_owned);
    if let Some(first) = first {
        flags.extend(["--".into(), first]);
        flags.extend(rest);
    }
    let all = CommandLine::augment_subcommands(Command::new("reflow").args_override_self(true));
    let matches = all.try_get_matches_from(named("reflow", named(name, flags)));
    let parsed = matches.and_then(|matches| CommandLine::from_arg_matches(&matches));
    parsed.map_err(|error| {
        let hint = late.map(|flag| format!(" ({flag} stands behind an argument; flags come first)"));
        usage(mistake::explain(&error) + &hint.unwrap_or_default())
    })
}

/// The exit for words of `command` that do not go together.
pub(crate) fn misuse(command: &str, reason: &str) -> Exit {
    let outer = outer();
    let usage = outer.find_subcommand(command).map(help::brief).unwrap_or_default();
    Exit::Usage(help::with_reason(&format!("reflow {command}"), reason, &usage))
}

/// Words behind a name.
fn named(name: &str, words: Vec<OsString>) -> Vec<OsString> {
    std::iter::once(name.into()).chain(words).collect()
}

/// The flags before the command, and the commands.
fn outer() -> Command {
    let command = Command::new("reflow").args_override_self(true).disable_help_subcommand(true);
    let command = CommandLine::augment_subcommands(Global::augment_args(command));
    command.mut_subcommand("config", |config| {
        let text = config.get_after_help().map(ToString::to_string).unwrap_or_default();
        config.after_help(format!("{text}\n\nKeys and their providers:\n\n{}", schema::help().trim_end()))
    })
}
