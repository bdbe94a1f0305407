//! Flags of the commands about single cached results and what they teach (CLI spec §14.1, §14.2, §15.9).

use clap::{ArgAction, Args};

use super::Place;
use super::values::boolean;

#[derive(Args, Debug)]
#[command(
    override_usage = "reflow sync [-sizeonly] [-index N] FILESET DIR",
    after_help = "\
Sync makes the folder DIR hold the files of a cached fileset. Files that are there
and right are left alone, as are files that are not in the fileset."
)]
pub(crate) struct SyncFlags {
    #[command(flatten)]
    pub(crate) place: Place,
    /// a file of the right size is right; its content is not read
    #[arg(long, action = ArgAction::Set, value_parser = boolean(), default_value = "false")]
    pub(crate) sizeonly: bool,
    /// which member, if the fileset is a list
    #[arg(long, value_name = "int", default_value = "0")]
    pub(crate) index: i64,
    #[arg(value_name = "FILESET", required = true)]
    pub(crate) fileset: String,
    #[arg(value_name = "DIR", required = true)]
    pub(crate) folder: String,
}

#[derive(Args, Debug)]
#[command(
    override_usage = "reflow rmcache [flags]",
    after_help = "\
Rmcache reads cache keys from standard input, a line each, and removes them, so
that what they stand for is made again."
)]
pub(crate) struct RmcacheFlags {
    #[command(flatten)]
    pub(crate) place: Place,
}

#[derive(Args, Debug)]
#[command(
    override_usage = "reflow pred [-maxinspect N] [-name STAT] NAME...",
    after_help = "\
Pred shows what was sampled of earlier execs, the oldest first, and what is
predicted from that. NAME is the ident of execs, or the digest of their image and
command."
)]
pub(crate) struct PredFlags {
    #[command(flatten)]
    pub(crate) place: Place,
    /// the most records that are read; 0 for what is configured
    #[arg(long, value_name = "int", default_value = "0")]
    pub(crate) maxinspect: u32,
    /// only this statistic, mem or duration, and its prediction
    #[arg(long, value_name = "string", default_value = "")]
    pub(crate) name: String,
    #[arg(value_name = "NAME", required = true)]
    pub(crate) names: Vec<String>,
}
