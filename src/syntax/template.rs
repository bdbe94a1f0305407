//! Command templates: literal fragments and interpolated expressions (language spec §1.9).

use std::rc::Rc;

use crate::ast::{Expr, Span};
use crate::builder::Builder;
use crate::message::grammar;
use crate::parse;

/// The parts of a template.
pub(crate) struct Template {
    /// The text between the delimiters.
    pub(crate) raw: Rc<str>,
    /// Where that text begins in the source.
    pub(crate) raw_start: u32,
    /// The literal fragments, one more than there are interpolations.
    pub(crate) fragments: Vec<Rc<str>>,
    /// The interpolations.
    pub(crate) interpolations: Vec<Expr>,
}

/// Reads the template token from `start` to `end`. An interpolation that cannot be parsed is reported and
/// stands as the empty string.
pub(crate) fn read(builder: &mut Builder<'_>, start: u32, end: u32) -> Template {
    let token = builder.text(start, end);
    let raw = token.strip_prefix("{\"").unwrap_or(token);
    let raw = raw.strip_suffix("\"}").unwrap_or(raw);
    let raw_start = start + 2;
    let mut template = Template { raw: Rc::from(raw), raw_start, fragments: Vec::new(), interpolations: Vec::new() };
    let mut from = 0;
    while let Some(length) = raw[from..].find("{{") {
        let open = from + length;
        let Some(inner) = raw[open + 2..].find("}}") else {
            let at = raw_start + open as u32;
            builder
                .diagnostics
                .push(grammar::unterminated_interpolation(builder.source, Span { start: at, end: at + 2, at: at + 2 }));
            break;
        };
        let close = open + 2 + inner;
        let (begin, stop) = (raw_start + open as u32 + 2, raw_start + close as u32);
        template.fragments.push(Rc::from(&raw[from..open]));
        template.interpolations.push(parse::interpolation(builder, begin, stop));
        from = close + 2;
    }
    template.fragments.push(Rc::from(&raw[from..]));
    template
}
