//! What registries have said of images: which manifest of an index is that of a platform (runtime spec §6.13).
//!
//! That never changes, as both are named by their content. It is kept in the state folder, a small file for each
//! index, so that an image has the same digest when no registry can be asked.

use std::fs;
use std::path::PathBuf;

use base::{Digest, Error};

use super::registry::Platform;

/// The folder of answers. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Known {
    folder: PathBuf,
}

impl Known {
    /// Uses this folder, and makes it with the first answer.
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The manifest of `index` for a platform.
    pub(super) fn manifest(&self, index: &Digest, platform: &Platform) -> Option<Digest> {
        Digest::parse(fs::read_to_string(self.place(index, platform)?).ok()?.trim()).ok()
    }

    /// Keeps an answer.
    pub(super) fn keep(&self, index: &Digest, platform: &Platform, manifest: &Digest) -> Result<(), Error> {
        let Some(place) = self.place(index, platform) else { return Ok(()) };
        fs::create_dir_all(&self.folder)?;
        // Two processes that write the same moment write the same.
        let next = place.with_extension(format!("{}.next", std::process::id()));
        fs::write(&next, format!("{manifest}\n"))?;
        Ok(fs::rename(next, place)?)
    }

    /// The indexes that have `manifest` for some platform.
    pub(super) fn indexes(&self, manifest: &Digest) -> Vec<Digest> {
        let names = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let has = |text: String| Digest::parse(text.trim()).is_ok_and(|digest| digest == *manifest);
        names
            .filter(|entry| fs::read_to_string(entry.path()).is_ok_and(has))
            .filter_map(|entry| Digest::parse(entry.file_name().to_str()?.split('-').next()?).ok())
            .collect()
    }

    /// The file of an answer; none for a platform whose name is none.
    fn place(&self, index: &Digest, platform: &Platform) -> Option<PathBuf> {
        let Platform { os, architecture, variant } = platform;
        let is_plain = |text: &String| text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let name = format!("{}-{os}-{architecture}{variant}", index.hex());
        [os, architecture, variant].into_iter().all(is_plain).then(|| self.folder.join(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn platform(architecture: &str) -> Platform {
        Platform { os: "linux".to_owned(), architecture: architecture.to_owned(), variant: String::new() }
    }

    #[test]
    fn answers_are_kept_by_platform() {
        let folder = tempfile::tempdir().unwrap();
        let known = Known::new(folder.path().join("images"));
        let [index, other, amd, arm] = ["index", "other", "amd", "arm"].map(Digest::of);
        assert_eq!((known.manifest(&index, &platform("amd64")), known.indexes(&amd)), (None, Vec::new()));
        for (index, architecture, manifest) in [(index, "amd64", amd), (index, "arm64", arm), (other, "amd64", amd)] {
            known.keep(&index, &platform(architecture), &manifest).unwrap();
        }
        assert_eq!(known.manifest(&index, &platform("amd64")), Some(amd));
        assert_eq!(known.manifest(&index, &platform("arm64")), Some(arm));
        assert_eq!(known.manifest(&other, &platform("arm64")), None);
        let mut indexes = known.indexes(&amd);
        indexes.sort();
        let mut both = vec![index, other];
        both.sort();
        assert_eq!(indexes, both);
        // An answer that was cut off is none, and no engine makes us leave the folder.
        fs::write(folder.path().join("images").join(format!("{}-linux-amd64", index.hex())), "sha256:12").unwrap();
        assert_eq!(known.manifest(&index, &platform("amd64")), None);
        known.keep(&index, &platform("../amd64"), &amd).unwrap();
        assert_eq!(known.manifest(&index, &platform("../amd64")), None);
    }
}
