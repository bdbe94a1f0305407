//! The command line as people meet it: every test runs the program itself, in a folder and with a home of
//! its own.

mod bed;
mod cases;
mod normal;
