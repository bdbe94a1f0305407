//! The decimal texts of floats: printed (language spec §4.1), digested (§10.2), by
//! `strings.FromFloat` (§7.7).

use std::fmt;

use super::digits::Digits;
use super::{Float, Form};

/// With at most 10 significant digits, as results print.
impl fmt::Display for Float {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.to_text(10))
    }
}

impl Float {
    /// The number with at most `precision` significant digits, 0 counting as 1; if `precision` is
    /// negative, with as few as read back to the same number. Exponents below −4 or from `precision` on
    /// (from 6 on, if that is negative) are written as such.
    pub fn to_text(&self, precision: i64) -> String {
        let sign = if self.negative { "-" } else { "" };
        let (digits, limit) = match (self.form, u64::try_from(precision)) {
            (Form::Zero, _) => return format!("{sign}0"),
            (Form::Infinite, _) => return self.infinity_text(),
            (Form::Finite, Ok(precision)) => (self.digits(precision), precision.max(1)),
            (Form::Finite, Err(_)) => (self.shortest_digits(), 6),
        };
        let exponent_form = digits.exponent < -4 || u64::try_from(digits.exponent).is_ok_and(|e| e >= limit);
        let text = if exponent_form { with_exponent(&digits, digits.digits.len()) } else { plain(&digits) };
        format!("{sign}{text}")
    }

    /// The text that stands for the number in digests: one digit before and ten after the point, and an
    /// exponent.
    pub fn digest_text(&self) -> String {
        let sign = if self.negative { "-" } else { "" };
        match self.form {
            Form::Zero => format!("{sign}0.0000000000e+00"),
            Form::Infinite => self.infinity_text(),
            Form::Finite => format!("{sign}{}", with_exponent(&self.digits(11), 11)),
        }
    }

    fn infinity_text(&self) -> String {
        if self.negative { "-Inf" } else { "+Inf" }.to_owned()
    }
}

/// `d.ddde+XX` with `count` digits.
fn with_exponent(digits: &Digits, count: usize) -> String {
    let mut text: String = digits.digits.iter().map(|digit| char::from(*digit)).collect();
    text.extend(std::iter::repeat_n('0', count.saturating_sub(text.len())));
    if text.len() > 1 {
        text.insert(1, '.');
    }
    let sign = if digits.exponent < 0 { '-' } else { '+' };
    format!("{text}e{sign}{:02}", digits.exponent.unsigned_abs())
}

/// Without an exponent, and without a point if there is no fraction.
fn plain(digits: &Digits) -> String {
    let text: String = digits.digits.iter().map(|digit| char::from(*digit)).collect();
    let Ok(exponent) = usize::try_from(digits.exponent) else {
        let zeros = usize::try_from(-1 - digits.exponent).unwrap_or(0);
        return format!("0.{}{text}", "0".repeat(zeros));
    };
    match text.split_at_checked(exponent + 1) {
        Some((whole, "")) => whole.to_owned(),
        Some((whole, fraction)) => format!("{whole}.{fraction}"),
        None => format!("{text}{}", "0".repeat(exponent + 1 - text.len())),
    }
}
