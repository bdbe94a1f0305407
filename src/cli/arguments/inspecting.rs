//! Flags of the commands that look at state: what ran, and what is kept of it.

use clap::{ArgAction, Args};

use super::values::boolean;
use super::{LogLevel, Place};

#[derive(Args, Debug)]
#[command(
    override_usage = "reflow info [flags] NAME...",
    after_help = "\
Info describes runs, execs, cached filesets and objects by their ids, which may
be abbreviated; execs also by their names HOST/ALLOC/EXEC, and allocs by theirs,
HOST/ALLOC."
)]
pub(crate) struct InfoFlags {
    #[command(flatten)]
    pub(crate) place: Place,
    /// whole ids and messages in tables
    #[arg(long, action = ArgAction::Set, value_parser = boolean(), default_value = "false")]
    pub(crate) full: bool,
    /// accepted, without effect: this machine has no price
    #[arg(long = "exact_cost", action = ArgAction::Set, value_parser = boolean(), default_value = "false")]
    pub(crate) exact_cost: bool,
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
    /// follow a running exec, given by its name HOST/ALLOC/EXEC, until it ends
    #[arg(short = 'f', action = ArgAction::Set, value_parser = boolean(), default_value = "false")]
    pub(crate) f: bool,
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
Check-store checks the database, reads every object of the repository and
compares it with its digest. It exits 1 if something is bad.

With -repair, bad objects are removed, so that the next run that needs them makes
them again; a damaged database is set aside, and a new one is built from what can
be read of it and from the files of runs. No other process may use the state then."
)]
pub(crate) struct CheckStoreFlags {
    #[command(flatten)]
    pub(crate) place: Place,
    /// remove what is bad, rebuild what can be rebuilt
    #[arg(long, action = ArgAction::Set, value_parser = boolean(), default_value = "false")]
    pub(crate) repair: bool,
}
