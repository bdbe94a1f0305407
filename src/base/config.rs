//! What an executor is asked to do and what it answers (runtime spec §1.10).
//!
//! The engine makes an [`ExecConfig`] from an exec node whose inputs are known; every executor, near or
//! far, understands it.

use std::fmt;

use crate::fileset::Fileset;
use crate::quote::quote;
use crate::resources::Resources;

/// One `%s` of an exec's command template.
#[derive(Clone, Debug, PartialEq)]
pub enum Arg {
    /// The fileset's paths are written here, blank-separated.
    Input(Fileset),
    /// The path of the output of this number is written here. Numbers may repeat.
    Output(usize),
}

/// Whether an output is one file or a directory of files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OutputKind {
    /// A file; the command must create it.
    File,
    /// A directory, which exists when the command starts.
    Dir,
}

/// A command to run in an image, with inputs, outputs and room.
#[derive(Clone, Debug, PartialEq)]
pub struct ExecConfig {
    /// Label for people, such as `align.Main.sorted`.
    pub ident: String,
    /// Image to run, without qualifiers, resolved to a digest where there is one.
    pub image: String,
    /// Image text as the program has it, with qualifiers.
    pub original_image: String,
    /// printf-style template: one `%s` for each argument, `%%` for a percent sign.
    pub command: String,
    /// One for each `%s`, in order.
    pub args: Vec<Arg>,
    /// Kinds of the outputs 0, 1, ….
    pub outputs: Vec<OutputKind>,
    /// Room to reserve, and to limit the command to where the executor can: `cpu` cores, `mem` and
    /// `disk` bytes.
    pub resources: Resources,
    /// Whether the command wants cloud credentials in its environment.
    pub need_aws_credentials: bool,
    /// Whether the command wants to talk to the Docker engine.
    pub need_docker_access: bool,
}

/// The fileset in short, or `out[n]`.
impl fmt::Display for Arg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Arg::Input(fileset) => f.write_str(&fileset.short()),
            Arg::Output(number) => write!(f, "out[{number}]"),
        }
    }
}

impl ExecConfig {
    /// The filesets among the arguments, in order.
    pub fn inputs(&self) -> impl Iterator<Item = &Fileset> {
        self.args.iter().filter_map(|arg| match arg {
            Arg::Input(fileset) => Some(fileset),
            Arg::Output(_) => None,
        })
    }
}

/// For logs: image, command, arguments and resources on one line.
impl fmt::Display for ExecConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let args: Vec<String> = self.args.iter().map(Arg::to_string).collect();
        let (command, args) = (quote(self.command.as_bytes()), args.join(", "));
        write!(f, "execconfig exec image {} cmd {command} args [{args}] resources {}", self.image, self.resources)
    }
}
