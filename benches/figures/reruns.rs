//! Runs that find everything in the cache: wide, deep, and very large.

use std::path::Path;
use std::time::Instant;

use crate::measure::{Measured, assert_executed, measure, reflow_run};
use crate::seed::seed;
use crate::table::Table;

/// `count` execs that know nothing of each other.
fn wide(count: u32) -> String {
    format!(
        "func Echo(n int) = exec(image := \"tools\", mem := 1*MiB) (out file) {{\" echo {{{{n}}}} > {{{{out}}}} \"}}\n\
         val Main = [Echo(n) | n <- range(0, {count})]\n"
    )
}

/// `count` execs of which each needs the one before.
fn chain(count: u32) -> String {
    format!(
        "val First = exec(image := \"tools\", mem := 1*MiB) (out file) {{\" echo 0 > {{{{out}}}} \"}}\n\
         func Next(before file, n int) = exec(image := \"tools\", mem := 1*MiB) (out file) {{\" \
         cat {{{{before}}}} > {{{{out}}}}; echo {{{{n}}}} >> {{{{out}}}} \"}}\n\
         val Main = fold(Next, range(1, {count}), First)\n"
    )
}

pub(crate) fn report(table: &mut Table, is_long: bool) {
    table.family("runs that find every exec in the cache");
    let ten = again(table, "10,000 independent execs", &wide(10_000), 10_000);
    table.at_most("10,000 independent execs again", ten.seconds(), "s", 0.5);
    table.at_most("  memory", ten.mebibytes() * 1.048_576, "MB", 300.0);
    let hundred = again(table, "100,000 independent execs", &wide(100_000), 100_000);
    let text = format!("{:.2} s, {:.0} MiB", hundred.seconds(), hundred.mebibytes());
    table.note("100,000 independent execs again", &text);
    // A fixed part makes the quotient smaller; only growth beyond that of the work makes it larger.
    table.at_most("  against 10,000", hundred.seconds() / ten.seconds(), "times", 12.0);

    let five = again(table, "a chain of 5,000 execs", &chain(5_000), 5_000);
    let ten = again(table, "a chain of 10,000 execs", &chain(10_000), 10_000);
    table.note("a chain of 10,000 execs again", &format!("{:.2} s, {:.0} MiB", ten.seconds(), ten.mebibytes()));
    table.at_most("  against 5,000", ten.seconds() / five.seconds(), "times", 2.5);

    if is_long {
        // Three nodes an exec, and the one that gathers them.
        let million = again(table, "a graph of 1,000,000 nodes", &wide(333_333), 1_000);
        table.at_most("a graph of 1,000,000 nodes again", million.seconds(), "s", 60.0);
        table.at_most("  memory", million.mebibytes() * 1.048_576 / 1e3, "GB", 1.5);
    } else {
        table.note("a graph of 1,000,000 nodes", "not measured without --long");
    }
}

/// Seeds the cache and runs the program twice; the second run counts, as the first warms up the file system.
fn again(table: &Table, what: &str, program: &str, contents: u64) -> Measured {
    let folder = tempfile::tempdir().unwrap();
    let start = Instant::now();
    let nodes = seed(folder.path(), program, contents).unwrap();
    let seconds = start.elapsed().as_secs_f64();
    table.note(what, &format!("{nodes} nodes; cache filled in {seconds:.1} s"));
    std::fs::write(folder.path().join("generated.rf"), program).unwrap();
    let run = |folder: &Path| {
        let measured = measure(&mut reflow_run(folder, "process", "generated.rf"));
        assert_executed(&measured, 0);
        measured
    };
    let first = run(folder.path());
    first.quicker(run(folder.path()))
}
