//! Flags of the commands that explain what ran: why it did, and whether it comes out the same again.

use base::regexp::Regexp;
use clap::{ArgAction, Args};

use super::running::ReuseFlags;
use super::values::{boolean, pattern};
use super::{MachineryFlags, Place, ProgramWords};

#[derive(Args, Debug)]
#[command(
    override_usage = "reflow why [flags] RUN [NODE]",
    after_help = "\
Why says of each step of a run why it was executed: which part of its key, such
as an input or the command, is not what it was for the nearest step of earlier
runs, and what brought that about. Of a cached step it says which run made it.

RUN is the beginning of a run's id, or `last`. With NODE, only the steps of that
name are told of, in full: an ident such as align.Sort, a position such as
align.rf:12, or the first digits of a step's name, key or exec."
)]
pub(crate) struct WhyFlags {
    #[command(flatten)]
    pub(crate) place: Place,
    /// print one JSON object
    #[arg(long, action = ArgAction::Set, value_parser = boolean(), default_value = "false")]
    pub(crate) json: bool,
    #[arg(value_name = "RUN", required = true)]
    pub(crate) run: String,
    #[arg(value_name = "NODE")]
    pub(crate) node: Option<String>,
}

#[derive(Args, Debug)]
#[command(
    override_usage = "reflow plan [flags] PATH [ARGS]",
    after_help = "\
Plan says what `run` would do with the same words: which execs would run, which
cannot be known before those have run, what is cached, and what would be
exported; and how long that would take, by what earlier execs of the same names
took. Inputs are read and images on this machine are looked at; nothing is
executed, exported, fetched or stored."
)]
pub(crate) struct PlanFlags {
    #[command(flatten)]
    pub(crate) machinery: MachineryFlags,
    /// print one JSON object
    #[arg(long, action = ArgAction::Set, value_parser = boolean(), default_value = "false")]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) reuse: ReuseFlags,
    #[command(flatten)]
    pub(crate) program: ProgramWords,
}

#[derive(Args, Debug)]
#[command(
    override_usage = "reflow replay [flags] EXEC | RUN NODE",
    after_help = "\
Replay runs one exec once more, with exactly the image, command and inputs that
are recorded of it, also one that failed, and says whether it comes to the
recorded result; if it does not, the exit code is 1. What the command writes is
passed on. The cache is neither read nor written.

EXEC is the beginning of an exec's id, of the digits that runs show behind its
name, or an ident such as align.Sort: then it is the latest of that name. NODE is
the same within a run; RUN is the beginning of its id, or `last`."
)]
pub(crate) struct ReplayFlags {
    #[command(flatten)]
    pub(crate) place: Place,
    /// open a shell in the place of the exec instead, with its inputs and its command
    #[arg(long, action = ArgAction::Set, value_parser = boolean(), default_value = "false")]
    pub(crate) shell: bool,
    /// copy the outputs to this folder, called 0, 1, … in the order of the command
    #[arg(long, value_name = "DIR")]
    pub(crate) keep: Option<String>,
    #[arg(value_name = "EXEC", required = true)]
    pub(crate) names: Vec<String>,
}

/// A part of a whole.
fn fraction(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(fraction) if (0.0..=1.0).contains(&fraction) => Ok(fraction),
        _ => Err("it must be a number from 0 to 1".to_owned()),
    }
}

#[derive(Args, Debug)]
#[command(
    override_usage = "reflow audit [flags] [RUN]",
    after_help = "\
Audit runs the steps of a run once more, or of all runs, and compares what they
come to with what is cached. It tells of each, names the files that differ, and
exits 1 if a step differs or fails. Cached results stay as they are. Steps that
the program calls nondeterministic are skipped, and so are those whose inputs or
results are gone."
)]
pub(crate) struct AuditFlags {
    #[command(flatten)]
    pub(crate) place: Place,
    /// take only so large a part of the steps, chosen at random: a number from 0 to 1
    #[arg(long, value_name = "float", default_value = "1", value_parser = fraction)]
    pub(crate) fraction: f64,
    /// where the choice begins: the same number chooses the same steps
    #[arg(long, value_name = "int")]
    pub(crate) seed: Option<u64>,
    /// a regular expression: only steps whose ident it matches anywhere
    #[arg(long, value_name = "string", value_parser = pattern)]
    pub(crate) ident: Option<Regexp>,
    /// let new results take the place of cached ones that differ
    #[arg(long, action = ArgAction::Set, value_parser = boolean(), default_value = "false")]
    pub(crate) replace: bool,
    #[arg(value_name = "RUN")]
    pub(crate) run: Option<String>,
}
