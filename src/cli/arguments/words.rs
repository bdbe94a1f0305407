//! Takes flags off a command line: `-name`, `--name`, `-name=value`, `-name value` (CLI spec §1).

use std::any::TypeId;
use std::ffi::OsString;

use clap::{Arg, Command};

/// Why words are not taken further.
pub(super) enum Stop {
    /// `-help`.
    Help,
    /// `-h`.
    Usage,
    /// They are wrong.
    Mistake(String),
}

/// Takes the flags of `command` and their values off `words`, up to the first word that is no flag or
/// behind `--`. Yields them as clap writes them, and that first word.
pub(super) fn flags(
    command: &Command,
    words: &mut impl Iterator<Item = OsString>,
) -> Result<(Vec<OsString>, Option<OsString>), Stop> {
    let mut flags = Vec::new();
    while let Some(word) = words.next() {
        let text = word.to_string_lossy();
        if text == "--" {
            return Ok((flags, words.next()));
        }
        let Some(bare) = text.strip_prefix('-').filter(|bare| !bare.is_empty()) else {
            return Ok((flags, Some(word)));
        };
        let bare = bare.strip_prefix('-').unwrap_or(bare);
        if bare.starts_with(['-', '=']) {
            return Err(Stop::Mistake(format!("bad flag syntax: {text}")));
        }
        let (name, value) = bare.split_once('=').map_or((bare, None), |(name, value)| (name, Some(value)));
        let Some(flag) = command.get_arguments().find(|arg| name_of(arg).as_deref() == Some(name)) else {
            return Err(match name {
                "help" => Stop::Help,
                "h" => Stop::Usage,
                _ => Stop::Mistake(unknown(command, name)),
            });
        };
        let dashes = if flag.get_long().is_some() { "--" } else { "-" };
        let value = match value {
            Some(value) => OsString::from(value),
            None if is_boolean(flag) => OsString::from("true"),
            None => match words.next() {
                Some(value) => value,
                None => return Err(Stop::Mistake(format!("flag needs a value: -{name}"))),
            },
        };
        let mut flag = OsString::from(format!("{dashes}{name}="));
        flag.push(value);
        flags.push(flag);
    }
    Ok((flags, None))
}

/// The first of the words behind a command's first argument that would have been a flag of it before that.
pub(super) fn late_flag<'w>(command: &Command, rest: &'w [OsString]) -> Option<&'w str> {
    let is_flag = |word: &&str| {
        let bare = word.strip_prefix("--").or_else(|| word.strip_prefix('-')).unwrap_or_default();
        let name = bare.split_once('=').map_or(bare, |(name, _)| name);
        !name.is_empty() && command.get_arguments().any(|arg| name_of(arg).as_deref() == Some(name))
    };
    rest.iter().filter_map(|word| word.to_str()).find(is_flag)
}

/// The name of a flag; arguments that stand in their place have none.
pub(super) fn name_of(arg: &Arg) -> Option<String> {
    let short = || arg.get_short().map(String::from);
    arg.get_long().map(str::to_owned).or_else(short).filter(|name| name != "help")
}

/// Whether a flag stands without a value.
pub(super) fn is_boolean(arg: &Arg) -> bool {
    arg.get_value_parser().type_id() == TypeId::of::<bool>()
}

fn unknown(command: &Command, name: &str) -> String {
    match base::spelling::nearest(name, command.get_arguments().filter_map(name_of)) {
        Some(known) => format!("unknown flag -{name}; there is a flag -{known}"),
        None if is_global(name) => {
            format!("unknown flag -{name}; it is a global flag, which stands before the command")
        }
        None => format!("unknown flag -{name}"),
    }
}

/// Whether there is a flag of this name before the command.
fn is_global(name: &str) -> bool {
    super::outer().get_arguments().filter_map(name_of).any(|known| known == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(words: &[&str]) -> Result<(Vec<OsString>, Option<OsString>), String> {
        let command = super::super::outer();
        let run = command.find_subcommand("run").unwrap();
        flags(run, &mut words.iter().map(OsString::from)).map_err(|stop| match stop {
            Stop::Help => "help".to_owned(),
            Stop::Usage => "usage".to_owned(),
            Stop::Mistake(reason) => reason,
        })
    }

    #[test]
    fn flags_end_at_the_first_other_word() {
        let expect = |words: &[&str], taken: &[&str], first: Option<&str>| {
            let taken: Vec<OsString> = taken.iter().map(OsString::from).collect();
            assert_eq!(split(words), Ok((taken, first.map(OsString::from))), "{words:?}");
        };
        expect(&["-eval=x", "p.rf", "-eval", "y"], &["--eval=x"], Some("p.rf"));
        expect(&["--eval", "-x", "p.rf"], &["--eval=-x"], Some("p.rf"));
        expect(&["-json", "false"], &["--json=true"], Some("false"));
        expect(&["-json=0", "-", "p"], &["--json=0"], Some("-"));
        expect(&["--", "-json"], &[], Some("-json"));
        expect(&["-eval="], &["--eval="], None);
    }

    #[test]
    fn words_that_are_wrong_are_named() {
        for (words, reason) in [
            (&["---eval"][..], "bad flag syntax: ---eval"),
            (&["-=x"], "bad flag syntax: -=x"),
            (&["-nosuch"], "unknown flag -nosuch"),
            (&["-exekutor=x"], "unknown flag -exekutor; there is a flag -executor"),
            (&["-eval"], "flag needs a value: -eval"),
            (&["-h"], "usage"),
            (&["--help"], "help"),
        ] {
            assert_eq!(split(words), Err(reason.to_owned()), "{words:?}");
        }
    }
}
