//! Earlier inputs, kept from session to session in the state folder. A session works without: what cannot be
//! read or written is told once.

use std::path::PathBuf;

use rustyline::Editor;
use rustyline::history::{FileHistory, History};

use super::answer;
use super::editor::Assistant;
use crate::arguments::Place;

/// Inputs that are kept.
pub(super) const MOST_INPUTS: usize = 10_000;
/// Longer inputs are not kept.
const MOST_BYTES: usize = 64 << 10;

/// Where the inputs of all sessions are kept.
pub(super) struct Kept {
    path: Option<PathBuf>,
}

impl Kept {
    /// Reads the earlier inputs.
    pub(super) fn open(place: &Place, editor: &mut Editor<Assistant, FileHistory>) -> Self {
        let mut kept = Self { path: place.home().ok().map(|home| home.join("history")) };
        if let Some(path) = kept.path.as_ref().filter(|path| path.exists())
            && let Err(error) = editor.load_history(path)
        {
            kept.give_up(&error.to_string());
        }
        kept
    }

    /// Keeps an input, for this session in any case.
    pub(super) fn add(&mut self, editor: &mut Editor<Assistant, FileHistory>, text: &str) {
        if text.trim().is_empty() || text.len() > MOST_BYTES || !editor.add_history_entry(text).unwrap_or(false) {
            return;
        }
        let Some(path) = &self.path else { return };
        let folder = path.parent().map_or(Ok(()), std::fs::create_dir_all);
        if let Err(error) = folder.map_err(Into::into).and_then(|()| editor.history_mut().append(path)) {
            self.give_up(&error.to_string());
        }
    }

    fn give_up(&mut self, reason: &str) {
        if let Some(path) = self.path.take() {
            answer::remark(&format!("inputs are not kept for later sessions: {}: {reason}", path.display()));
        }
    }
}
