//! The conversation: inputs are edited on the terminal, over several lines until they are complete, with
//! colours, completion, hints and what was entered earlier.

use std::borrow::Cow;
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::{Arc, Mutex, PoisonError};

use lang::interactive::{Completion, Interactive, PathKind};
use rustyline::completion::{Completer, Pair};
use rustyline::config::BellStyle;
use rustyline::error::ReadlineError;
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::Hinter;
use rustyline::history::{FileHistory, SearchDirection};
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{
    CharSearch, Cmd, ColorMode, CompletionType, ConditionalEventHandler, Config, Context, Editor, Event, EventContext,
    EventHandler, Helper, KeyCode, KeyEvent, Modifiers, Movement, RepeatCount,
};
use syntax::diagnostic::Source;

use super::command::{self, Command};
use super::history::{Kept, MOST_INPUTS};
use super::indent::{self, CONTINUED, PROMPT};
use super::paint::{self, Style};
use super::shell::Shell;
use super::{Next, answer, paths};
use crate::arguments::Place;
use crate::exit::Exit;
use crate::terminal;

/// Candidates are listed with what they are only if there are at most so many.
const MOST_DESCRIBED: usize = 30;

/// Reads inputs and hands them on until the user leaves.
pub(super) fn converse(shell: &mut Shell<'_>, place: &Place) -> Result<(), Exit> {
    let mut editor = open(shell.interactive.clone()).map_err(cannot_edit)?;
    let mut kept = Kept::open(place, &mut editor);
    answer::remark(&format!("reflow {} - :help lists what there is, Ctrl-D leaves", env!("CARGO_PKG_VERSION")));
    let mut count = 0;
    loop {
        let text = match editor.readline(PROMPT) {
            Ok(text) => text,
            Err(ReadlineError::Interrupted) => continue,
            Err(ReadlineError::Eof) => return Ok(()),
            Err(error) => return Err(cannot_edit(error)),
        };
        let input = indent::input(&text);
        if input.trim().is_empty() {
            continue;
        }
        kept.add(&mut editor, text.trim_end());
        count += 1;
        let source = Source::new(format!("<repl:{count}>"), input.trim_end());
        if shell.take(&source) == Next::End {
            return Ok(());
        }
    }
}

fn cannot_edit(error: ReadlineError) -> Exit {
    Exit::failed(format!("cannot read from the terminal: {error}"))
}

fn open(interactive: Rc<RefCell<Interactive>>) -> rustyline::Result<Editor<Assistant, FileHistory>> {
    let colour = terminal::has_colour();
    let config = Config::builder()
        .max_history_size(MOST_INPUTS)?
        .history_ignore_dups(true)?
        .history_ignore_space(true)
        .completion_type(CompletionType::List)
        .completion_show_all_if_ambiguous(true)
        .bell_style(BellStyle::None)
        .color_mode(if colour { ColorMode::Enabled } else { ColorMode::Disabled })
        .build();
    let mut editor = Editor::with_config(config)?;
    let rewriting = Rewriting::default();
    editor.set_helper(Some(Assistant { interactive, colour, rewriting: rewriting.clone() }));
    let plain = |code| KeyEvent(code, Modifiers::NONE);
    editor.bind_sequence(plain(KeyCode::Enter), handler(Enter));
    // What was typed while something was evaluated ends in line feeds.
    editor.bind_sequence(KeyEvent::ctrl('J'), handler(Enter));
    editor.bind_sequence(plain(KeyCode::Tab), handler(Indent));
    editor.bind_sequence(plain(KeyCode::Backspace), handler(Dedent(rewriting.clone())));
    editor.bind_sequence(KeyEvent(KeyCode::Enter, Modifiers::ALT), handler(NewLine));
    for bracket in [')', ']', '}'] {
        editor.bind_sequence(plain(KeyCode::Char(bracket)), handler(Close(rewriting.clone(), bracket)));
    }
    Ok(editor)
}

fn handler(handler: impl ConditionalEventHandler + 'static) -> EventHandler {
    EventHandler::Conditional(Box::new(handler))
}

/// Enter: takes the input if it is complete, or wrong, else begins a line.
struct Enter;

impl ConditionalEventHandler for Enter {
    fn handle(&self, event: &Event, count: RepeatCount, positive: bool, context: &EventContext<'_>) -> Option<Cmd> {
        match indent::wants_more(context.line()) {
            true => NewLine.handle(event, count, positive, context),
            false => Some(Cmd::AcceptLine),
        }
    }
}

/// Begins a line in any case.
struct NewLine;

impl ConditionalEventHandler for NewLine {
    fn handle(&self, _: &Event, _: RepeatCount, _: bool, context: &EventContext<'_>) -> Option<Cmd> {
        Some(Cmd::Insert(1, indent::new_line(before(context))))
    }
}

/// Tab at the beginning of a continued line indents.
struct Indent;

impl ConditionalEventHandler for Indent {
    fn handle(&self, _: &Event, _: RepeatCount, _: bool, context: &EventContext<'_>) -> Option<Cmd> {
        let (_, line) = before(context).rsplit_once('\n')?;
        line.trim().is_empty().then(|| Cmd::Insert(1, "    ".to_owned()))
    }
}

/// What is to stand from an offset up to the cursor. Of all the editor's commands only completion puts text in
/// place of other text and the cursor behind it; so keys that do that leave here what they want, and complete.
type Rewriting = Arc<Mutex<Option<(usize, String)>>>;

fn rewrite(rewriting: &Rewriting, start: usize, text: String) -> Cmd {
    *rewriting.lock().unwrap_or_else(PoisonError::into_inner) = Some((start, text));
    Cmd::Complete
}

/// Where the line before the cursor begins.
fn line_start(before: &str) -> usize {
    before.rfind('\n').map_or(0, |feed| feed + 1)
}

/// Backspace at the beginning of a continued line takes back what Enter and Tab have done.
struct Dedent(Rewriting);

impl ConditionalEventHandler for Dedent {
    fn handle(&self, _: &Event, _: RepeatCount, _: bool, context: &EventContext<'_>) -> Option<Cmd> {
        let before = before(context);
        if let Some(blanks) = indent::dedented(before) {
            return Some(rewrite(&self.0, line_start(before), blanks));
        }
        indent::is_at_margin(before).then_some(Cmd::Kill(Movement::ViCharSearch(1, CharSearch::Backward('\n'))))
    }
}

/// A closing bracket at the beginning of a continued line stands one step further out.
struct Close(Rewriting, char);

impl ConditionalEventHandler for Close {
    fn handle(&self, _: &Event, _: RepeatCount, _: bool, context: &EventContext<'_>) -> Option<Cmd> {
        let before = before(context);
        let mut line = indent::dedented(before)?;
        line.push(self.1);
        Some(rewrite(&self.0, line_start(before), line))
    }
}

fn before<'c>(context: &'c EventContext<'_>) -> &'c str {
    context.line().get(..context.pos()).unwrap_or_default()
}

/// What helps with editing.
pub(super) struct Assistant {
    interactive: Rc<RefCell<Interactive>>,
    colour: bool,
    rewriting: Rewriting,
}

impl Helper for Assistant {}

/// Enter has its own key; this is for terminals without editing.
impl Validator for Assistant {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        Ok(match indent::wants_more(context.input()) {
            true => ValidationResult::Incomplete,
            false => ValidationResult::Valid(None),
        })
    }
}

impl Completer for Assistant {
    type Candidate = Pair;

    fn complete(&self, line: &str, position: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<Pair>)> {
        let text = line.get(..position).unwrap_or_default();
        if let Some((start, text)) = self.rewriting.lock().unwrap_or_else(PoisonError::into_inner).take() {
            return Ok((start, vec![Pair { display: text.clone(), replacement: text }]));
        }
        let (start, found) = match text.strip_prefix(':') {
            Some(_) => self.complete_command(text),
            None => self.complete_input(text),
        };
        Ok((start, pairs(found)))
    }
}

/// Words with what they are.
type Found = Vec<(String, String)>;

impl Assistant {
    fn complete_input(&self, text: &str) -> (usize, Found) {
        // The editor asks between evaluations, when nobody else has the session.
        let Ok(interactive) = self.interactive.try_borrow() else { return (text.len(), Vec::new()) };
        match interactive.complete(text) {
            Completion::Words { start, candidates } => {
                (start, candidates.into_iter().map(|candidate| (candidate.text, candidate.detail)).collect())
            }
            Completion::Path { start, kind } => (start, found_paths(&text[start..], kind)),
        }
    }

    fn complete_command(&self, text: &str) -> (usize, Found) {
        let Some((word, rest)) = text.split_once(' ') else {
            let found = command::beginning_with(text).map(|(name, help)| (format!("{name} "), help.to_owned()));
            return (0, found.collect());
        };
        let start = text.len() - rest.len();
        match Command::named(word) {
            Some(Command::Load) => (start, found_paths(rest, PathKind::Module)),
            Some(Command::Doc) if rest.starts_with('$') => {
                let modules = lang::system::NAMES.iter().map(|name| format!("$/{name}"));
                (start, modules.filter(|name| name.starts_with(rest)).map(|name| (name, String::new())).collect())
            }
            Some(Command::Type | Command::Digest | Command::Doc) => {
                let (at, found) = self.complete_input(rest);
                (start + at, found)
            }
            _ => (text.len(), Vec::new()),
        }
    }
}

fn found_paths(written: &str, kind: PathKind) -> Found {
    paths::beginning_with(written, kind).into_iter().map(|path| (path, String::new())).collect()
}

/// Few candidates are listed one a line with what they are, many as words alone.
fn pairs(found: Found) -> Vec<Pair> {
    let is_described = found.len() <= MOST_DESCRIBED && found.iter().any(|(_, detail)| !detail.is_empty());
    let width = found.iter().map(|(text, _)| text.chars().count()).max().unwrap_or(0);
    let room = terminal::size().0.saturating_sub(width + 4).max(10);
    let pair = |(text, detail): (String, String)| {
        let display = match is_described {
            true => format!("{text:<width$}  {}", detail.chars().take(room).collect::<String>()).trim_end().to_owned(),
            false => text.trim_end().to_owned(),
        };
        Pair { display, replacement: text }
    };
    found.into_iter().map(pair).collect()
}

impl Hinter for Assistant {
    type Hint = String;

    fn hint(&self, line: &str, position: usize, context: &Context<'_>) -> Option<String> {
        if line.trim().is_empty() || position < line.len() {
            return None;
        }
        if line.ends_with('(') {
            return self.interactive.try_borrow().ok()?.parameters(line);
        }
        let last = context.history().len().checked_sub(1)?;
        let found = context.history().starts_with(line, last, SearchDirection::Reverse).ok()??;
        // A hint is one line; it could not be taken over well if it were more.
        let rest = found.entry.get(position..)?;
        (!rest.is_empty() && !rest.contains('\n')).then(|| rest.to_owned())
    }
}

impl Highlighter for Assistant {
    fn highlight<'l>(&self, line: &'l str, _: usize) -> Cow<'l, str> {
        let painted = match line.strip_prefix(':').and_then(|rest| rest.split_once(' ')) {
            Some((word, rest)) => {
                let word = Style::Keyword.paint(&format!(":{word}"), true);
                format!("{word} {}", paint::program(rest))
            }
            None if line.starts_with(':') => Style::Keyword.paint(line, true),
            None => paint::program(line),
        };
        if !line.contains('\n') || !indent::has_margin(line) {
            return Cow::Owned(painted);
        }
        Cow::Owned(with_margin(&painted))
    }

    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(&'s self, prompt: &'p str, is_default: bool) -> Cow<'b, str> {
        match is_default {
            true => Cow::Owned(Style::Prompt.paint(prompt, self.colour)),
            false => Cow::Borrowed(prompt),
        }
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        Cow::Owned(Style::Dim.paint(hint, self.colour))
    }

    fn highlight_char(&self, _: &str, _: usize, kind: CmdKind) -> bool {
        kind != CmdKind::MoveCursor
    }
}

/// Shows the blanks that begin continued lines as the prompt of these lines. Colours may begin before them.
fn with_margin(painted: &str) -> String {
    let blank = " ".repeat(CONTINUED.len());
    let marker = Style::Dim.paint(CONTINUED, true);
    let mut lines = painted.split('\n');
    let mut out = lines.next().unwrap_or_default().to_owned();
    for line in lines {
        out.push('\n');
        // Where a string or template goes on, its colour stands before the blanks.
        let (colour, rest) = match line.strip_prefix("\x1b[").and_then(|rest| rest.split_once('m')) {
            Some((code, rest)) => (format!("\x1b[{code}m"), rest),
            None => (String::new(), line),
        };
        match rest.strip_prefix(&blank) {
            Some(rest) => out.push_str(&format!("{marker}{colour}{rest}")),
            None => out.push_str(line),
        }
    }
    out
}
