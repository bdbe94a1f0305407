//! The assertions of the files of a fileset.

use std::collections::HashMap;

use super::Fileset;
use crate::assertion::{Assertions, Conflict};
use crate::digest::Digest;
use crate::file::File;

impl Fileset {
    /// The assertions of all files of the tree, merged.
    pub fn assertions(&self) -> Result<Assertions, Conflict> {
        let sets: Vec<Assertions> = self.entries().map(|(_, file)| file.assertions()).collect();
        Assertions::merge(&sets)
    }

    /// The same tree with `added` merged into the assertions of every file.
    ///
    /// Files with equal assertions share the merged set. On a conflict nothing is changed.
    pub fn add_assertions(&self, added: &Assertions) -> Result<Fileset, Conflict> {
        if added.is_empty() {
            return Ok(self.clone());
        }
        let mut merged: HashMap<Digest, Assertions> = HashMap::new();
        let mut bare = None;
        self.map_files(&mut |file| {
            if file.origin.is_none() {
                return Ok(File {
                    origin: bare.get_or_insert_with(|| file.with_assertions(added).origin).clone(),
                    ..*file
                });
            }
            let own = file.assertions();
            let assertions = match merged.get(&own.digest()) {
                Some(known) => known.clone(),
                None => {
                    let sum = Assertions::merge([&own, added])?;
                    merged.insert(own.digest(), sum.clone());
                    sum
                }
            };
            Ok(file.with_assertions(&assertions))
        })
    }

    /// The same tree in which every file takes the assertions of that of `files` which has the same
    /// file digest, if one has.
    #[must_use]
    pub fn map_assertions_by_file(&self, files: &[File]) -> Fileset {
        let by_digest: HashMap<Digest, Assertions> =
            files.iter().map(|file| (file.digest(), file.assertions())).collect();
        let Ok(out) = self.map_files(&mut |file| {
            Ok::<_, std::convert::Infallible>(match by_digest.get(&file.digest()) {
                Some(assertions) => file.with_assertions(assertions),
                None => file.clone(),
            })
        });
        out
    }
}
