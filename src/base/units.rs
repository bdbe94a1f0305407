//! How sizes and durations are written for people (runtime spec §0.1).

use std::time::Duration;

/// `17B`, `1.5KiB`, `492.5GiB`: the largest binary unit that gives at least 1.0, one decimal.
pub fn data_size(bytes: u64) -> String {
    const UNITS: [(&str, u32); 6] = [("EiB", 60), ("PiB", 50), ("TiB", 40), ("GiB", 30), ("MiB", 20), ("KiB", 10)];
    for (unit, shift) in UNITS {
        if bytes >> shift > 0 {
            return format!("{:.1}{unit}", bytes as f64 / (1_u64 << shift) as f64);
        }
    }
    format!("{bytes}B")
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
