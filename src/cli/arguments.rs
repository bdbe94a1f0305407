//! Arguments: the flags of every command, written `-name` or `--name` (CLI spec §1, §2).
//!
//! Flags are parsed in three stages: global ones, then the command's, then those of the program being
//! run. Each stage ends at the first word that is no flag, or behind `--`. clap knows two dashes only,
//! so [`words`] goes first, which asks clap's own description which flags take a value; [`help`] writes
//! that description as the spec lays it out, and [`mistake`] says what is wrong with the words.

mod help;
mod mistake;
mod words;

use std::ffi::OsString;
use std::time::Duration;

use base::assertion::Policy;
use base::regexp::Regexp;
use clap::builder::ValueParser;
use clap::{ArgAction, Args, Command, FromArgMatches, Subcommand};

use crate::exit::Exit;
use crate::machinery::ExecutorChoice;
use crate::terminal::{self, ErrorFormat};
pub(crate) use help::entry as flag_entry;
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
    /// use of cached results: off, read, write or readwrite
    #[arg(long, value_name = "string", default_value = "readwrite")]
    pub(crate) cache: CacheChoice,
    /// a namespace of cached results: two universes share none
    #[arg(long, value_name = "string", default_value = "")]
    pub(crate) universe: String,
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
    /// print the log of a run or an exec
    Logs(LogsFlags),
    /// print objects of the repository
    Cat(CatFlags),
    /// verify the objects of the repository
    #[command(name = "check-store")]
    CheckStore(CheckStoreFlags),
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
}

/// A Boolean flag, with Go's spellings. Bare `-name` has become `--name=true` before.
fn boolean() -> ValueParser {
    ValueParser::new(|text: &str| match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Ok(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Ok(false),
        _ => Err("it must be true or false".to_owned()),
    })
}

/// A regular expression.
fn pattern(text: &str) -> Result<Regexp, String> {
    Regexp::parse(text).map_err(|error| error.to_string())
}

/// A duration as Go writes it.
fn duration(text: &str) -> Result<Duration, String> {
    base::units::parse_duration(text).map_err(|error| error.to_string())
}

/// When a cached result is still good.
fn policy(text: &str) -> Result<Policy, String> {
    text.parse().map_err(|_| "it must be never or exact".to_owned())
}

#[derive(Args, Debug)]
#[command(
    override_usage = "reflow run [-local] [flags] PATH [ARGS]",
    after_help = "\
Run evaluates the Main of the program at PATH and prints its value on standard
output. Of what Main needs, only that runs for which the cache has no result.

The program's parameters are flags behind PATH: run PATH -help lists them."
)]
pub(crate) struct RunFlags {
    #[command(flatten)]
    pub(crate) place: Place,
    /// what runs commands: docker, process (this machine's programs), or auto, which takes
    /// docker if an engine answers, else process
    #[arg(long, value_name = "string", default_value = "auto")]
    pub(crate) executor: ExecutorChoice,
    /// print one JSON object as the last line of standard output
    #[arg(long, action = ArgAction::Set, value_parser = boolean(), default_value = "false")]
    pub(crate) json: bool,
    /// a regular expression: nodes whose ident it matches anywhere are not taken from the
    /// cache, but run and stored again
    #[arg(long, value_name = "string", value_parser = pattern)]
    pub(crate) invalidate: Option<Regexp>,
    /// a cached result that has an empty part counts as none
    #[arg(long, action = ArgAction::Set, value_parser = boolean(), default_value = "false")]
    pub(crate) recomputeempty: bool,
    /// run on this machine; there is no other place yet
    #[arg(long, action = ArgAction::Set, value_parser = boolean(), default_value = "true")]
    pub(crate) local: bool,
    /// order of evaluation: bottomup (everything is looked up in the cache, with a line for each)
    /// or topdown (what is found is taken before what it was made of is looked at)
    #[arg(long, value_name = "string", default_value = "bottomup", value_parser = ["topdown", "bottomup"])]
    pub(crate) eval: String,
    /// what must hold of that from which a cached result was made: never (nothing: what is
    /// found is right) or exact (every size, entity tag and time of modification is what it was)
    #[arg(long, value_name = "string", default_value = "never", value_parser = policy)]
    pub(crate) assert: Policy,
    /// read the inputs of an exec again when it has ended; one that has changed fails it
    #[arg(long, action = ArgAction::Set, value_parser = boolean(), default_value = "false")]
    pub(crate) postusechecksum: bool,
    /// give execs the memory that earlier ones like them took, if there were enough; what fails
    /// with less than it declares is tried again with that
    #[arg(long, action = ArgAction::Set, value_parser = boolean(), default_value = "false")]
    pub(crate) pred: bool,
    /// write the graph of the evaluation beside the run's log, for Graphviz; without the flag
    /// that is done for graphs of up to 100000 nodes
    #[arg(long, action = ArgAction::Set, value_parser = boolean())]
    pub(crate) dotgraph: Option<bool>,
    /// log every change of every node, for debugging
    #[arg(long, action = ArgAction::Set, value_parser = boolean(), default_value = "false")]
    pub(crate) traceflow: bool,
    /// how often the program is evaluated in all, if it fails by something that may pass
    #[arg(long, value_name = "int", default_value = "3")]
    pub(crate) attempts: u32,
    /// the least time from the beginning of one attempt to that of the next
    #[arg(long, value_name = "duration", default_value = "1m0s", value_parser = duration)]
    pub(crate) attemptspacing: Duration,
    /// accepted, without effect: a result is stored before it is announced
    #[arg(long, value_name = "duration", default_value = "10m0s", value_parser = duration)]
    pub(crate) backgroundtimeout: Duration,
    /// accepted, without effect: exports are never cached
    #[arg(long, action = ArgAction::Set, value_parser = boolean(), default_value = "false")]
    pub(crate) nocacheextern: bool,
    #[arg(value_name = "PATH", required = true)]
    pub(crate) path: String,
    #[arg(value_name = "ARGS")]
    pub(crate) args: Vec<String>,
}

/// What runs the commands of a test for which it has no result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum TestExecutor {
    /// Nothing.
    None,
    /// As for runs.
    Auto,
    /// Containers.
    Docker,
    /// Programs of this machine.
    Process,
}

#[derive(Args, Debug)]
#[command(
    override_usage = "reflow test [flags] [PATH...]",
    after_help = "\
Test evaluates the exported values of modules that are called Test..., and says
of each whether it passed: one of type bool must be true, any other must have a
value. PATH is a module, or a folder in which modules called NAME_test.rf are
looked for at any depth; without it the working directory is.

A module may say what its commands give: see Canned results in the manual.
Nothing is taken from the cache or put into it, and nothing is exported."
)]
pub(crate) struct TestFlags {
    /// a regular expression: only the tests whose names it matches anywhere are run
    #[arg(long, value_name = "string", value_parser = pattern)]
    pub(crate) run: Option<Regexp>,
    /// what runs commands that the module has no result for: none, auto, docker or process
    #[arg(long, value_name = "string", default_value = "none")]
    pub(crate) executor: TestExecutor,
    /// print the names of the tests instead of running them
    #[arg(long, action = ArgAction::Set, value_parser = boolean(), default_value = "false")]
    pub(crate) list: bool,
    /// print a JSON object for each test, and one for all of them in the end
    #[arg(long, action = ArgAction::Set, value_parser = boolean(), default_value = "false")]
    pub(crate) json: bool,
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<String>,
}

#[derive(Args, Debug)]
#[command(
    override_usage = "reflow check [-w] MODULE...",
    after_help = "\
Check parses and type-checks modules and all that they import, and says nothing
if all is well. Every error is reported, as FILE:LINE:COLUMN: MESSAGE."
)]
pub(crate) struct CheckFlags {
    /// warnings count as failure
    #[arg(short = 'w', action = ArgAction::Set, value_parser = boolean(), default_value = "false")]
    pub(crate) w: bool,
    #[arg(value_name = "MODULE", required = true)]
    pub(crate) modules: Vec<String>,
}

#[derive(Args, Debug)]
#[command(
    override_usage = "reflow fmt [-check] [-diff] [-stdout] FILE... | -",
    after_help = "\
Fmt rewrites programs in the layout that all share, and prints the names of the
files that it changed. What a program says, its comments and the text of its
commands stay as they are. Of folders, it takes all .rf files below them. `-` is
standard input, which is formatted to standard output."
)]
pub(crate) struct FmtFlags {
    /// change nothing; print the names of the files that are not formatted, and exit 1 if
    /// there are any
    #[arg(long, action = ArgAction::Set, value_parser = boolean(), default_value = "false")]
    pub(crate) check: bool,
    /// change nothing; print the difference that formatting would make
    #[arg(long, action = ArgAction::Set, value_parser = boolean(), default_value = "false")]
    pub(crate) diff: bool,
    /// change nothing; print the formatted text
    #[arg(long, action = ArgAction::Set, value_parser = boolean(), default_value = "false")]
    pub(crate) stdout: bool,
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<String>,
}

#[derive(Args, Debug)]
#[command(
    override_usage = "reflow doc [-format md] [PATH]",
    after_help = "\
Doc shows the parameters, types and values of a module with their documentation.
PATH is a file, or $/NAME for a system module; without it these are listed."
)]
pub(crate) struct DocFlags {
    /// text, or md for a page of Markdown
    #[arg(long, value_name = "string", default_value = "text")]
    pub(crate) format: DocFormat,
    #[arg(value_name = "PATH")]
    pub(crate) path: Option<String>,
}

/// How documentation is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum DocFormat {
    Text,
    Md,
}

#[derive(Args, Debug)]
#[command(
    override_usage = "reflow bundle [-o OUT] [-nowarn] PATH [ARGS]",
    after_help = "\
Bundle checks the module at PATH and writes it, with all that it imports, to a
file that stands for it wherever a module can. ARGS are flags of the module:
they become defaults; no parameter must be given."
)]
pub(crate) struct BundleFlags {
    /// where to; without it PATH's base name with an x behind it, here
    #[arg(short = 'o', value_name = "string", default_value = "")]
    pub(crate) out: String,
    /// do not show warnings
    #[arg(long, action = ArgAction::Set, value_parser = boolean(), default_value = "false")]
    pub(crate) nowarn: bool,
    #[arg(value_name = "PATH", required = true)]
    pub(crate) path: String,
    #[arg(value_name = "ARGS")]
    pub(crate) args: Vec<String>,
}

#[derive(Args, Debug)]
#[command(
    override_usage = "reflow images PATH [ARGS]",
    after_help = "\
Images lists the container images of the program at PATH, given its flags, as
far as they are known before anything is run."
)]
pub(crate) struct ImagesFlags {
    #[arg(value_name = "PATH", required = true)]
    pub(crate) path: String,
    #[arg(value_name = "ARGS")]
    pub(crate) args: Vec<String>,
}

#[derive(Args, Debug)]
#[command(
    override_usage = "reflow eval [-type | -digest] EXPR",
    after_help = "\
Eval evaluates an expression and prints its value. What the expression needs is
run, and cached, as run does."
)]
pub(crate) struct EvalFlags {
    /// print the type instead; nothing is evaluated
    #[arg(long = "type", action = ArgAction::Set, value_parser = boolean(), default_value = "false")]
    pub(crate) ty: bool,
    /// print the digest of the value instead, or that of the flow that would yield it
    #[arg(long, action = ArgAction::Set, value_parser = boolean(), default_value = "false")]
    pub(crate) digest: bool,
    #[command(flatten)]
    pub(crate) place: Place,
    /// what runs commands: auto, docker or process
    #[arg(long, value_name = "string", default_value = "auto")]
    pub(crate) executor: ExecutorChoice,
    #[arg(value_name = "EXPR", required = true)]
    pub(crate) expr: String,
}

#[derive(Args, Debug)]
#[command(
    override_usage = "reflow explain [CODE]...",
    after_help = "\
Explain says what the codes of messages mean, such as R1001: why what they are
about is wrong, with an example of it and how it is right. Without a code, all
of them are listed."
)]
pub(crate) struct ExplainFlags {
    #[arg(value_name = "CODE")]
    pub(crate) codes: Vec<String>,
}

#[derive(Args, Debug)]
#[command(
    override_usage = "reflow repl [flags] [PATH [ARGS]]",
    after_help = "\
Repl takes expressions and declarations from the terminal, or from standard input
if that is none, and prints the values of the expressions. What is declared stays
for what follows, and may be declared again. :help tells more.

With a PATH the declarations of that module are there from the start; ARGS are
its flags, as behind run PATH. Input that is not from a terminal is taken to its
end, also after errors; if there were any, the exit code is 1."
)]
pub(crate) struct ReplFlags {
    #[command(flatten)]
    pub(crate) place: Place,
    /// what runs commands: auto, docker or process
    #[arg(long, value_name = "string", default_value = "auto")]
    pub(crate) executor: ExecutorChoice,
    #[arg(value_name = "PATH")]
    pub(crate) path: Option<String>,
    #[arg(value_name = "ARGS")]
    pub(crate) args: Vec<String>,
}

#[derive(Args, Debug)]
#[command(
    override_usage = "reflow info [flags] NAME...",
    after_help = "\
Info describes runs, execs, cached filesets and objects by their ids, which may
be abbreviated."
)]
pub(crate) struct InfoFlags {
    #[command(flatten)]
    pub(crate) place: Place,
    #[arg(value_name = "NAME", required = true)]
    pub(crate) names: Vec<String>,
}

#[derive(Args, Debug)]
#[command(
    override_usage = "reflow logs [flags] ID",
    after_help = "\
Logs prints the log of a run, or what an exec wrote to its standard error."
)]
pub(crate) struct LogsFlags {
    #[command(flatten)]
    pub(crate) place: Place,
    /// an exec's standard output instead
    #[arg(long, action = ArgAction::Set, value_parser = boolean(), default_value = "false")]
    pub(crate) stdout: bool,
    /// the lowest level of a run's log that is shown: error, info or debug
    #[arg(long, value_name = "string", default_value = "info", ignore_case = true)]
    pub(crate) level: LogLevel,
    #[arg(value_name = "ID", required = true)]
    pub(crate) id: String,
}

#[derive(Args, Debug)]
#[command(
    override_usage = "reflow cat [flags] DIGEST...",
    after_help = "\
Cat copies objects of the repository to standard output, in the order given.
Nothing is written if one of them is missing."
)]
pub(crate) struct CatFlags {
    #[command(flatten)]
    pub(crate) place: Place,
    #[arg(value_name = "DIGEST", required = true)]
    pub(crate) digests: Vec<String>,
}

#[derive(Args, Debug)]
#[command(
    override_usage = "reflow check-store [flags]",
    after_help = "\
Check-store reads every object of the repository and compares it with its
digest. It exits 1 if one is bad."
)]
pub(crate) struct CheckStoreFlags {
    #[command(flatten)]
    pub(crate) place: Place,
}

#[derive(Args, Debug)]
#[command(
    override_usage = "reflow version",
    after_help = "Version prints the version of reflow and of the compiler that built it."
)]
pub(crate) struct VersionFlags {}

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
    if let Some(first) = first {
        flags.extend(["--".into(), first]);
        flags.extend(words);
    }
    let all = CommandLine::augment_subcommands(Command::new("reflow").args_override_self(true));
    let matches = all.try_get_matches_from(named("reflow", named(name, flags)));
    let parsed = matches.and_then(|matches| CommandLine::from_arg_matches(&matches));
    parsed.map_err(|error| usage(mistake::explain(&error)))
}

/// Words behind a name.
fn named(name: &str, words: Vec<OsString>) -> Vec<OsString> {
    std::iter::once(name.into()).chain(words).collect()
}

/// The flags before the command, and the commands.
fn outer() -> Command {
    let command = Command::new("reflow").args_override_self(true).disable_help_subcommand(true);
    CommandLine::augment_subcommands(Global::augment_args(command))
}
