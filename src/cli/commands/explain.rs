//! `reflow explain`

use std::rc::Rc;

use flow::Graph;
use lang::eval::{Arguments, force, instantiate};
use lang::session::Session;
use lang::sources::MemorySources;
use syntax::diagnostic::Code;
use syntax::explain::{Explanation, files};
use types::Value;

use super::answer;
use crate::arguments::ExplainFlags;
use crate::exit::Exit;
use crate::explain;

/// Explanations are set in lines of at most so many columns.
const WIDTH: usize = 80;

pub(super) fn run(flags: &ExplainFlags) -> Result<(), Exit> {
    if flags.codes.is_empty() {
        let line = |known: &Explanation| format!("{}  {}\n", known.code, known.title);
        return answer(explain::all().map(line).collect::<String>());
    }
    let found = flags.codes.iter().map(|text| find(text)).collect::<Result<Vec<_>, _>>()?;
    let texts: Vec<String> = found.into_iter().map(|known| known.text(WIDTH, &said(known.wrong))).collect();
    answer(texts.join("\n"))
}

/// The explanation of a code as people write it: `R1003`, `r1003`, `1003`.
fn find(text: &str) -> Result<&'static Explanation, Exit> {
    let digits = text.trim_start_matches(['R', 'r']);
    let code = Some(digits).filter(|digits| digits.len() <= 4).and_then(|digits| digits.parse().ok()).map(Code);
    if let Some(known) = code.and_then(|code| explain::all().find(|known| known.code == code)) {
        return Ok(known);
    }
    let mut near: Vec<&Explanation> = explain::all().collect();
    let hint = match code {
        Some(code) => {
            near.sort_by_key(|known| known.code.0.abs_diff(code.0));
            near.truncate(3);
            near.sort_by_key(|known| known.code);
            let lines = near.iter().map(|known| format!("\n\t{}  {}", known.code, known.title));
            format!("; near ones are{}", lines.collect::<String>())
        }
        None => "; a code is R and four digits, such as R1001; without a code, all are listed".to_owned(),
    };
    Err(Exit::failed(format!("there is no code {text:?}{hint}")))
}

/// What is said of an example, drawn.
fn said(program: &str) -> String {
    if program.is_empty() {
        return String::new();
    }
    let sources = files(program).into_iter().map(|(name, text)| (name.to_owned(), text.into_bytes()));
    let session = Session::new(Rc::new(MemorySources::new(sources)), |_| ());
    let (module, mut diagnostics) = session.load("main.rf");
    if let Some(module) = module {
        let mut graph = Graph::default();
        let value = instantiate(&mut graph, &session, &module, &Arguments(Vec::new()));
        let forced = value.and_then(|value| match (&value, module.ty.field("Main")) {
            (Value::Module(record), Some(ty)) => {
                let main = record.get("Main").cloned().unwrap_or(Value::Unit);
                force(&mut graph, &"main.Main".into(), main, ty)
            }
            _ => Ok(value),
        });
        diagnostics.extend(forced.err().and_then(|error| session.diagnostic(&error)));
    }
    syntax::render::draw(&diagnostics, false, WIDTH)
}
