//! Values as the engine keeps them.
//!
//! A fileset of one file takes about a kilobyte, most of it room in its map for ten more. A run of a
//! million nodes keeps a million of them, since a continuation may ask for any of them again. So the
//! engine keeps filesets packed and unpacks them for whoever needs one.

use std::rc::Rc;

use base::assertion::Assertions;
use base::{File, Fileset};
use types::Value;

/// A kept value. Cheap to clone.
#[derive(Clone)]
pub(crate) enum Stored {
    Value(Value),
    Packed(Rc<Packed>),
}

/// A fileset without spare room.
pub(crate) struct Packed {
    list: Box<[Packed]>,
    files: Box<[(Path, File)]>,
}

/// A path; most files of a run are the only ones of their filesets.
enum Path {
    Root,
    Named(Box<str>),
}

impl Stored {
    /// Keeps a value; a fileset that nobody else holds is packed.
    pub(crate) fn new(value: Value) -> Self {
        match value {
            Value::Fileset(fileset) => match Rc::try_unwrap(fileset) {
                Ok(fileset) => Self::of_fileset(fileset),
                Err(shared) => Self::Value(Value::Fileset(shared)),
            },
            other => Self::Value(other),
        }
    }

    /// Keeps a fileset, packed.
    pub(crate) fn of_fileset(fileset: Fileset) -> Self {
        Self::Packed(Rc::new(Packed::of(fileset)))
    }

    /// Adds what the files of a fileset assert; the same set, said by one file after the other, once.
    pub(crate) fn collect_assertions(&self, sets: &mut Vec<Assertions>) {
        let mut add = |file: &File| {
            if let Some(origin) = &file.origin
                && !origin.assertions.is_empty()
                && sets.last() != Some(&origin.assertions)
            {
                sets.push(origin.assertions.clone());
            }
        };
        match self {
            Self::Value(Value::Fileset(fileset)) => fileset.entries().for_each(|(_, file)| add(file)),
            Self::Value(_) => {}
            Self::Packed(packed) => packed.for_each(&mut add),
        }
    }

    /// The value.
    pub(crate) fn value(&self) -> Value {
        match self {
            Self::Value(value) => value.clone(),
            Self::Packed(packed) => Value::Fileset(Rc::new(packed.unpack())),
        }
    }
}

impl Packed {
    fn of(fileset: Fileset) -> Self {
        let pack = |(path, file): (String, File)| match path.as_str() {
            Fileset::ROOT => (Path::Root, file),
            _ => (Path::Named(path.into()), file),
        };
        Self {
            list: fileset.list.into_iter().map(Self::of).collect(),
            files: fileset.map.into_iter().map(pack).collect(),
        }
    }

    fn for_each(&self, visit: &mut impl FnMut(&File)) {
        self.files.iter().for_each(|(_, file)| visit(file));
        self.list.iter().for_each(|element| element.for_each(visit));
    }

    fn unpack(&self) -> Fileset {
        let unpack = |(path, file): &(Path, File)| match path {
            Path::Root => (Fileset::ROOT.to_owned(), file.clone()),
            Path::Named(path) => (String::from(&**path), file.clone()),
        };
        Fileset { list: self.list.iter().map(Self::unpack).collect(), map: self.files.iter().map(unpack).collect() }
    }
}

#[cfg(test)]
mod tests {
    use base::Digest;

    use super::*;

    #[test]
    fn packing_loses_nothing() {
        let file = |name: &str| File::resolved(Digest::of(name), name.len() as u64);
        let map = ["b/c", "a", "."].map(|path| (path.to_owned(), file(path)));
        let fileset = Fileset {
            list: vec![Fileset::new(), Fileset::of_file(file("x")), Fileset::of_list(vec![Fileset::new()])],
            map: map.into_iter().collect(),
        };
        let stored = Stored::new(Value::Fileset(Rc::new(fileset.clone())));
        assert!(matches!(stored, Stored::Packed(_)));
        match stored.value() {
            Value::Fileset(unpacked) => assert_eq!(*unpacked, fileset),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_shared_stays_shared() {
        let shared = Rc::new(Fileset::new());
        let stored = Stored::new(Value::Fileset(shared.clone()));
        match stored.value() {
            Value::Fileset(kept) => assert!(Rc::ptr_eq(&kept, &shared)),
            other => panic!("{other:?}"),
        }
        assert!(matches!(Stored::new(Value::int(1)).value(), Value::Int(_)));
    }

    #[test]
    fn a_kept_value_is_small() {
        assert!(size_of::<Stored>() <= 32, "{}", size_of::<Stored>());
        assert!(size_of::<(Path, File)>() <= 80, "{}", size_of::<(Path, File)>());
    }
}
