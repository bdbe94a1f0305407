//! Filesets: the values that execs consume and produce.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::convert::Infallible;
use std::fmt;

use crate::digest::{Digest, DigestWriter, Material};
use crate::failure::{Error, Kind};
use crate::file::File;
use crate::units;

mod assertions;
mod diff;

/// Files by path, or a list of filesets (runtime spec §1.3).
///
/// Paths are relative and slash-separated; a single-file value uses the path `.`. Both members may be
/// set, since stored values may have both; values made here have one.
///
/// Two filesets are equal when they have the same shape and equal files at the same places; a
/// reference is never equal to a resolved file. Equal digests do not make equal filesets: `[a]` and
/// `a` share one.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fileset {
    /// The elements of a list value.
    pub list: Vec<Fileset>,
    /// The files of a map value, by path in bytewise order.
    pub map: BTreeMap<String, File>,
}

impl Fileset {
    /// The path of the only file of a single-file fileset.
    pub const ROOT: &'static str = ".";

    /// The empty fileset.
    pub fn new() -> Self {
        Self::default()
    }

    /// A fileset that is one file.
    pub fn of_file(file: File) -> Self {
        Self { list: Vec::new(), map: BTreeMap::from([(Self::ROOT.to_owned(), file)]) }
    }

    /// A fileset of files by path.
    pub fn of_map(map: BTreeMap<String, File>) -> Self {
        Self { list: Vec::new(), map }
    }

    /// A list of filesets.
    pub fn of_list(list: Vec<Fileset>) -> Self {
        Self { list, map: BTreeMap::new() }
    }

    /// The only file, which must be at the path `.`; otherwise a precondition error.
    pub fn file(&self) -> Result<&File, Error> {
        match self.map.get(Self::ROOT) {
            Some(file) if self.map.len() == 1 && self.list.is_empty() => Ok(file),
            _ => Err(Error::new(Kind::Precondition, format!("expected a single file, got {}", self.short()))),
        }
    }

    /// Every path and file of the tree, root map first, then the list elements in order, depth first.
    pub fn entries(&self) -> impl Iterator<Item = (&str, &File)> {
        let mut stack = vec![self];
        let mut current = None::<std::collections::btree_map::Iter<'_, String, File>>;
        std::iter::from_fn(move || {
            loop {
                if let Some((path, file)) = current.as_mut().and_then(Iterator::next) {
                    return Some((path.as_str(), file));
                }
                let next = stack.pop()?;
                stack.extend(next.list.iter().rev());
                current = Some(next.map.iter());
            }
        })
    }

    /// Whether there is no file anywhere in the tree.
    pub fn is_empty(&self) -> bool {
        self.entries().next().is_none()
    }

    /// Whether some leaf of the tree has neither list elements nor files.
    pub fn any_empty(&self) -> bool {
        let mut stack = vec![self];
        while let Some(next) = stack.pop() {
            if next.list.is_empty() && next.map.is_empty() {
                return true;
            }
            stack.extend(&next.list);
        }
        false
    }

    /// The number of paths in the tree; duplicates count.
    pub fn count(&self) -> usize {
        self.entries().count()
    }

    /// The sum of the sizes of all paths in bytes; duplicates count.
    pub fn size(&self) -> u64 {
        self.entries().fold(0, |sum, (_, file)| sum.saturating_add(file.size))
    }

    /// The list elements, or the value itself as the only element (shallow).
    pub fn flatten(&self) -> &[Fileset] {
        if self.list.is_empty() { std::slice::from_ref(self) } else { &self.list }
    }

    /// One map of all files: the root's first, then each list element's, depth first; later entries
    /// overwrite earlier ones.
    pub fn pullup(&self) -> Fileset {
        if self.list.is_empty() {
            return self.clone();
        }
        Self::of_map(self.entries().map(|(path, file)| (path.to_owned(), file.clone())).collect())
    }

    /// The files of the whole tree, those of equal file digest once, in the order of
    /// [`Fileset::entries`].
    pub fn files(&self) -> Vec<&File> {
        let mut seen = HashSet::new();
        self.entries().map(|(_, file)| file).filter(|file| seen.insert(file.digest())).collect()
    }

    /// The same tree with every file replaced whose file digest is a key of `replacements`, and
    /// whether all files are resolved then.
    pub fn subst(&self, replacements: &HashMap<Digest, File>) -> (Fileset, bool) {
        let mut resolved = true;
        let Ok(out) = self.map_files(&mut |file| {
            let new = replacements.get(&file.digest()).unwrap_or(file);
            resolved &= !new.is_reference();
            Ok::<_, Infallible>(new.clone())
        });
        (out, resolved)
    }

    /// The same tree with every file passed through `change`.
    fn map_files<E>(&self, change: &mut impl FnMut(&File) -> Result<File, E>) -> Result<Fileset, E> {
        let list = self.list.iter().map(|element| element.map_files(change)).collect::<Result<_, _>>()?;
        let mut map = BTreeMap::new();
        for (path, file) in &self.map {
            map.insert(path.clone(), change(file)?);
        }
        Ok(Fileset { list, map })
    }

    /// The form of runtime spec §1.4: `val<path=1234abcd 12B>`, `list<…>`.
    pub fn short(&self) -> String {
        let size = units::data_size(self.size());
        if let Some(first) = self.list.first() {
            let rest = if self.list.len() > 1 { ", ..." } else { " " };
            return format!("list<{}{rest}{size}>", first.short());
        }
        match self.map.first_key_value() {
            None => "val<>".to_owned(),
            Some((path, file)) => {
                let rest = if self.map.len() > 1 { ", ..." } else { " " };
                format!("val<{path}={}{rest}{size}>", file.short())
            }
        }
    }
}

impl Material for Fileset {
    fn write_material(&self, out: &mut DigestWriter) {
        // The format has no lengths and no separators: nesting does not show (runtime spec §1.6).
        if !self.list.is_empty() {
            for element in &self.list {
                element.write_material(out);
            }
            return;
        }
        for (path, file) in &self.map {
            out.bytes(path).material(file);
        }
    }
}

impl fmt::Display for Fileset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.list.is_empty() {
            f.write_str("list<")?;
            for (i, element) in self.list.iter().enumerate() {
                if i > 0 {
                    f.write_str(", ")?;
                }
                fmt::Display::fmt(element, f)?;
            }
            return f.write_str(">");
        }
        if self.map.is_empty() {
            return f.write_str("void");
        }
        f.write_str("obj<")?;
        for (i, (path, file)) in self.map.iter().enumerate() {
            if i > 0 {
                f.write_str(", ")?;
            }
            write!(f, "{path}=<{file}>")?;
        }
        f.write_str(">")
    }
}
