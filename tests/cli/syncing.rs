//! What `sync` writes where, of filesets that no program would make.

use std::collections::BTreeMap;

use reflow::base::{Digest, Fileset};
use reflow::store::{Association, LocalStore};

use crate::bed::Bed;

/// CLI-148
#[test]
fn entries_that_would_leave_the_folder_are_refused_and_nothing_is_written() {
    let bed = Bed::new();
    let outside = bed.work().join("outside");
    let key = Digest::of("a hostile fileset");
    for path in ["../outside", "sub/../../outside", outside.to_str().unwrap(), "a//b", "a/.", ""] {
        let store = LocalStore::open(&bed.state()).unwrap();
        let file = store.repository.put_bytes(b"content").unwrap();
        let files = BTreeMap::from([("good".to_owned(), file.clone()), (path.to_owned(), file)]);
        let association = Association { keys: vec![key], fileset: Fileset::of_map(files), labels: Vec::new() };
        store.committer().commit(Vec::new(), vec![association], None).unwrap();
        drop(store);
        let ended = bed.run(&["sync", &key.hex(), "folder"]);
        assert_eq!(ended.code, Some(1), "{path:?}: {ended:?}");
        assert!(ended.stderr.starts_with(&format!("reflow sync: {path:?}: ")), "{path:?}: {}", ended.stderr);
        assert!(!outside.exists() && !bed.work().join("folder").exists(), "{path:?}");
    }
}
