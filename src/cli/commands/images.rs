//! `reflow images`

use lang::eval::settle;

use super::answer;
use super::program::{Program, Refused};
use crate::arguments::{Global, ImagesFlags};
use crate::exit::Exit;

pub(super) fn run(global: &Global, flags: &ImagesFlags) -> Result<(), Exit> {
    let mut program = Program::load(global, &flags.program.path)?;
    let settings = program.bind(&flags.program.args).map_err(|refused| match refused {
        Refused::Help(usage) | Refused::Words(usage) => Exit::Usage(usage),
    })?;
    let value = program.instantiate(&settings)?;
    if let Some(main) = program.main(&value)? {
        settle(&mut program.graph, &main).map_err(|error| Exit::of_evaluation(&program.session, &error))?;
    }
    answer(program.session.images().into_iter().map(|image| image + "\n").collect::<String>())
}
