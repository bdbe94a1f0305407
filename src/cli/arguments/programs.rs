//! Flags of the commands that only look at programs, and of those that look at nothing.

use clap::{ArgAction, Args};

use super::ProgramWords;
use super::values::boolean;

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
    #[command(flatten)]
    pub(crate) program: ProgramWords,
}

#[derive(Args, Debug)]
#[command(
    override_usage = "reflow images PATH [ARGS]",
    after_help = "\
Images lists the container images of the program at PATH, given its flags, as
far as they are known before anything is run."
)]
pub(crate) struct ImagesFlags {
    #[command(flatten)]
    pub(crate) program: ProgramWords,
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
    override_usage = "reflow version",
    after_help = "Version prints the version of reflow and of the compiler that built it."
)]
pub(crate) struct VersionFlags {}
