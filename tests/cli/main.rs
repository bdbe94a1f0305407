//! The command line as people meet it: every test runs the program itself, in a folder and with a home of
//! its own.

mod bed;
mod engine;
mod history;
mod machine;
mod normal;

mod cases;
mod docker;
mod interrupting;
mod killing;
mod places;
mod sharing;
mod terminal;
mod variants;
