//! Files of the machine as inputs and outputs.

#![allow(clippy::panic, clippy::expect_used, clippy::unwrap_used, reason = "a test that goes wrong panics")]

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use base::file::Origin;
use base::{Digest, Error, File, Fileset, Kind};
use engine::{Config, ExternalSource};
use exec::CancelToken;
use flow::Graph;
use flow::node::Op;
use store::LocalStore;

use crate::Case;
use crate::home::{Home, exec, fileset};

pub(crate) const CASES: &[Case] = &[
    ("an_edited_input_runs_again", edited),
    ("an_input_moves_when_a_step_needs_it", left_in_place),
    ("folders_come_in_whole", folders),
    ("what_cannot_come_in_says_why", refused),
    ("files_go_out_once", exported),
    ("exported_files_are_the_users", owned),
    ("unknown_schemes_are_named", schemes),
    ("content_is_fetched_when_it_is_needed", fetched),
    ("a_reference_to_what_is_there_no_more_is_no_input", changed),
];

/// A place far away whose objects are their names, known by reference until they are needed.
struct Far {
    store: LocalStore,
    fetched: Arc<AtomicUsize>,
}

#[async_trait]
impl ExternalSource for Far {
    fn scheme(&self) -> &'static str {
        "far"
    }

    async fn intern(&self, url: &str, _must_resolve: bool, _: &CancelToken) -> Result<Fileset, Error> {
        let origin = Origin { source: url.to_owned(), etag: "\"1\"".to_owned(), ..Origin::default() };
        Ok(Fileset::of_file(File::reference(url.len() as u64, origin)))
    }

    async fn fetch(&self, reference: &File, _: &CancelToken) -> Result<File, Error> {
        self.fetched.fetch_add(1, Ordering::Relaxed);
        let content = reference.source().strip_suffix("changed").unwrap_or(reference.source());
        self.store.repository.put_bytes(content.as_bytes())
    }

    async fn export(&self, _: &Fileset, url: &str, _: &CancelToken) -> Result<(), Error> {
        Err(Error::new(Kind::NotAllowed, url))
    }
}

fn far(home: &Home, fetched: &Arc<AtomicUsize>) -> Config {
    let config = home.config();
    let source = Far { store: home.store.clone(), fetched: fetched.clone() };
    Config { sources: config.sources.clone().with(source), ..config }
}

fn fetched() {
    let home = Home::new();
    let fetched = Arc::new(AtomicUsize::new(0));
    let run = |command: &str| {
        let mut graph = Graph::default();
        let (input, idle) = (graph.intern("far://a", false), graph.intern("far://idle", false));
        let made = exec(&mut graph, command, vec![input]);
        let out = graph.r#extern("localfile://out", made);
        let root = graph.add(Op::Merge, [out, idle]);
        let outcome = home.run_with(&mut graph, root, far(&home, &fetched), &mut |_| ());
        assert!(outcome.value.is_ok(), "{:?}", outcome.value.err());
        (outcome.counts.executed, fetched.load(Ordering::Relaxed))
    };
    assert_eq!(run("cat %s > %s"), (1, 1));
    assert_eq!(std::fs::read_to_string(home.work().join("out")).expect("exported"), "far://a");
    assert_eq!(run("cat %s > %s"), (0, 1));
    assert_eq!(run("cat %s | tee %s"), (1, 2));
    let mut graph = Graph::default();
    let input = graph.intern("far://a", false);
    let root = graph.r#extern("localfile://copy", input);
    assert!(home.run_with(&mut graph, root, far(&home, &fetched), &mut |_| ()).value.is_ok());
    assert_eq!(std::fs::read_to_string(home.work().join("copy")).expect("exported"), "far://a");
}

fn changed() {
    let home = Home::new();
    let fetched = Arc::new(AtomicUsize::new(0));
    let mut graph = Graph::default();
    let input = graph.intern("far://changed", false);
    let root = exec(&mut graph, "cat %s > %s", vec![input]);
    let failures = home.run_with(&mut graph, root, far(&home, &fetched), &mut |_| ()).value.unwrap_err();
    assert_eq!(failures.kind(), Kind::Integrity);
    assert!(failures.to_string().contains("fetch far://changed"), "{failures}");
}

fn left_in_place() {
    let home = Home::new();
    home.write("big", "content");
    let is_here = || home.store.repository.stat(&Digest::of("content")).expect("a look").is_some();
    let mut graph = Graph::default();
    let input = graph.intern("localfile://big", false);
    let root = exec(&mut graph, "tr a-z A-Z < %s > %s", vec![input]);
    let outcome = home.run(&mut graph, root);
    assert_eq!(home.content(&outcome, "."), "CONTENT");
    assert!(is_here(), "the step has needed it");
    home.store.repository.remove(&Digest::of("content")).expect("removed");
    let again = home.again();
    let mut graph = Graph::default();
    let input = graph.intern("localfile://big", false);
    let root = exec(&mut graph, "tr a-z A-Z < %s > %s", vec![input]);
    assert_eq!(again.run(&mut graph, root).counts.cached, 1);
    assert!(!is_here(), "the cache has answered");
}

fn edited() {
    let home = Home::new();
    let run = || {
        let mut graph = Graph::default();
        let input = graph.intern("localfile://in%20put.txt", false);
        let root = exec(&mut graph, "tr a-z A-Z < %s > %s", vec![input]);
        let outcome = home.run(&mut graph, root);
        (outcome.counts.executed, outcome.counts.interned, home.content(&outcome, "."))
    };
    home.write("in put.txt", "one");
    assert_eq!(run(), (1, 1, "ONE".to_owned()));
    assert_eq!(run(), (0, 1, "ONE".to_owned()));
    // The same size, perhaps within the same tick of the clock.
    home.write("in put.txt", "two");
    assert_eq!(run(), (1, 1, "TWO".to_owned()));
    home.write("in put.txt", "one");
    assert_eq!(run(), (0, 1, "ONE".to_owned()));
}

fn folders() {
    let home = Home::new();
    for (path, content) in [("in/b/c", "c"), ("in/a", "a"), ("aside/x", "x")] {
        home.write(path, content);
    }
    std::os::unix::fs::symlink("../aside", home.work().join("in/link")).expect("a link");
    let mut graph = Graph::default();
    let url = format!("localfile://{}/in/", home.work().display());
    let root = graph.intern(&url, false);
    let outcome = home.run(&mut graph, root);
    assert_eq!(fileset(&outcome).map.keys().collect::<Vec<_>>(), ["a", "b/c", "link/x"]);
    assert_eq!(home.content(&outcome, "b/c"), "c");
    std::fs::create_dir(home.work().join("empty")).expect("a folder");
    let empty = graph.intern("localfile://empty/", false);
    assert_eq!(fileset(&home.run(&mut graph, empty)), Fileset::new());
}

fn refused() {
    let home = Home::new();
    home.write("folder/file", "x");
    std::os::unix::fs::symlink("..", home.work().join("folder/up")).expect("a link");
    let cases = [
        ("localfile://absent", Kind::NotExist, "absent"),
        ("localfile://absent/", Kind::NotExist, "absent"),
        ("localfile://folder", Kind::Precondition, "its files are localfile://folder/"),
        ("localfile:///dev/null", Kind::Precondition, "not a regular file"),
        ("localfile://folder/", Kind::Precondition, "leads back"),
    ];
    for (url, kind, words) in cases {
        let mut graph = Graph::default();
        let root = graph.intern(url, false);
        let outcome = home.run(&mut graph, root);
        assert_eq!((outcome.counts.interned, outcome.counts.failed), (0, 1));
        let failures = outcome.value.unwrap_err();
        let text = failures.to_string();
        assert_eq!(failures.kind(), kind, "{text}");
        assert!(text.contains(words) && text.contains(&format!("intern {url}")), "{text}");
    }
}

fn exported() {
    let home = Home::new();
    let run = |content: &str| {
        let mut graph = Graph::default();
        let data = graph.add(Op::Data(content.as_bytes().into()), []);
        let made = exec(&mut graph, "cp %s %s", vec![data]);
        let whole = graph.r#extern("localfile://out/deep/", made);
        let file = graph.r#extern("localfile://single.txt", data);
        let root = graph.add(Op::Merge, [whole, file]);
        let outcome = home.run(&mut graph, root);
        assert_eq!((outcome.counts.externed, outcome.counts.failed), (2, 0));
        let at = |path: &str| home.work().join(path);
        let inode = std::fs::metadata(at("single.txt")).expect("exported").ino();
        (std::fs::read_to_string(at("out/deep")).expect("exported"), inode)
    };
    let (content, first) = run("one");
    assert_eq!(content, "one");
    let (_, second) = run("one");
    assert_eq!(first, second, "what is there already is not written again");
    std::fs::write(home.work().join("single.txt"), "eno").expect("written");
    let (_, third) = run("one");
    assert_ne!(second, third, "what somebody has changed is written again");
    assert_eq!(std::fs::read_to_string(home.work().join("single.txt")).expect("exported"), "one");
    assert_eq!(run("two").0, "two");
    let names: Vec<_> = std::fs::read_dir(home.work())
        .expect("a folder")
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"))
        .filter(|name| name.starts_with('.'))
        .collect();
    assert_eq!(names, Vec::<String>::new());
}

fn owned() {
    let home = Home::new();
    let mut graph = Graph::default();
    home.write("tree/a", "a");
    home.write("tree/b/c", "c");
    let tree = graph.intern("localfile://tree/", false);
    let root = graph.r#extern("localfile://copy", tree);
    let outcome = home.run(&mut graph, root);
    assert_eq!(fileset(&outcome).map.len(), 2);
    let copy = home.work().join("copy/b/c");
    let metadata = std::fs::metadata(&copy).expect("exported");
    assert_eq!((metadata.permissions().mode() & 0o600, metadata.nlink()), (0o600, 1));
    std::fs::write(&copy, "mine").expect("written");
    assert_eq!(home.content(&outcome, "b/c"), "c");
}

fn schemes() {
    let home = Home::new();
    let mut graph = Graph::default();
    let root = graph.intern("s3://bucket/key", false);
    let failures = home.run(&mut graph, root).value.unwrap_err();
    let text = failures.to_string();
    assert_eq!(failures.kind(), Kind::NotSupported);
    assert!(text.contains("s3://bucket/key") && text.contains("localfile://"), "{text}");
}
