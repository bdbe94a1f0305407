//! How a command ends: its exit code and its last words (CLI spec §4).

use std::process::ExitCode;

use base::Error;
use lang::session::Session;
use syntax::diagnostic::Diagnostic;

use crate::terminal::{self, ErrorFormat};

/// How a command ended.
#[derive(Debug)]
pub(crate) enum Exit {
    /// 0.
    Success,
    /// 1, with what went wrong; everything may have been said already.
    Failed(Option<String>),
    /// 2, with what was wrong with the words.
    Usage(String),
    /// 10: gave up on something that may pass; it may have been said already.
    Restartable(Option<String>),
    /// 11: the program's evaluation failed, with how; it may have been said already.
    Evaluation(Option<String>),
}

impl Exit {
    /// Exit 1 with these words.
    pub(crate) fn failed(message: impl std::fmt::Display) -> Self {
        Self::Failed(Some(message.to_string()))
    }

    /// Exit 11 with these words.
    pub(crate) fn evaluation(message: impl std::fmt::Display) -> Self {
        Self::Evaluation(Some(message.to_string()))
    }

    /// Exit 11 for an error of evaluation, which is shown as diagnostics are, unless each is a line.
    pub(crate) fn of_evaluation(session: &Session, error: &Error) -> Self {
        match session.diagnostic(error) {
            Some(diagnostic) if terminal::format() != ErrorFormat::Short => {
                terminal::show_diagnostics(&[diagnostic]);
                Self::Evaluation(None)
            }
            _ => Self::evaluation(error),
        }
    }

    /// Exit 1 for a mistake in a program that is shown as diagnostics are, but in these words where each is a
    /// line.
    pub(crate) fn of_mistake(diagnostic: Diagnostic, words: String) -> Self {
        if terminal::format() == ErrorFormat::Short {
            return Self::failed(words);
        }
        Self::of_diagnostics(&[diagnostic])
    }

    /// Exit 1 after the diagnostics have been shown.
    pub(crate) fn of_diagnostics(diagnostics: &[Diagnostic]) -> Self {
        terminal::show_diagnostics(diagnostics);
        Self::Failed(None)
    }

    /// The last words.
    pub(crate) fn message(self) -> Option<String> {
        match self {
            Self::Success => None,
            Self::Usage(message) => Some(message),
            Self::Failed(message) | Self::Restartable(message) | Self::Evaluation(message) => message,
        }
    }

    /// Says the last words and yields the code.
    pub(crate) fn report(self) -> ExitCode {
        match self {
            Self::Success => ExitCode::SUCCESS,
            Self::Failed(message) => said(message, 1),
            Self::Usage(message) => said(Some(message), 2),
            Self::Restartable(message) => said(message, 10),
            Self::Evaluation(message) => said(message, 11),
        }
    }

    /// Puts the program's name in front of the last words, which are not about its command.
    pub(crate) fn prefixed(self) -> Self {
        match self {
            Self::Failed(message) => Self::Failed(message.map(|message| format!("reflow: {message}"))),
            other => other,
        }
    }

    /// Puts the command's name in front of the last words.
    pub(crate) fn named(self, command: &str) -> Self {
        let named = |message: String| format!("reflow {command}: {message}");
        match self {
            Self::Failed(message) => Self::Failed(message.map(named)),
            Self::Restartable(message) => Self::Restartable(message.map(named)),
            Self::Evaluation(message) => Self::Evaluation(message.map(named)),
            other => other,
        }
    }
}

fn said(message: Option<String>, code: u8) -> ExitCode {
    if let Some(message) = message {
        terminal::say(&message);
    }
    ExitCode::from(code)
}

impl From<Error> for Exit {
    fn from(error: Error) -> Self {
        Self::failed(error)
    }
}
