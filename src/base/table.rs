//! Tables of text whose columns line up (command-line spec §7.4).
//!
//! Cells end with tabs. A column is as wide as its widest cell and one blank, at least four; it lines
//! up within consecutive lines that have a cell there. What follows the last tab of a line is not
//! padded, so a heading can stand above a table without stretching its columns.

/// The least width of a column.
const MIN_WIDTH: usize = 4;

/// Lays out lines of cells that end with tabs; blanks at the ends of lines are dropped.
///
/// Every line of the result ends with a newline.
pub fn lay_out(text: &str) -> String {
    let lines: Vec<Vec<&str>> = text.lines().map(|line| line.split('\t').collect()).collect();
    let columns = lines.iter().map(|cells| cells.len() - 1).max().unwrap_or(0);
    let mut padded: Vec<String> = vec![String::new(); lines.len()];
    for column in 0..columns {
        for block in blocks(&lines, column) {
            let cells = || lines[block.clone()].iter().map(|cells| cells[column]);
            let width = cells().map(|cell| cell.chars().count() + 1).fold(MIN_WIDTH, usize::max);
            for (line, cell) in padded[block.clone()].iter_mut().zip(cells()) {
                line.push_str(&format!("{cell:width$}"));
            }
        }
    }
    let mut out = String::new();
    for (line, cells) in padded.iter().zip(&lines) {
        let last = cells.last().copied().unwrap_or_default();
        out.push_str(format!("{line}{last}").trim_end_matches(' '));
        out.push('\n');
    }
    out
}

/// Runs of consecutive lines that have a cell in `column`.
fn blocks(lines: &[Vec<&str>], column: usize) -> Vec<std::ops::Range<usize>> {
    let mut blocks: Vec<std::ops::Range<usize>> = Vec::new();
    for (i, _) in lines.iter().enumerate().filter(|(_, cells)| cells.len() > column + 1) {
        match blocks.last_mut() {
            Some(block) if block.end == i => block.end += 1,
            _ => blocks.push(i..i + 1),
        }
    }
    blocks
}
