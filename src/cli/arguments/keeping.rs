//! Flags of the commands that keep the store in order.

use base::units;
use clap::{ArgAction, Args};
use jiff::civil::Date;
use jiff::{Timestamp, ToSpan, tz::TimeZone};
use store::Filter;

use super::values::boolean;
use super::{MachineryFlags, Place, ProgramWords};

#[derive(Args, Debug)]
#[command(
    override_usage = "reflow collect -threshold DATE|Nd [flags]",
    after_help = "\
Collect removes cache entries that were not used after the threshold, the
objects that only they refer to, objects without entries from before it, and the
history and logs of runs that began before it. It only says what would go, unless
-dry-run=false is given. What a running evaluation needs stays, and so does what
`reflow root` has given a name.

A filter consists of blank-separated alternatives, each a comma-separated
conjunction of regular expressions over labels, ! in front of one negating it."
)]
pub(crate) struct CollectFlags {
    #[command(flatten)]
    pub(crate) place: Place,
    /// entries used later are kept: a date, as 2026-01-31, or a number of days ago, as 30d
    #[arg(long, value_name = "string", value_parser = threshold, required = true)]
    pub(crate) threshold: Timestamp,
    /// a filter: entries with such labels are kept
    #[arg(long, value_name = "string", default_value = "", value_parser = filter)]
    pub(crate) keep: Filter,
    /// a filter: entries with such labels are removed, whatever their age
    #[arg(long, value_name = "string", default_value = "", value_parser = filter)]
    pub(crate) labels: Filter,
    /// the room that objects may take, such as 500GiB; beyond it the least recently used
    /// entries go
    #[arg(long, value_name = "string", value_parser = size)]
    pub(crate) maxsize: Option<u64>,
    /// only say what would be removed
    #[arg(long = "dry-run", action = ArgAction::Set, value_parser = boolean(), default_value = "true")]
    pub(crate) dry_run: bool,
    /// the most entries removed in a second
    #[arg(long, value_name = "int", default_value = "300", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) rate: u32,
    /// how many filesets in the older format are rewritten; 0 none, -1 all
    #[arg(long = "migrate-fs-max-attempts", value_name = "int", default_value = "5000", allow_negative_numbers = true)]
    pub(crate) migrate: i64,
}

/// A time before which things are old: a date, whose day begins where the user is, or days back from now.
fn threshold(text: &str) -> Result<Timestamp, String> {
    let wrong = || "it must be a date, as 2026-01-31, or a number of days ago, as 30d".to_owned();
    if let Some(days) = text.strip_suffix('d') {
        let days: i64 = days.parse().ok().filter(|days| *days >= 0).ok_or_else(wrong)?;
        return Timestamp::now().checked_sub(days.checked_mul(24).ok_or_else(wrong)?.hours()).map_err(|_| wrong());
    }
    let date: Date = text.parse().map_err(|_| wrong())?;
    Ok(date.to_zoned(TimeZone::system()).map_err(|_| wrong())?.timestamp())
}

fn filter(text: &str) -> Result<Filter, String> {
    Filter::parse(text).map_err(|error| error.to_string())
}

fn size(text: &str) -> Result<u64, String> {
    units::parse_size(text).map_err(|error| error.to_string())
}

#[derive(Args, Debug)]
#[command(
    override_usage = "reflow repair [flags] PATH [ARGS]",
    after_help = "\
Repair looks up everything that a run would, and stores what is found under all
keys that it can be found by, for example after a tag of an image has moved or
names have changed. Nothing is executed; it ends with the number of new entries."
)]
pub(crate) struct RepairFlags {
    #[command(flatten)]
    pub(crate) machinery: MachineryFlags,
    /// a table of runs; there are no batches yet
    #[arg(long, value_name = "string", default_value = "")]
    pub(crate) batch: String,
    /// accepted, above 0; writes are gathered into common transactions anyway
    #[arg(long, value_name = "int", default_value = "20", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) writebackconcurrency: u32,
    /// accepted, above 0; lookups are gathered anyway
    #[arg(long, value_name = "int", default_value = "50", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) getconcurrency: u32,
    #[command(flatten)]
    pub(crate) program: ProgramWords,
}

#[derive(Args, Debug)]
#[command(
    override_usage = "reflow root [flags] [add NAME ID | remove NAME]",
    after_help = "\
Root gives names to what `reflow collect` must keep, whatever its age. ID is a run
(the results of all its steps), a cache key, the digest of a cached fileset, or an
object; it may be abbreviated. Without arguments the names are listed."
)]
pub(crate) struct RootFlags {
    #[command(flatten)]
    pub(crate) place: Place,
    #[arg(value_name = "WORD")]
    pub(crate) words: Vec<String>,
}
