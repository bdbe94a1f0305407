//! `reflow bundle`

use std::fs::{self, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use lang::bundle::{Bundle, Recorder};
use lang::parameters;
use lang::session::Session;
use syntax::diagnostic::Diagnostic;

use super::program::Refused;
use crate::arguments::BundleFlags;
use crate::exit::Exit;
use crate::local_sources::{LocalSources, reason};
use crate::terminal;

pub(super) fn run(flags: &BundleFlags) -> Result<(), Exit> {
    let path = Path::new(&flags.program.path);
    if path.extension().is_none_or(|extension| extension != "rf") {
        return Err(Exit::failed(format!("{}: only modules of extension .rf can be bundled", flags.program.path)));
    }
    let recorder = Rc::new(Recorder::new(Rc::new(LocalSources)));
    let session = Session::new(recorder.clone(), terminal::say);
    let (module, mut diagnostics) = session.load(&flags.program.path);
    if flags.nowarn {
        diagnostics.retain(Diagnostic::is_error);
    }
    let module = module.ok_or_else(|| Exit::of_diagnostics(&diagnostics))?;
    terminal::show_diagnostics(&diagnostics);
    let offered = parameters::declared(&module);
    parameters::parse_injected(&offered, &flags.program.args)
        .map_err(|error| Refused::new(error, &flags.program.path, &offered))?;
    let bundle =
        Bundle::new(&flags.program.path, recorder.texts(), flags.program.args.clone()).map_err(Exit::failed)?;
    let archive = bundle.write().map_err(Exit::failed)?;
    let out = match flags.out.as_str() {
        "" => PathBuf::from(format!("{}x", path.file_name().unwrap_or_default().to_string_lossy())),
        out => PathBuf::from(out),
    };
    write(&out, &archive).map_err(|error| Exit::failed(format!("{}: {}", out.display(), reason(&error).message())))
}

/// Writes a file whole or not at all.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    // What a link leads to is replaced, not the link.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    if fs::metadata(&path).is_ok_and(|metadata| !metadata.is_file()) {
        return Err(io::Error::other("it is there already and is not a file"));
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    // As any new file: the user's mask takes away from it.
    builder.prefix(".bundle-").permissions(Permissions::from_mode(0o666));
    let mut file = builder.tempfile_in(folder).map_err(|error| io::Error::from(error.kind()))?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    file.persist(&path).map_err(|error| error.error)?;
    Ok(())
}
