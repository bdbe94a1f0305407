//! How sizes, numbers, durations and times are written for people, and read back from flags and
//! configuration (runtime spec §0.1, command-line spec §1 and §7).
//!
//! Everything that prints goes through here, so that a size looks the same in a log line, a table and
//! an error.

use std::time::Duration;

use jiff::Zoned;

/// Binary units, largest first, with the power of two that each stands for.
const BINARY: [(&str, u32); 6] = [("EiB", 60), ("PiB", 50), ("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10)];

/// `17B`, `1.5KiB`, `492.5GiB`: the largest binary unit that gives at least 1.0, one decimal.
pub fn data_size(bytes: u64) -> String {
    for (unit, shift) in BINARY {
        if bytes >> shift > 0 {
            return format!("{:.1}{unit}", bytes as f64 / (1_u64 << shift) as f64);
        }
    }
    format!("{bytes}B")
}

/// As [`data_size`], for a difference or a mean of bytes: cut to a whole number, the unit chosen by
/// magnitude.
pub fn data_amount(bytes: f64) -> String {
    let whole = bytes as i64;
    let sign = if whole < 0 { "-" } else { "" };
    format!("{sign}{}", data_size(whole.unsigned_abs()))
}

/// The shortest decimal that reads back to `value`: `4`, `0.25`, `1e+06`; an exponent below 0.0001 and
/// from a million on.
pub fn number(value: f64) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let scientific = format!("{value:e}");
    let Some((mantissa, exponent)) = scientific.split_once('e') else { return scientific };
    match exponent.parse::<i32>() {
        Ok(exponent) if !(-4..6).contains(&exponent) => {
            let sign = if exponent < 0 { '-' } else { '+' };
            format!("{mantissa}e{sign}{:02}", exponent.unsigned_abs())
        }
        _ => format!("{value}"),
    }
}

/// Whole seconds in the style `0s`, `42s`, `1m30s`, `1h1m1s`; fractions are cut off.
pub fn duration(time: Duration) -> String {
    let seconds = time.as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes) {
        (0, 0) => format!("{seconds}s"),
        (0, _) => format!("{minutes}m{seconds}s"),
        _ => format!("{hours}h{minutes}m{seconds}s"),
    }
}

/// All of a duration: `1h29m33.9s`, `500ms`, `1.5µs`, `0s`.
pub fn exact_duration(time: Duration) -> String {
    let nanos = time.subsec_nanos();
    if time.as_secs() == 0 {
        return match nanos {
            0 => "0s".to_owned(),
            1..1_000 => format!("{nanos}ns"),
            1_000..1_000_000 => format!("{}µs", decimal(nanos / 1_000, nanos % 1_000, 3)),
            _ => format!("{}ms", decimal(nanos / 1_000_000, nanos % 1_000_000, 6)),
        };
    }
    let whole = duration(time);
    match nanos {
        0 => whole,
        _ => format!("{}s", decimal(whole.trim_end_matches('s'), nanos, 9)),
    }
}

/// A whole part and a fraction of so many digits, without trailing zeros.
fn decimal(whole: impl std::fmt::Display, fraction: u32, digits: usize) -> String {
    let text = format!("{whole}.{fraction:0digits$}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// When something happened, as lists show it: `3:04PM` within a day, `Mon3:04PM` while it is younger
/// than `old`, else by the strftime format `long`. In the time zone of `then`.
pub fn time(then: &Zoned, now: &Zoned, old: Duration, long: &str) -> String {
    let age = now.timestamp().as_nanosecond() - then.timestamp().as_nanosecond();
    let format = match age {
        _ if age < 24 * 3600 * 1_000_000_000 => "%-I:%M%p",
        _ if age < i128::try_from(old.as_nanos()).unwrap_or(i128::MAX) => "%a%-I:%M%p",
        _ => long,
    };
    then.strftime(format).to_string()
}

/// The long form of times in reports: `Mon Mar  4 10:11:12 2024`.
pub const LONG_TIME: &str = "%a %b %e %H:%M:%S %Y";

/// Text that is neither a duration nor a size, with what was wanted instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ParseUnitError {
    /// Not a duration.
    #[error("{0:?} is not a duration: want numbers with units (ns, us, ms, s, m, h), such as 90s or 1h30m")]
    Duration(String),
    /// Not a size.
    #[error("{0:?} is not a size: want a number of bytes, or a number with a unit, such as 500MiB or 1.5GB")]
    Size(String),
}

/// Reads a sequence of numbers with units: `90s`, `1h30m`, `1.5h`; `0` needs no unit.
pub fn parse_duration(text: &str) -> Result<Duration, ParseUnitError> {
    let bad = || ParseUnitError::Duration(text.to_owned());
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    let mut rest = text;
    let mut nanos = 0_u128;
    while !rest.is_empty() {
        let (number, after) = Decimal::scan(rest).ok_or_else(bad)?;
        let end = after.find(|c: char| c == '.' || c.is_ascii_digit()).unwrap_or(after.len());
        let unit = match &after[..end] {
            "ns" => 1,
            // The micro sign and the Greek letter are both in use.
            "us" | "\u{b5}s" | "\u{3bc}s" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60 * 1_000_000_000,
            "h" => 3600 * 1_000_000_000,
            _ => return Err(bad()),
        };
        nanos = number.times(unit).and_then(|part| nanos.checked_add(part)).ok_or_else(bad)?;
        rest = &after[end..];
    }
    // The bound is that of a signed 64-bit number of nanoseconds, 292 years: other programs read these.
    match i64::try_from(nanos) {
        Ok(_) if !text.is_empty() => Ok(Duration::from_nanos(nanos as u64)),
        _ => Err(bad()),
    }
}

/// Reads a size: bytes without a unit or with `B`; `KiB MiB GiB TiB PiB EiB` and, for short,
/// `K M G T P E` are powers of 1024; `KB MB …` are powers of 1000. A blank may stand before the unit.
/// Fractions of a byte are cut off.
pub fn parse_size(text: &str) -> Result<u64, ParseUnitError> {
    let bad = || ParseUnitError::Size(text.to_owned());
    let (number, after) = Decimal::scan(text).ok_or_else(bad)?;
    let unit = after.strip_prefix(' ').unwrap_or(after);
    let factor = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kib" => 1 << 10,
        "m" | "mib" => 1 << 20,
        "g" | "gib" => 1 << 30,
        "t" | "tib" => 1 << 40,
        "p" | "pib" => 1 << 50,
        "e" | "eib" => 1 << 60,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        "tb" => 1_000_000_000_000,
        "pb" => 1_000_000_000_000_000,
        "eb" => 1_000_000_000_000_000_000,
        _ => return Err(bad()),
    };
    number.times(factor).and_then(|bytes| u64::try_from(bytes).ok()).ok_or_else(bad)
}

/// An unsigned decimal number, exactly: `digits / 10^places`.
struct Decimal {
    digits: u128,
    places: u32,
}

impl Decimal {
    /// The number at the start of `text` and what follows it.
    fn scan(text: &str) -> Option<(Self, &str)> {
        let end = text.find(|c: char| c != '.' && !c.is_ascii_digit()).unwrap_or(text.len());
        let (number, rest) = text.split_at(end);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        // Digits past the 18th place cannot change a whole number of any unit.
        let fraction = fraction.get(..18).unwrap_or(fraction);
        let digits = format!("0{whole}{fraction}").parse().ok()?;
        Some((Self { digits, places: fraction.len() as u32 }, rest))
    }

    /// The product with a unit, cut to a whole number; `None` if it is too large.
    fn times(&self, unit: u128) -> Option<u128> {
        Some(self.digits.checked_mul(unit)? / 10_u128.pow(self.places))
    }
}
