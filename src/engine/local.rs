//! The steps that the loop does itself on filesets (runtime spec §3.6.2).

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;

use base::regexp::Regexp;
use base::{Error, Fileset, Kind};
use types::Value;

/// Compiled patterns; a mapped groupby or collect brings the same one many times.
#[derive(Default)]
pub(crate) struct Patterns(HashMap<Rc<str>, Regexp>);

impl Patterns {
    fn get(&mut self, pattern: &Rc<str>) -> Result<&Regexp, Error> {
        if !self.0.contains_key(pattern) {
            let compiled = Regexp::parse(&**pattern).map_err(|error| Error::new(Kind::Invalid, error.to_string()))?;
            self.0.insert(pattern.clone(), compiled);
        }
        self.0.get(pattern).ok_or_else(|| Error::new(Kind::Fatal, "a pattern got lost"))
    }
}

/// The fileset that a value must be.
pub(crate) fn fileset(value: Value) -> Result<Rc<Fileset>, Error> {
    match value {
        Value::Fileset(fileset) => Ok(fileset),
        other => {
            Err(Error::new(Kind::Precondition, format!("expected a fileset, but the value is a {}", other.kind_name())))
        }
    }
}

/// The list of the filesets.
pub(crate) fn merge(filesets: Vec<Rc<Fileset>>) -> Fileset {
    Fileset::of_list(filesets.into_iter().map(Rc::unwrap_or_clone).collect())
}

/// One flat map; where paths collide, the later fileset's file stays.
pub(crate) fn pullup(filesets: Vec<Rc<Fileset>>) -> Fileset {
    merge(filesets).pullup()
}

/// One fileset for each text that the pattern's only group matches, in the order of the texts. A
/// pattern with another number of groups groups nothing.
pub(crate) fn groupby(patterns: &mut Patterns, pattern: &Rc<str>, fileset: &Fileset) -> Result<Fileset, Error> {
    let regexp = patterns.get(pattern)?;
    let mut groups: BTreeMap<Vec<u8>, Fileset> = BTreeMap::new();
    if regexp.group_count() == 1 {
        for (path, file) in &fileset.map {
            if let Some(group) = regexp.groups(path).as_deref().and_then(<[_]>::first) {
                groups.entry(group.to_vec()).or_default().map.insert(path.clone(), file.clone());
            }
        }
    }
    Ok(Fileset::of_list(groups.into_values().collect()))
}

/// The files whose paths the pattern matches, with every match replaced; where new paths collide, the
/// file of the later old path stays.
pub(crate) fn collect(
    patterns: &mut Patterns,
    pattern: &Rc<str>,
    replacement: &str,
    fileset: &Fileset,
) -> Result<Fileset, Error> {
    let regexp = patterns.get(pattern)?;
    let mut files = BTreeMap::new();
    for (path, file) in &fileset.map {
        if regexp.is_match(path) {
            let renamed = String::from_utf8(regexp.replace_all(path, replacement)).map_err(|_| {
                Error::new(Kind::Invalid, format!("renaming {path:?} by {pattern:?} gives a path that is not UTF-8"))
            })?;
            files.insert(renamed, file.clone());
        }
    }
    Ok(Fileset::of_map(files))
}

#[cfg(test)]
mod tests {
    use base::{Digest, File};

    use super::*;

    fn files(paths: &[&str]) -> Fileset {
        let file = |path: &str| File::resolved(Digest::of(path), 1);
        Fileset::of_map(paths.iter().map(|path| ((*path).to_owned(), file(path))).collect())
    }

    fn paths(fileset: &Fileset) -> Vec<&str> {
        fileset.map.keys().map(String::as_str).collect()
    }

    #[test]
    fn groups_are_sorted_by_their_text() {
        let fileset = files(&["z_1.fq", "a_2.fq", "b_1.fq", "other"]);
        let grouped = groupby(&mut Patterns::default(), &"_([0-9])".into(), &fileset).unwrap();
        let groups: Vec<_> = grouped.list.iter().map(paths).collect();
        assert_eq!(groups, [vec!["b_1.fq", "z_1.fq"], vec!["a_2.fq"]]);
    }

    #[test]
    fn rt_76_other_numbers_of_groups_group_nothing() {
        let fileset = files(&["ab"]);
        for pattern in ["ab", "(a)(b)"] {
            let grouped = groupby(&mut Patterns::default(), &pattern.into(), &fileset).unwrap();
            assert_eq!(grouped, Fileset::new());
        }
    }

    #[test]
    fn rt_77_collecting_searches_and_replaces_every_match() {
        let fileset = files(&["x/a-a.txt", "x/b.txt", "c.bin"]);
        let collected = collect(&mut Patterns::default(), &"(a)|txt".into(), "<$1>", &fileset).unwrap();
        assert_eq!(paths(&collected), ["x/<a>-<a>.<>", "x/b.<>"]);
    }

    #[test]
    fn the_later_path_wins_a_collision() {
        let fileset = files(&["a", "b"]);
        let collected = collect(&mut Patterns::default(), &"^.*$".into(), "same", &fileset).unwrap();
        assert_eq!(collected.map["same"].id, Some(Digest::of("b")));
    }

    #[test]
    fn a_bad_pattern_is_an_error() {
        let error = collect(&mut Patterns::default(), &"(".into(), "", &files(&["a"])).unwrap_err();
        assert_eq!(error.kind(), Kind::Invalid);
    }

    #[test]
    fn rt_78_merging_lists_and_pulling_up_flattens() {
        let parts = || vec![Rc::new(files(&["a"])), Rc::new(Fileset::of_list(vec![files(&["b"]), files(&["c"])]))];
        assert_eq!(merge(parts()).list.len(), 2);
        assert_eq!(paths(&pullup(parts())), ["a", "b", "c"]);
    }

    #[test]
    fn only_filesets_are_filesets() {
        assert!(fileset(Value::Fileset(Rc::default())).is_ok());
        assert_eq!(fileset(Value::int(1)).unwrap_err().kind(), Kind::Precondition);
    }
}
