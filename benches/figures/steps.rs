//! Trivial execs with the `process` executor, beside other programs that run the same commands.

use std::fmt::Write as _;
use std::path::Path;

use crate::measure::{Measured, assert_executed, clean, folder, measure, reflow_run, write_echoes};
use crate::peers;
use crate::table::Table;

const STEPS: u32 = 1_000;
/// Each of the two that are close to each other is run so often, in turns; the best counts.
const ROUNDS: usize = 3;
/// The resources of an exec that leave room for another beside it, and none.
const SMALL: &str = "mem := 1*MiB";

pub(crate) fn report(table: &mut Table) {
    table.family(&format!("{STEPS} execs that write one line each, process executor"));
    let mut ours: Option<Measured> = None;
    let mut ninjas: Option<Measured> = None;
    for _ in 0..ROUNDS {
        let measured = reflow();
        ours = Some(ours.take().map_or(measured.clone(), |best| best.quicker(measured)));
        if let Some(program) = peers::find("ninja") {
            let measured = ninja(&program);
            ninjas = Some(ninjas.take().map_or(measured.clone(), |best| best.quicker(measured)));
        }
    }
    let ours = ours.unwrap();
    let ours_text = format!("{:.2} s, {:.1} ms cpu each", ours.seconds(), ours.cpu_each(STEPS));
    table.note(&format!("reflow (best of {ROUNDS})"), &ours_text);
    match ninjas {
        Some(ninja) => {
            let text = format!("{:.2} s, {:.1} ms cpu each", ninja.seconds(), ninja.cpu_each(STEPS));
            table.note(&format!("ninja, the same commands (best of {ROUNDS})"), &text);
            table.at_most("reflow against ninja", ours.seconds() / ninja.seconds(), "times", 2.0);
        }
        None => table.note("ninja", "absent"),
    }
    peers::report(table, ours.seconds(), STEPS);
    isolation(table);
}

fn reflow() -> Measured {
    let folder = folder();
    write_echoes(&folder, "tools", SMALL, STEPS);
    let measured = measure(&mut reflow_run(&folder, "process", "echoes.rf"));
    assert_executed(&measured, STEPS);
    measured
}

/// The shell as the executor calls it, once it knows what the login files export.
const SHELL: &str = "/bin/bash -e -o pipefail -c";

fn ninja(program: &Path) -> Measured {
    let folder = folder();
    let mut file = format!("rule echo\n  command = {SHELL} 'echo $n > $out'\n");
    for number in 0..STEPS {
        writeln!(file, "build out/{number}: echo\n  n = {number}").unwrap();
    }
    std::fs::write(folder.join("build.ninja"), file).unwrap();
    let cores = std::thread::available_parallelism().unwrap();
    let measured = measure(clean(program, &folder).args(["-j", &cores.to_string()]));
    assert_eq!(std::fs::read_dir(folder.join("out")).unwrap().count(), STEPS as usize);
    measured
}

/// What an exec takes beyond a shell that is forked and executed without more, one after the other.
fn isolation(table: &mut Table) {
    const EXECS: u32 = 200;
    let folder = folder();
    let cores = std::thread::available_parallelism().unwrap();
    write_echoes(&folder, "tools", &format!("cpu := {cores}.0"), EXECS);
    let execs = measure(&mut reflow_run(&folder, "process", "echoes.rf"));
    assert_executed(&execs, EXECS);
    let start = std::time::Instant::now();
    for number in 0..EXECS {
        let mut shell = clean("/bin/bash", &folder);
        shell.args(["-e", "-o", "pipefail", "-c", &format!("echo {number} > out")]);
        assert!(shell.status().unwrap().success());
    }
    let bare = start.elapsed().as_secs_f64() * 1e3 / f64::from(EXECS);
    let each = execs.seconds() * 1e3 / f64::from(EXECS);
    table.note(&format!("{EXECS} execs one by one, in a sandbox each"), &format!("{each:.1} ms each"));
    table.note("the same shell, forked and executed", &format!("{bare:.1} ms each"));
    table.at_most("wall time an exec above the bare shell", each - bare, "ms", 15.0);
}
