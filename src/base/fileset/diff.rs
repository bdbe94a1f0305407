//! What differs between two filesets, for people (runtime spec §1.5).

use std::collections::BTreeSet;

use super::Fileset;
use crate::file::File;

impl Fileset {
    /// The differences from `self` to `other`, a line each; `None` if there are none.
    ///
    /// Files are compared by their digests. Elements of lists are compared place by place.
    pub fn diff(&self, other: &Fileset) -> Option<String> {
        let mut lines = Vec::new();
        compare(self, other, 0, "", &mut lines);
        (!lines.is_empty()).then(|| lines.join("\n"))
    }
}

fn compare(left: &Fileset, right: &Fileset, depth: usize, prefix: &str, lines: &mut Vec<String>) {
    let paths: BTreeSet<&String> = left.map.keys().chain(right.map.keys()).collect();
    for path in paths {
        let sides = (left.map.get(path), right.map.get(path));
        if sides.0.map(File::digest) != sides.1.map(File::digest) {
            lines.push(format!("{prefix}\"{path}\" = {} -> {}", side(sides.0), side(sides.1)));
        }
    }
    let empty = Fileset::new();
    for i in 0..left.list.len().max(right.list.len()) {
        let (from, to) = (left.list.get(i).unwrap_or(&empty), right.list.get(i).unwrap_or(&empty));
        match (from.is_empty(), to.is_empty()) {
            (true, true) => {}
            (true, false) => lines.push(format!("[{i}]:empty -> {}", to.short())),
            (false, true) => lines.push(format!("[{i}]:{} -> empty", from.short())),
            (false, false) => {
                let prefix = format!("{}[{i}]:", "  ".repeat(depth + 1));
                compare(from, to, depth + 1, &prefix, lines);
            }
        }
    }
}

fn side(file: Option<&File>) -> String {
    file.map_or_else(|| "void".to_owned(), File::short)
}
