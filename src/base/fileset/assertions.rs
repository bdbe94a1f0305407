//! The assertions of the files of a fileset.

use std::collections::HashMap;
use std::sync::Arc;

use super::Fileset;
use crate::assertion::{Assertions, Conflict};
use crate::digest::Digest;
use crate::file::{File, Origin};

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

    /// The same tree with every file asserting exactly this; files that assert nothing cost nothing.
    #[must_use]
    pub fn set_assertions(self, assertions: &Assertions) -> Fileset {
        let mut bare = None;
        self.into_mapped(&mut |file| {
            let plain = file
                .origin
                .as_deref()
                .is_none_or(|origin| *origin == Origin { assertions: origin.assertions.clone(), ..Origin::default() });
            match plain {
                true if assertions.is_empty() => File { origin: None, ..file },
                true => {
                    let shared = bare.get_or_insert_with(|| {
                        Arc::new(Origin { assertions: assertions.clone(), ..Origin::default() })
                    });
                    File { origin: Some(shared.clone()), ..file }
                }
                false => file.with_assertions(assertions),
            }
        })
    }

    fn into_mapped(self, change: &mut impl FnMut(File) -> File) -> Fileset {
        Fileset {
            list: self.list.into_iter().map(|element| element.into_mapped(change)).collect(),
            map: self.map.into_iter().map(|(path, file)| (path, change(file))).collect(),
        }
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
