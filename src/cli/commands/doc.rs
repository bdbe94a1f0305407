//! `reflow doc`

use lang::doc::ModuleDoc;
use lang::module::Importable;
use lang::system;

use super::{answer, session, without_advice};
use crate::arguments::{DocFlags, DocFormat};
use crate::exit::Exit;

pub(super) fn run(flags: &DocFlags) -> Result<(), Exit> {
    let Some(path) = &flags.path else {
        let names: String = system::NAMES.iter().map(|name| format!("\t$/{name}\n")).collect();
        return answer(format!("Reflow's system modules are:\n{names}"));
    };
    let session = session();
    let doc = match path.strip_prefix("$/") {
        Some(name) => {
            let module =
                session.system_module(name).ok_or_else(|| Exit::failed(format!("no system module named {name}")))?;
            ModuleDoc::of_system(&module)
        }
        None => {
            let (loaded, diagnostics) = session.load_any(path);
            match loaded.ok_or_else(|| Exit::of_diagnostics(&without_advice(diagnostics)))? {
                Importable::Module(module) => ModuleDoc::of_module(&module),
                Importable::System(module) => ModuleDoc::of_system(&module),
                Importable::Legacy(script) => ModuleDoc::of_script(&script),
            }
        }
    };
    answer(match flags.format {
        DocFormat::Text => doc.render(),
        DocFormat::Md => doc.render_markdown(path),
    })
}
