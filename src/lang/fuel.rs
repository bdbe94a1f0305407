//! Fuel: a bound on what evaluation computes, for programs that nobody vouches for.
//!
//! A program cannot loop, but a few lines can ask for more than any machine has: `range(0, 1 << 40)`, a
//! function that doubles what it is given, called forty times. A session with a limit pays for every value
//! that an expression comes to, as many units as the value has parts when it is written out (a part that is
//! shared counts wherever it stands, since printing, digesting and comparing walk it there too), and is
//! stopped with an error of the kind *resources exhausted* once its fuel is used up. What takes a size from
//! a number is paid for before it is made. Without a limit nothing is counted.

use std::cell::Cell;

use base::failure::{Error, Kind};
use syntax::ast::BinaryOp;
use types::Value;

use crate::nesting::with_stack;

/// Bytes of a string that cost as much as an element of a list.
const BYTES: usize = 16;

/// What is left of a session's fuel; `None` if there is no limit.
#[derive(Default)]
pub(crate) struct Fuel(Cell<Option<u64>>);

impl Fuel {
    /// Sets the limit.
    pub(crate) fn fill(&self, units: u64) {
        self.0.set(Some(units));
    }

    /// Takes units, if there is a limit.
    pub(crate) fn spend(&self, units: u64) -> Result<(), Error> {
        let Some(left) = self.0.get() else { return Ok(()) };
        self.0.set(Some(left.saturating_sub(units)));
        match left >= units {
            true => Ok(()),
            false => Err(Error::new(Kind::ResourcesExhausted, "the program computes more than it may")),
        }
    }

    /// Takes what a value costs that was just computed.
    #[inline]
    pub(crate) fn spend_on(&self, value: &Value) -> Result<(), Error> {
        match self.0.get() {
            None => Ok(()),
            Some(_) => self.weigh(value),
        }
    }

    fn weigh(&self, value: &Value) -> Result<(), Error> {
        self.spend(1 + own_weight(value))?;
        with_stack(|| match value {
            Value::List(elements) => elements.iter().try_for_each(|element| self.weigh(element)),
            Value::Tuple(elements) => elements.iter().try_for_each(|element| self.weigh(element)),
            Value::Map(map) => map.iter().try_for_each(|(key, value)| self.weigh(key).and_then(|()| self.weigh(value))),
            Value::Struct(record) | Value::Module(record) => record.iter().try_for_each(|(_, value)| self.weigh(value)),
            Value::Variant(variant) => variant.payload.as_ref().map_or(Ok(()), |payload| self.weigh(payload)),
            _ => Ok(()),
        })
    }

    /// Takes what an operation costs whose time or result grows with more than what it is given.
    pub(crate) fn spend_before(&self, op: BinaryOp, left: &Value, right: &Value) -> Result<(), Error> {
        if self.0.get().is_none() {
            return Ok(());
        }
        let (Value::Int(left), Value::Int(right)) = (left, right) else { return Ok(()) };
        let words = |bits: u64| bits / 64;
        self.spend(match op {
            BinaryOp::ShiftLeft if !left.is_zero() => words(right.low_magnitude()),
            BinaryOp::Multiply | BinaryOp::Divide | BinaryOp::Remainder => {
                words(left.bits()).saturating_mul(words(right.bits()))
            }
            _ => 0,
        })
    }

    /// Takes what a text of so many bytes costs.
    pub(crate) fn spend_on_bytes(&self, bytes: usize) -> Result<(), Error> {
        self.spend((bytes / BYTES) as u64)
    }
}

/// What a value costs beside its parts.
fn own_weight(value: &Value) -> u64 {
    match value {
        Value::String(bytes) => (bytes.len() / BYTES) as u64,
        // Printing takes time that grows with the square of the length.
        Value::Int(number) => (number.bits() / 64).saturating_pow(2) / 64,
        Value::Dir(files) => files.len() as u64,
        Value::Fileset(fileset) => fileset.count() as u64,
        _ => 0,
    }
}
