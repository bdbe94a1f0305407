//! What the codes of the language mean, for `reflow explain`: `R1xxx` types, `R2xxx` modules, `R3xxx`
//! evaluation. Those of syntax are in [`syntax::explain`]; the constructors of the messages in
//! `crate::diagnostics` and `crate::eval::failure`.

mod access;
mod builtins;
mod control;
mod evaluation;
mod exec;
mod functions;
mod modules;
mod names;
mod operators;
mod patterns;
mod types;

use syntax::explain::Explanation;

/// Every explanation of this crate, in the order of the codes.
pub fn all() -> impl Iterator<Item = &'static Explanation> {
    [
        names::EXPLANATIONS,
        operators::EXPLANATIONS,
        types::EXPLANATIONS,
        functions::EXPLANATIONS,
        access::EXPLANATIONS,
        control::EXPLANATIONS,
        patterns::EXPLANATIONS,
        exec::EXPLANATIONS,
        builtins::EXPLANATIONS,
        modules::EXPLANATIONS,
        evaluation::EXPLANATIONS,
    ]
    .into_iter()
    .flatten()
}
