//! What went wrong, with everything a person needs to look into it.

use base::Kind;
use base::units;
use engine::failure::LogTail;
use engine::{Failure, Failures, describe};

use super::Display;
use crate::exit::Exit;
use crate::run_files::Level;
use crate::terminal::{self, ErrorFormat};
use crate::{diagnostic_json, explain};

/// Says how a run failed, after each of its failures has been shown; the exit tells its code. `again` are
/// the words that repeat the run.
pub(crate) fn report_failures(display: &mut Display, failures: &Failures, again: &[String]) -> Exit {
    let text = summary(failures, again);
    display.log(Level::Error, &text);
    if terminal::format() == ErrorFormat::Json {
        failures.nodes().iter().for_each(|failure| terminal::say(&diagnostic_json::failure(failure)));
    }
    // The log may be off, but nobody is left without the reason.
    let last_words = (!display.shows(Level::Error)).then_some(text);
    match failures.kind() {
        Kind::Canceled => Exit::Failed(last_words),
        // Met before anything of it ran: not the program's evaluation, but what it asks for.
        _ if failures.nodes().iter().all(|failure| failure.of_image) && !failures.nodes().is_empty() => {
            Exit::Failed(last_words)
        }
        _ if failures.is_restartable() => Exit::Restartable(last_words),
        _ => Exit::Evaluation(last_words),
    }
}

/// The failures in a line each, and how to go on.
fn summary(failures: &Failures, again: &[String]) -> String {
    let mut text = match failures.nodes() {
        [] => failures.error().to_string(),
        [_] => "1 step failed:".to_owned(),
        many => format!("{} steps failed:", many.len()),
    };
    for failure in failures.nodes() {
        let place = failure.place.as_ref().map(|place| format!(" ({place})")).unwrap_or_default();
        text.push_str(&format!("\n\t{failure}{place}"));
    }
    if !again.is_empty() {
        let words: Vec<String> = again.iter().map(|word| shell_word(word)).collect();
        text.push_str("\n\twhat has completed is kept; to go on from there, run again:");
        text.push_str(&format!("\n\t    {}", words.join(" ")));
    }
    let codes: Vec<_> = failures.nodes().iter().map(explain::code_of).collect();
    text + &explain::pointer(&codes)
}

/// A word as a shell takes it.
fn shell_word(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@+%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// What is known of a failure, a line each, behind a tab.
pub(crate) fn details(failure: &Failure) -> String {
    let mut text = format!("\n\terror {}", failure.error);
    let mut line = |indent: &str, words: &str| {
        text.push_str(format!("\n\t{indent}{words}").trim_end());
    };
    if let Some(place) = &failure.place {
        line("", &place.to_string());
    }
    let Some(exec) = &failure.exec else { return text };
    line("", &format!("image: {}", exec.image));
    line("", "command:");
    for words in describe::command_lines(&exec.command) {
        line("    ", words);
    }
    if !exec.inputs.is_empty() {
        line("", "where:");
        for (name, fileset) in &exec.inputs {
            line("    ", &format!("{name} = {}", fileset.short()));
        }
    }
    line("", &format!("resources: {}", exec.resources));
    if exec.attempts > 1 {
        line("", &format!("tried {} times", exec.attempts));
    }
    if let Some(run) = &exec.run {
        let status = run.status.map_or("none".to_owned(), |status| status.to_string());
        line("", &format!("exit status: {status} after {:.1}s", run.wall.as_secs_f64()));
        for (name, tail) in [("stdout", &run.stdout), ("stderr", &run.stderr)] {
            stream(&mut line, name, tail);
        }
        if !run.script.as_os_str().is_empty() {
            line("", &format!("the command as it ran: {}", run.script.display()));
        }
    }
    text
}

/// How to run the step by itself, behind a tab; nothing if the history does not know it.
pub(super) fn again(failure: &Failure) -> String {
    let row = failure.exec.as_ref().and_then(|exec| exec.row);
    row.map(|row| format!("\n\tthis step by itself: reflow replay {}", row.short())).unwrap_or_default()
}

fn stream(line: &mut impl FnMut(&str, &str), name: &str, tail: &LogTail) {
    if tail.size == 0 {
        line("", &format!("{name}: empty"));
        return;
    }
    let whole = if tail.cut { format!(", its last {} lines", tail.lines.len()) } else { String::new() };
    line("", &format!("{name}: {} in {}{whole}:", units::data_size(tail.size), tail.path.display()));
    for words in &tail.lines {
        line("    ", words);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The codes of running that no program brings about at will; the others have golden cases.
    #[test]
    fn rare_failures_are_shown_with_their_codes() {
        for (kind, op, message, expected) in [
            (Kind::Oom, "exec", "killed at 2.0GiB", "R4002"),
            (Kind::Timeout, "intern", "no answer within 30s", "R4010"),
            (Kind::Integrity, "intern", "the file changed while it was read", "R4011"),
            (Kind::Fatal, "intern", "a worker is gone", "R4013"),
        ] {
            let failure = explain::made_failure(kind, op, message);
            let shown = format!("{failure}{}\n{}", details(&failure), explain::code_of(&failure));
            let lines: Vec<&str> = shown.lines().collect();
            assert_eq!(lines.len(), 3, "{shown}");
            assert!(lines[0].starts_with("main.Main ") && lines[0].ends_with(message), "{shown}");
            assert!(lines[1].starts_with("\terror ") && lines[1].ends_with(message), "{shown}");
            assert_eq!(lines[2], expected, "{shown}");
        }
    }

    #[test]
    fn words_are_quoted_as_a_shell_needs_it() {
        for (word, quoted) in [
            ("plain-1.5/x_y", "plain-1.5/x_y"),
            ("", "''"),
            ("a b", "'a b'"),
            ("it's", r"'it'\''s'"),
            ("$HOME", "'$HOME'"),
            ("~", "'~'"),
        ] {
            assert_eq!(shell_word(word), quoted);
        }
    }
}
