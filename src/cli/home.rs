//! The state folder: `-localdir`, else `REFLOW_HOME`, else `~/.reflow`.

use std::path::PathBuf;

use crate::exit::Exit;

/// Where state is kept. The folder need not exist yet.
pub(crate) fn folder(localdir: Option<&str>) -> Result<PathBuf, Exit> {
    if let Some(dir) = localdir.filter(|dir| !dir.is_empty()) {
        return std::path::absolute(dir).map_err(|error| Exit::failed(format!("-localdir {dir}: {error}")));
    }
    let named = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    if let Some(home) = named("REFLOW_HOME") {
        return std::path::absolute(&home)
            .map_err(|error| Exit::failed(format!("REFLOW_HOME={}: {error}", home.display())));
    }
    match named("HOME") {
        Some(home) => Ok(home.join(".reflow")),
        None => {
            Err(Exit::failed("there is no place for reflow's state: set HOME or REFLOW_HOME, or give -localdir DIR"))
        }
    }
}
