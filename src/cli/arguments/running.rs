//! Flags of the commands that evaluate.

use std::time::Duration;

use base::assertion::Policy;
use base::regexp::Regexp;
use clap::{ArgAction, Args};
use engine::Config;

use super::values::{boolean, duration, pattern, policy};
use super::{MachineryFlags, ProgramWords};

/// Which cached results may be used.
#[derive(Args, Clone, Debug)]
pub(crate) struct ReuseFlags {
    /// a regular expression: nodes whose ident it matches anywhere are not taken from the
    /// cache, but run and stored again
    #[arg(long, value_name = "string", value_parser = pattern)]
    pub(crate) invalidate: Option<Regexp>,
    /// a cached result that has an empty part counts as none
    #[arg(long, action = ArgAction::Set, value_parser = boolean(), default_value = "false")]
    pub(crate) recomputeempty: bool,
    /// what must hold of that from which a cached result was made: never (nothing: what is
    /// found is right) or exact (every size, entity tag and time of modification is what it was)
    #[arg(long, value_name = "string", default_value = "never", value_parser = policy)]
    pub(crate) assert: Policy,
}

impl ReuseFlags {
    /// The configuration of the engine with these rules.
    pub(crate) fn apply(&self, config: Config) -> Config {
        let pattern = self.invalidate.clone();
        Config {
            invalidate: pattern.map(|pattern| Box::new(move |ident: &str| pattern.is_match(ident)) as _),
            recompute_empty: self.recomputeempty,
            assert: self.assert,
            ..config
        }
    }
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
    pub(crate) machinery: MachineryFlags,
    /// print one JSON object as the last line of standard output
    #[arg(long, action = ArgAction::Set, value_parser = boolean(), default_value = "false")]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) reuse: ReuseFlags,
    /// run on this machine; there is no other place yet
    #[arg(long, action = ArgAction::Set, value_parser = boolean(), default_value = "true")]
    pub(crate) local: bool,
    /// order of evaluation: bottomup (everything is looked up in the cache, with a line for each)
    /// or topdown (what is found is taken before what it was made of is looked at)
    #[arg(long, value_name = "string", default_value = "bottomup", value_parser = ["topdown", "bottomup"])]
    pub(crate) eval: String,
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
    #[command(flatten)]
    pub(crate) program: ProgramWords,
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
    pub(crate) machinery: MachineryFlags,
    #[arg(value_name = "EXPR", required = true)]
    pub(crate) expr: String,
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
    pub(crate) machinery: MachineryFlags,
    #[arg(value_name = "PATH")]
    pub(crate) path: Option<String>,
    #[arg(value_name = "ARGS")]
    pub(crate) args: Vec<String>,
}
