//! Tables: cells as wide as the widest of their column and one blank, at least four (CLI spec §7.4).

use std::time::Duration;

use base::units;
use engine::Summary;
use engine::summary::Spread;

/// Lays rows out in columns, without blanks at the ends of lines.
pub(super) fn columns(rows: &[Vec<String>]) -> Vec<String> {
    let count = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count() + 1).max().unwrap_or(0).max(4)
    };
    let widths: Vec<usize> = (0..count).map(width).collect();
    let line = |row: &Vec<String>| {
        let cells = row.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        cells.collect::<String>().trim_end().to_owned()
    };
    rows.iter().map(line).collect()
}

/// The summary of a run; `None` if nothing external was completed (CLI spec §6.4).
pub(super) fn summary(summary: &Summary, nodes: usize, elapsed: f64) -> Option<String> {
    if summary.is_empty() {
        return None;
    }
    const GIB: f64 = (1_u64 << 30) as f64;
    let header = ["ident", "n", "ncache", "runtime(m)", "cpu", "mem(GiB)", "requested"];
    let mut rows = vec![header.map(str::to_owned).to_vec()];
    for (ident, row) in summary.rows() {
        let ident = if ident.is_empty() { "?" } else { ident };
        let mut cells = vec![ident.to_owned(), row.count.to_string(), row.cached.to_string()];
        if !row.runtime.is_empty() {
            cells.push(spread(&row.runtime, 1.0 / 60.0, 0));
            cells.push(spread(&row.cpu, 1.0, 1));
            cells.push(spread(&row.memory, 1.0 / GIB, 1));
            cells.extend(row.requested.as_ref().map(ToString::to_string));
        }
        rows.push(cells);
    }
    let time = units::duration(Duration::from_secs_f64(elapsed.max(0.0)));
    let mut text = format!("total n={nodes} time={time}");
    for line in columns(&rows) {
        text.push_str(&format!("\n\t{line}"));
    }
    let wasteful: Vec<_> = summary.wasteful().collect();
    if !wasteful.is_empty() {
        text.push_str(&format!(
            "\n\twarning: reduce memory requirements for over-allocating execs: {}",
            wasteful.join(", ")
        ));
    }
    Some(text)
}

fn spread(spread: &Spread, scale: f64, decimals: usize) -> String {
    let cell = |value: f64| format!("{:.decimals$}", value * scale);
    format!("{}/{}/{}", cell(spread.min), cell(spread.mean()), cell(spread.max))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_line_up() {
        let row = |cells: &[&str]| cells.iter().map(ToString::to_string).collect::<Vec<_>>();
        let lines = columns(&[row(&["ident", "n", "x"]), row(&["a", "10"]), row(&["", "", "yy"])]);
        assert_eq!(lines, ["ident n   x", "a     10", "          yy"]);
    }
}
