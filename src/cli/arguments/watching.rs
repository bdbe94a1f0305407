//! Flags of the commands that look at what goes on and step in (CLI spec §13).

use clap::{ArgAction, Args};

use super::Place;
use super::values::boolean;

#[derive(Args, Debug)]
#[command(
    override_usage = "reflow ps [flags]",
    after_help = "\
Ps lists the runs of a user and the execs of each that go on now, with what they
use at this moment. With -i it also lists execs that have ended, with what they
used at most; those of runs that were killed are dead.

Times are a duration before now (90s, 1h30m) or a day (2026-01-31, in UTC)."
)]
pub(crate) struct PsFlags {
    #[command(flatten)]
    pub(crate) place: Place,
    /// also execs that have ended or are dead
    #[arg(short = 'i', action = ArgAction::Set, value_parser = boolean(), default_value = "false")]
    pub(crate) i: bool,
    /// long listing: adds hosttype, inspect, uri and error
    #[arg(short = 'l', action = ArgAction::Set, value_parser = boolean(), default_value = "false")]
    pub(crate) l: bool,
    /// runs of this `user`
    #[arg(short = 'u', value_name = "string", default_value = "")]
    pub(crate) u: String,
    /// runs of all users
    #[arg(short = 'a', action = ArgAction::Set, value_parser = boolean(), default_value = "false")]
    pub(crate) a: bool,
    /// what was active since this time; without it, since ten minutes before -until
    #[arg(long, value_name = "string", default_value = "")]
    pub(crate) since: String,
    /// what was active until this time; without it, until now
    #[arg(long, value_name = "string", default_value = "")]
    pub(crate) until: String,
    /// list pools of rented machines instead
    #[arg(short = 'p', action = ArgAction::Set, value_parser = boolean(), default_value = "false")]
    pub(crate) p: bool,
    /// with -p: those of another version of reflow; _all_ for any
    #[arg(long = "p_version", value_name = "string", default_value = "")]
    pub(crate) p_version: String,
    /// with -p: those of another cluster; _all_ for any
    #[arg(long = "p_name", value_name = "string", default_value = "")]
    pub(crate) p_name: String,
    /// with -p: what was paid rather than what it costs at most
    #[arg(long = "exact_cost", action = ArgAction::Set, value_parser = boolean(), default_value = "false")]
    pub(crate) exact_cost: bool,
}

#[derive(Args, Debug)]
#[command(
    override_usage = "reflow list [-n] [-a] [NAME...]",
    after_help = "\
List shows allocs: the room that each run holds at this moment. With the name of
an alloc it lists its execs, with that of an exec it lists that one. Columns are
type, state, memory, processors, disk, time to expiry, ident or owner, and name."
)]
pub(crate) struct ListFlags {
    #[command(flatten)]
    pub(crate) place: Place,
    /// names only
    #[arg(short = 'n', action = ArgAction::Set, value_parser = boolean(), default_value = "false")]
    pub(crate) n: bool,
    /// everything: what is free, allocs and their execs
    #[arg(short = 'a', action = ArgAction::Set, value_parser = boolean(), default_value = "false")]
    pub(crate) a: bool,
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,
}

#[derive(Args, Debug)]
#[command(
    override_usage = "reflow shell [flags] EXEC",
    after_help = "\
Shell runs bash where the command of a running exec is: with its files, its
environment and its processes. The shell ends with the exec at the latest. EXEC
is HOST/ALLOC/EXEC, which ps -l lists. From a pipe it takes commands line by
line; in a container, ctrl-p ctrl-q leaves the shell to itself."
)]
pub(crate) struct ShellFlags {
    #[command(flatten)]
    pub(crate) place: Place,
    #[arg(value_name = "EXEC", required = true)]
    pub(crate) exec: String,
}

#[derive(Args, Debug)]
#[command(
    override_usage = "reflow kill [flags] ALLOC...",
    after_help = "\
Kill ends the runs that hold these allocs, which frees all they hold. A run is
asked to stop, as by an interrupt, and made to if it has not after some seconds.
ALLOC is HOST/ALLOC or the id of the run."
)]
pub(crate) struct KillFlags {
    #[command(flatten)]
    pub(crate) place: Place,
    #[arg(value_name = "ALLOC", required = true)]
    pub(crate) allocs: Vec<String>,
}
