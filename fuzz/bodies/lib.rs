//! What is done with the bytes that a fuzzer makes up: one function for each target.
//!
//! A function returns if all is well, whether or not its bytes mean anything, and panics otherwise. The
//! targets of libFuzzer in `fuzz/targets` call these functions, and so does the test `tests/fuzz`, which
//! replays the inputs that are kept in `fuzz/corpus`. Nothing here reads files, clocks or the environment.

pub mod codecs;
pub mod names;
pub mod programs;
pub mod texts;

#[path = "../../tests/lang/generator.rs"]
mod generator;
#[path = "../../tests/lang/reduce.rs"]
#[allow(dead_code, reason = "the tests of the language look at more of it")]
mod reduce;
#[path = "../../tests/lang/world.rs"]
#[allow(dead_code, reason = "the tests of the language look at more of it")]
mod world;

/// What a target does with its bytes.
pub type Body = fn(&[u8]);

/// All targets by name.
pub const TARGETS: &[(&str, Body)] = &[
    ("lexer", texts::lexer),
    ("parser", texts::parser),
    ("formatter", texts::formatter),
    ("checker", programs::checker),
    ("evaluator", programs::evaluator),
    ("generated", programs::generated),
    ("names", names::names),
    ("patterns", names::patterns),
    ("filesets", codecs::filesets),
    ("bundle", codecs::bundle),
    ("journal", codecs::journal),
];
