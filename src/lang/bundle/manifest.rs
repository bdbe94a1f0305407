//! The manifest: one line of JSON that says which entry is which module.

use std::collections::BTreeMap;

use base::digest::Digest;
use serde::{Deserialize, Serialize};

use super::BundleError;

/// What a manifest says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Manifest {
    pub(super) entry: Digest,
    pub(super) folder: String,
    pub(super) args: Vec<String>,
    pub(super) files: BTreeMap<String, Digest>,
}

/// The manifest as it is written.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Written {
    entrypoint: String,
    #[serde(default)]
    entrypoint_path: String,
    #[serde(default)]
    args: Option<Vec<String>>,
    #[serde(default)]
    files: Option<BTreeMap<String, String>>,
}

impl Manifest {
    pub(super) fn parse(text: &[u8]) -> Result<Self, BundleError> {
        let bad = |reason: &dyn std::fmt::Display| BundleError::BadManifest(reason.to_string());
        let written: Written = serde_json::from_slice(text).map_err(|error| bad(&error))?;
        let digest = |text: &str| Digest::parse(text).map_err(|error| bad(&format_args!("{text:?}: {error}")));
        let files = written.files.unwrap_or_default().into_iter();
        Ok(Self {
            entry: digest(&written.entrypoint)?,
            folder: written.entrypoint_path,
            args: written.args.unwrap_or_default(),
            files: files.map(|(path, text)| Ok((path, digest(&text)?))).collect::<Result<_, BundleError>>()?,
        })
    }

    /// The line, its end included.
    pub(super) fn text(&self) -> Vec<u8> {
        let written = Written {
            entrypoint: self.entry.to_string(),
            entrypoint_path: self.folder.clone(),
            args: (!self.args.is_empty()).then(|| self.args.clone()),
            files: Some(self.files.iter().map(|(path, digest)| (path.clone(), digest.to_string())).collect()),
        };
        // Strings and maps with strings for keys always have a form in JSON.
        let mut text = serde_json::to_vec(&written).unwrap_or_default();
        text.push(b'\n');
        text
    }
}
