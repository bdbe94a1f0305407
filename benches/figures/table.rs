//! The table: a line for each figure, with its target and whether it was reached.

/// What was printed so far.
#[derive(Debug, Default)]
pub(crate) struct Table {
    met: u32,
    missed: u32,
}

impl Table {
    /// Begins a family of figures.
    pub(crate) fn family(&self, title: &str) {
        println!("\n{title}");
    }

    /// A figure without a target.
    pub(crate) fn note(&self, figure: &str, measured: &str) {
        println!("  {figure:<52} {measured}");
    }

    /// A figure and what it should be.
    pub(crate) fn figure(&mut self, figure: &str, measured: &str, target: &str, is_met: bool) {
        let verdict = if is_met { "ok" } else { "MISSED" };
        println!("  {figure:<52} {measured:<30} target {target:<28} {verdict}");
        *(if is_met { &mut self.met } else { &mut self.missed }) += 1;
    }

    /// A value that should be at most so much.
    pub(crate) fn at_most(&mut self, figure: &str, value: f64, unit: &str, limit: f64) {
        self.figure(figure, &format!("{value:.2} {unit}"), &format!("<= {limit} {unit}"), value <= limit);
    }

    /// A value that should be at least so much.
    pub(crate) fn at_least(&mut self, figure: &str, value: f64, unit: &str, limit: f64) {
        self.figure(figure, &format!("{value:.2} {unit}"), &format!(">= {limit} {unit}"), value >= limit);
    }

    /// The last line.
    pub(crate) fn end(&self) {
        println!("\n{} of {} targets reached", self.met, self.met + self.missed);
    }
}
