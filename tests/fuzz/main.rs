//! Replays what fuzzing has found worth keeping: every input of `fuzz/corpus` goes through its target's
//! function, without a fuzzer. What once crashed stays among the inputs.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a test that cannot go on fails, and tests read files"
)]

use std::fs;
use std::path::{Path, PathBuf};

#[path = "../../fuzz/bodies/lib.rs"]
#[allow(unreachable_pub, missing_docs, reason = "a library of its own for the fuzzer")]
mod bodies;

/// The most bytes of all inputs together: they are part of the repository.
const LARGEST_CORPUS: u64 = 3 << 20;

fn corpus() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus")
}

/// The inputs of a target, in order of their names.
fn inputs(target: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(corpus().join(target)).into_iter().flatten();
    let mut found: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    found.sort();
    found
}

/// Runs the inputs of a target; the one that panics is named.
fn replay(target: &str) {
    let (_, body) = bodies::TARGETS.iter().find(|(name, _)| *name == target).expect("a target of this name");
    let inputs = inputs(target);
    assert!(!inputs.is_empty(), "{target} has no inputs");
    for input in inputs {
        let data = fs::read(&input).unwrap();
        if std::panic::catch_unwind(|| body(&data)).is_err() {
            panic!("{} fails: {}", target, input.display());
        }
    }
}

macro_rules! targets {
    ($($name:ident)*) => {
        const NAMES: &[&str] = &[$(stringify!($name)),*];

        $(#[test]
        fn $name() {
            replay(stringify!($name));
        })*
    };
}

targets!(lexer parser formatter checker evaluator generated names patterns filesets bundle journal);

#[test]
fn every_target_is_replayed_and_has_a_program() {
    let known: Vec<&str> = bodies::TARGETS.iter().map(|(name, _)| *name).collect();
    assert_eq!(known, NAMES);
    let manifest = fs::read_to_string(corpus().join("../Cargo.toml")).unwrap();
    for name in NAMES {
        assert!(manifest.contains(&format!("path = \"targets/{name}.rs\"")), "{name}");
    }
}

#[test]
fn the_inputs_are_small() {
    let size: u64 = NAMES.iter().flat_map(|name| inputs(name)).map(|path| fs::metadata(path).unwrap().len()).sum();
    assert!(size < LARGEST_CORPUS, "{size} bytes");
}
