//! `reflow fmt`

use std::ffi::OsStr;
use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use similar::TextDiff;
use syntax::diagnostic::Source;
use syntax::format::{Unformatted, format};

use super::answer;
use crate::arguments::FmtFlags;
use crate::exit::Exit;
use crate::terminal;

/// What standard input is called.
const INPUT: &str = "<stdin>";

pub(super) fn run(flags: &FmtFlags) -> Result<(), Exit> {
    if flags.stdout && (flags.check || flags.diff) {
        return Err(Exit::Usage("reflow fmt: -stdout goes with neither -check nor -diff".to_owned()));
    }
    let mut failed = false;
    for name in &flags.files {
        match programs(name) {
            Ok(programs) => {
                for program in programs {
                    failed |= !one(flags, &program)?;
                }
            }
            Err(error) => {
                terminal::say(&format!("reflow fmt: {name}: {error}"));
                failed = true;
            }
        }
    }
    if failed { Err(Exit::Failed(None)) } else { Ok(()) }
}

/// A text to be formatted; `None` is standard input.
struct Program(Option<PathBuf>);

impl Program {
    fn name(&self) -> String {
        self.0.as_ref().map_or_else(|| INPUT.to_owned(), |path| path.display().to_string())
    }

    fn read(&self) -> io::Result<Vec<u8>> {
        match &self.0 {
            Some(path) => fs::read(path),
            None => {
                let mut bytes = Vec::new();
                io::stdin().lock().read_to_end(&mut bytes)?;
                Ok(bytes)
            }
        }
    }
}

/// The programs that an argument names.
fn programs(name: &str) -> io::Result<Vec<Program>> {
    if name == "-" {
        return Ok(vec![Program(None)]);
    }
    let path = Path::new(name);
    let mut found = Vec::new();
    if fs::metadata(path)?.is_dir() {
        below(path, &mut found)?;
    } else {
        found.push(path.to_owned());
    }
    Ok(found.into_iter().map(|path| Program(Some(path))).collect())
}

/// Collects the `.rf` files below a folder, in the order of their names. Hidden files and folders, and links
/// to folders, are left alone.
fn below(folder: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    let mut entries = fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        }
        if entry.file_type()?.is_dir() {
            below(&path, found)?;
        } else if path.extension() == Some(OsStr::new("rf")) && path.is_file() {
            found.push(path);
        }
    }
    Ok(())
}

/// Formats one program as asked for; `false` if it could not be, or should have been and is not.
fn one(flags: &FmtFlags, program: &Program) -> Result<bool, Exit> {
    let name = program.name();
    let failed = |reason: String| {
        terminal::say(&format!("reflow fmt: {name}: {reason}"));
        Ok(false)
    };
    let text = match program.read().map(String::from_utf8) {
        Ok(Ok(text)) => text,
        Ok(Err(_)) => return failed("it is not valid UTF-8".to_owned()),
        Err(error) => return failed(error.to_string()),
    };
    let formatted = match format(&Source::new(name.as_str(), text.as_str())) {
        Ok(formatted) => formatted,
        Err(Unformatted::Diagnostics(diagnostics)) => {
            terminal::show_diagnostics(&diagnostics);
            return Ok(false);
        }
        Err(error @ (Unformatted::NotText | Unformatted::Altered)) => return failed(error.to_string()),
    };
    let is_changed = formatted != text;
    if flags.diff {
        if is_changed {
            answer(difference(&name, &text, &formatted))?;
        }
        return Ok(!(flags.check && is_changed));
    }
    if flags.check {
        if is_changed {
            answer(format!("{name}\n"))?;
        }
        return Ok(!is_changed);
    }
    match &program.0 {
        Some(path) if !flags.stdout => {
            if is_changed {
                if let Err(error) = replace(path, &formatted) {
                    return failed(error.to_string());
                }
                answer(format!("{name}\n"))?;
            }
        }
        _ => answer(&formatted)?,
    }
    Ok(true)
}

/// What formatting changes, as a unified diff.
fn difference(name: &str, text: &str, formatted: &str) -> String {
    TextDiff::from_lines(text, formatted).unified_diff().header(&format!("{name}.orig"), name).to_string()
}

/// Gives a file a new content, whole or not at all. A link stays, what it leads to is replaced.
fn replace(path: &Path, text: &str) -> io::Result<()> {
    let path = fs::canonicalize(path)?;
    let permissions = fs::metadata(&path)?.permissions();
    if permissions.readonly() {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "it is read-only"));
    }
    let folder = path.parent().unwrap_or(Path::new("/"));
    let mut file = tempfile::Builder::new().prefix(".reflow-fmt-").tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    file.as_file().set_permissions(permissions)?;
    file.as_file().sync_all()?;
    file.persist(&path)?;
    Ok(())
}
