//! `reflow config` and `reflow upgrade`

use std::io::Write;

use serde_json::Value;

use super::answer;
use crate::arguments::ConfigFlags;
use crate::configuration::{self, schema};
use crate::exit::Exit;

pub(super) fn run(flags: &ConfigFlags) -> Result<(), Exit> {
    answer(format!("{}\n", configuration::current().to_yaml(flags.marshal)?))
}

/// Sets up what is pending; rewrites the configuration file in any case.
pub(super) fn upgrade() -> Result<(), Exit> {
    let configuration = configuration::current();
    let path =
        configuration.file.as_ref().ok_or_else(|| Exit::failed("there is no configuration file: -config is empty"))?;
    let mut written = configuration.written.clone();
    let versions = written.get("versions").cloned().unwrap_or_default();
    for (provider, version) in schema::SET_UP {
        let done = versions.get(provider).and_then(Value::as_i64).unwrap_or(0);
        if done < *version && configuration.uses(provider) {
            let reason = format!("setup {provider}: it needs a back end for the cloud, which this build does not have");
            return Err(Exit::failed(reason));
        }
    }
    written.remove("instances");
    let text = configuration::yaml(&written)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(std::path::Path::new("."));
    let replaced = std::fs::create_dir_all(folder).and_then(|()| {
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(text.as_bytes())?;
        file.as_file().sync_all()?;
        file.persist(path).map(drop).map_err(|error| error.error)
    });
    replaced.map_err(|error| Exit::failed(format!("config {}: {error}", path.display())))
}
