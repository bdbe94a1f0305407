//! The command that is run: the template of an exec with the paths of its arguments in it.
//!
//! The paths are those that the command sees, `/arg/…` and `/return/…`, wherever the executor keeps
//! the files (runtime spec §6.3 *Command*).

use std::fmt::Write as _;

use base::config::{Arg, ExecConfig};
use base::{Error, Kind};

/// Where a command finds its inputs, outputs and scratch room.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Places {
    /// Folder of the inputs.
    pub(crate) arg: String,
    /// Folder of the outputs.
    pub(crate) output: String,
    /// Scratch folder.
    pub(crate) tmp: String,
}

impl Places {
    /// The paths of runtime spec §6.3: `/arg`, `/return`, `/tmp`.
    pub(crate) fn standard() -> Self {
        Self { arg: "/arg".to_owned(), output: "/return".to_owned(), tmp: "/tmp".to_owned() }
    }

    /// The environment that every command gets, in order of name. `out` is for commands without
    /// declared outputs, which leave their result there.
    pub(crate) fn environment(&self, config: &ExecConfig) -> Vec<(String, String)> {
        let mut pairs = self.common_environment();
        if config.outputs.is_empty() {
            pairs.push(("out".to_owned(), format!("{}/default", self.output)));
        }
        pairs.sort_unstable();
        pairs
    }

    /// What of the environment every command has.
    pub(crate) fn common_environment(&self) -> Vec<(String, String)> {
        ["HOME", "TMPDIR", "tmp"].map(|name| (name.to_owned(), self.tmp.clone())).to_vec()
    }
}

/// The command of `config`: each `%s` replaced by the paths of its argument, `%%` by `%`.
///
/// Part `j` of the argument at position `i` (outputs count as positions too) is `/arg/i/j`; the parts
/// of one argument are separated by blanks. Output `n` is `/return/n`. `Invalid` if the template does
/// not have exactly one `%s` for each argument, or has another directive.
pub(crate) fn render(config: &ExecConfig, places: &Places) -> Result<String, Error> {
    let mut out = String::with_capacity(config.command.len() + 16 * config.args.len());
    let mut arguments = config.args.iter().enumerate();
    let mut rest = config.command.as_str();
    while let Some(at) = rest.find('%') {
        out.push_str(&rest[..at]);
        let directive = rest[at + 1..].chars().next();
        match directive {
            Some('%') => out.push('%'),
            Some('s') => {
                let (position, argument) = arguments.next().ok_or_else(|| mismatch(config))?;
                push_paths(&mut out, position, argument, places);
            }
            _ => return Err(unknown_directive(directive)),
        }
        rest = &rest[at + 2..];
    }
    out.push_str(rest);
    match arguments.next() {
        None => Ok(out),
        Some(_) => Err(mismatch(config)),
    }
}

fn push_paths(out: &mut String, position: usize, argument: &Arg, places: &Places) {
    // Writing to a string cannot fail.
    let _ = match argument {
        Arg::Output(number) => write!(out, "{}/{number}", places.output),
        Arg::Input(fileset) => (0..fileset.flatten().len()).try_for_each(|part| {
            let blank = if part > 0 { " " } else { "" };
            write!(out, "{blank}{}/{position}/{part}", places.arg)
        }),
    };
}

fn mismatch(config: &ExecConfig) -> Error {
    let count = config.args.len();
    let plural = if count == 1 { "" } else { "s" };
    Error::new(
        Kind::Invalid,
        format!("the command template does not have one %s for each of its {count} argument{plural}"),
    )
}

fn unknown_directive(directive: Option<char>) -> Error {
    let what = match directive {
        Some(letter) => format!("the directive %{letter}"),
        None => "a lone % at its end".to_owned(),
    };
    Error::new(Kind::Invalid, format!("the command template has {what}; only %s and %% are known"))
}

#[cfg(test)]
mod tests {
    use base::config::OutputKind;
    use base::{Digest, File, Fileset, Resources};

    use super::*;

    fn config(command: &str, args: Vec<Arg>) -> ExecConfig {
        ExecConfig {
            ident: String::new(),
            image: String::new(),
            original_image: String::new(),
            command: command.to_owned(),
            args,
            outputs: vec![OutputKind::File],
            resources: Resources::new(),
            need_aws_credentials: false,
            need_docker_access: false,
        }
    }

    fn file() -> Fileset {
        Fileset::of_file(File::resolved(Digest::of("x"), 1))
    }

    fn rendered(command: &str, args: Vec<Arg>) -> Result<String, String> {
        render(&config(command, args), &Places::standard()).map_err(|error| error.message().to_owned())
    }

    #[test]
    fn positions_count_outputs_too() {
        let args = vec![
            Arg::Output(1),
            Arg::Input(file()),
            Arg::Output(0),
            Arg::Input(Fileset::of_list(vec![file(), file()])),
        ];
        assert_eq!(rendered("%s<%s>%s;%s", args).unwrap(), "/return/1</arg/1/0>/return/0;/arg/3/0 /arg/3/1");
    }

    #[test]
    fn percent_signs_and_everything_else_stay() {
        assert_eq!(rendered("date +%%Y%%s é\n", vec![]).unwrap(), "date +%Y%s é\n");
        assert_eq!(rendered("%%%s%%", vec![Arg::Output(0)]).unwrap(), "%/return/0%");
        assert_eq!(rendered("", vec![]).unwrap(), "");
    }

    fn unknown_message(directive: &str) -> String {
        format!("the command template has the directive {directive}; only %s and %% are known")
    }

    #[test]
    fn a_template_must_fit_its_arguments() {
        assert!(rendered("%s", vec![]).unwrap_err().contains("each of its 0 arguments"));
        assert!(rendered("none", vec![Arg::Output(0)]).unwrap_err().contains("each of its 1 argument"));
        assert_eq!(rendered("half: 50% é", vec![]), Err(unknown_message("% ")));
        assert!(rendered("100%", vec![]).unwrap_err().contains("a lone % at its end"));
        assert_eq!(rendered("%é", vec![]), Err(unknown_message("%é")));
    }

    #[test]
    fn an_empty_list_is_one_empty_folder() {
        assert_eq!(rendered("ls %s", vec![Arg::Input(Fileset::new())]).unwrap(), "ls /arg/0/0");
    }

    #[test]
    fn out_is_for_commands_without_declared_outputs() {
        let mut config = config("", vec![]);
        let names = |config: &ExecConfig| -> Vec<String> {
            Places::standard().environment(config).into_iter().map(|(name, value)| format!("{name}={value}")).collect()
        };
        assert_eq!(names(&config), ["HOME=/tmp", "TMPDIR=/tmp", "tmp=/tmp"]);
        config.outputs.clear();
        assert_eq!(names(&config), ["HOME=/tmp", "TMPDIR=/tmp", "out=/return/default", "tmp=/tmp"]);
    }
}
