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
