//! What the tests of several crates have in common; never part of the program.
//!
//! [`golden`] runs cases that are files: the input of a case and what must come of it stand in one text.

pub mod golden;
