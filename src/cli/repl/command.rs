//! Commands: inputs that begin with a colon. Any beginning that only one of them has will do.

use std::rc::Rc;

use syntax::diagnostic::Source;

use super::Next;
use super::shell::Shell;

/// The commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Command {
    Type,
    Doc,
    Load,
    Reload,
    Digest,
    Help,
    Quit,
}

/// The names of the commands, with what is said of each.
const COMMANDS: [(&str, Command, &str, &str); 7] = [
    ("type", Command::Type, "EXPRESSION", "the type of an expression, which is not evaluated"),
    ("doc", Command::Doc, "NAME", "the documentation of a name, of a member, or of $/MODULE"),
    ("load", Command::Load, "PATH [FLAGS]", "bring in all declarations of a module; flags set its parameters"),
    ("reload", Command::Reload, "", "read all modules again and enter all declarations once more"),
    ("digest", Command::Digest, "EXPRESSION", "the digest of a value, or of the flow that would yield it"),
    ("help", Command::Help, "", "this text"),
    ("quit", Command::Quit, "", "leave (Ctrl-D does, too)"),
];

impl Command {
    /// The command that a word with a colon is, or the clear beginning of.
    pub(super) fn named(word: &str) -> Option<Self> {
        let word = word.strip_prefix(':')?;
        let mut found = COMMANDS.iter().filter(|(name, ..)| name.starts_with(word));
        match (found.next(), found.next()) {
            (Some((_, command, ..)), None) if !word.is_empty() => Some(*command),
            _ => COMMANDS.iter().find(|(name, ..)| *name == word).map(|(_, command, ..)| *command),
        }
    }
}

/// The commands whose names begin so, colon included, with what is said of them.
pub(super) fn beginning_with(word: &str) -> impl Iterator<Item = (String, &'static str)> + use<'_> {
    let named = COMMANDS.iter().map(|(name, _, _, help)| (format!(":{name}"), *help));
    named.filter(move |(name, _)| name.starts_with(word))
}

/// Does what the command says that begins at `start`.
pub(super) fn run(shell: &mut Shell<'_>, source: &Rc<Source>, start: usize) -> Next {
    let text = source.text[start..].trim_end();
    let (word, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let Some(command) = Command::named(word) else {
        shell.fail(format!("there is no command {word}; :help lists them"));
        return Next::Input;
    };
    let argument = rest.trim();
    match command {
        Command::Type | Command::Digest if argument.is_empty() => {
            shell.fail(format!("which expression? {word} EXPRESSION"))
        }
        Command::Type | Command::Digest => {
            // The expression keeps its place in the input.
            let blank = source.text[..start + word.len()].chars().map(|c| if c == '\n' { '\n' } else { ' ' });
            let text = blank.collect::<String>() + &source.text[start + word.len()..];
            let source = Source::from_line(source.name.clone(), text, source.position(0).0);
            shell.question(&source, command == Command::Digest);
        }
        Command::Doc if argument.is_empty() => shell.fail(format!("of what? {word} NAME")),
        Command::Doc => {
            let found = shell.interactive.borrow().describe(argument);
            match found {
                Some(text) => shell.say(&text),
                None => shell.fail(format!("nothing is known of {argument}")),
            }
        }
        Command::Load => match words(argument).split_first() {
            Some((path, flags)) => {
                shell.load(path, flags);
            }
            None => shell.fail(format!("which module? {word} PATH [FLAGS]")),
        },
        Command::Reload => shell.reload(),
        Command::Help => shell.say(&help()),
        Command::Quit => return Next::End,
    }
    Next::Input
}

/// The words of a command; one in double or single quotes may have blanks in it.
fn words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let (word, behind) = match first {
            quote @ ('"' | '\'') => rest[1..].split_once(quote).unwrap_or((&rest[1..], "")),
            _ => rest.split_once(char::is_whitespace).unwrap_or((rest, "")),
        };
        words.push(word.to_owned());
        rest = behind.trim_start();
    }
    words
}

/// What `:help` says; it fits a screen.
fn help() -> String {
    let mut text = "An input is an expression, whose value is printed, or declarations:\n\n".to_owned();
    for example in [
        "1 + len(\"abc\")",
        "val strings = make(\"$/strings\")     strings.Split(\"a b\", \" \")",
        "func double(n int) int = n * 2      type Pair (int, string)",
        "val hello = exec(image := \"ubuntu\") (out file) {\" echo hello > {{out}} \"}",
    ] {
        text.push_str(&format!("    {example}\n"));
    }
    text.push_str("\nCommands, of which the beginning is enough:\n\n");
    for (name, _, argument, help) in COMMANDS {
        let usage = format!(":{name} {argument}");
        text.push_str(&format!("    {usage:<20}  {help}\n"));
    }
    text.push_str(
        "\nWhat is declared stays, and may be declared again. An input goes on over several lines until it\n\
         is complete. Tab completes, Ctrl-R searches earlier inputs, Ctrl-C drops the input or stops the\n\
         evaluation. What a value needs is run, and cached, as `reflow run` does.\n",
    );
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beginnings_that_are_clear_will_do() {
        for (word, command) in [
            (":type", Some(Command::Type)),
            (":t", Some(Command::Type)),
            (":q", Some(Command::Quit)),
            (":do", Some(Command::Doc)),
            (":d", None),
            (":", None),
            (":types", None),
            ("type", None),
        ] {
            assert_eq!(Command::named(word), command, "{word}");
        }
    }

    #[test]
    fn words_may_be_quoted() {
        assert_eq!(words("a.rf  -x 1"), ["a.rf", "-x", "1"]);
        assert_eq!(words("\"a b.rf\" -x ''"), ["a b.rf", "-x", ""]);
        assert_eq!(words(""), [""; 0]);
    }

    #[test]
    fn help_fits_a_screen() {
        let help = help();
        assert!(help.lines().count() <= 23, "{}", help.lines().count());
        assert!(help.lines().all(|line| line.chars().count() <= 100), "{help}");
    }
}
