//! Runs side by side on one home, and a run of many small steps.

use std::fmt::Write;
use std::process::Stdio;
use std::time::Duration;

use crate::bed::{Bed, Counts};
use crate::{history, machine};

/// A chain below a fan: eight slow steps, then two that need them.
const PROGRAM: &str = r#"
func Slow(n int) = exec(image := "tools", mem := 1*MiB) (out file) {" sleep 0.2; echo {{n}} > {{out}} "}
val All = exec(image := "tools", mem := 1*MiB) (out file) {" cat {{[Slow(n) | n <- range(0, 8)]}} > {{out}} "}
val Main = exec(image := "tools", mem := 1*MiB) (out file) {" wc -l < {{All}} > {{out}} "}
"#;

#[test]
fn two_runs_at_once_execute_each_step_once_in_total() {
    let bed = Bed::new();
    bed.write("main.rf", PROGRAM);
    let start = || {
        let mut command = bed.reflow(&["run", "-json", "-executor=process", "main.rf"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let children = [start(), start()];
    let outputs = children.map(|child| child.wait_with_output().unwrap());
    let counts = outputs.map(|output| {
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Counts::of(&String::from_utf8_lossy(&output.stdout))
    });
    assert_eq!(counts[0].result, counts[1].result);
    assert_eq!(counts[0].executed + counts[1].executed, 10, "{counts:?}");
    for counts in &counts {
        assert_eq!((counts.executed + counts.cached, counts.failed), (10, 0), "{counts:?}");
    }
    assert_eq!(history::repeated(&bed), [""; 0]);
    assert_eq!(history::executed(&bed).len(), 10);
    machine::assert_nothing_runs(&bed);
}

/// Processor time of children that have ended, theirs included.
fn processor_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
    let ticks: u64 = fields[13..15].iter().map(|field| field.parse::<u64>().unwrap()).sum();
    Duration::from_millis(ticks * 10)
}

#[test]
fn a_thousand_small_steps_are_executed_once_and_cheaply() {
    const STEPS: u32 = 1000;
    // The program is not optimised here, and the machine may be busy: `cargo bench --bench execs` measures in
    // earnest. This catches costs that grow with the number of steps.
    const CPU_EACH: Duration = Duration::from_millis(100);
    let bed = Bed::new();
    let mut program = String::from("func Echo(n int) = ");
    let _ =
        writeln!(program, r#"exec(image := "tools", mem := 1*MiB) (out file) {{" echo {{{{n}}}} > {{{{out}}}} "}}"#);
    let _ = writeln!(program, "val Main = [Echo(n) | n <- range(0, {STEPS})]");
    bed.write("main.rf", program);
    let before = processor_time();
    let first = bed.run_json(&["main.rf"]);
    let cpu = processor_time() - before;
    println!("{STEPS} steps: {:.1} ms of processor time each", cpu.as_secs_f64() * 1e3 / f64::from(STEPS));
    assert_eq!((first.executed, first.cached, first.failed), (u64::from(STEPS), 0, 0));
    assert!(cpu < CPU_EACH * STEPS, "{cpu:?}");
    let again = bed.run_json(&["main.rf"]);
    assert_eq!((again.executed, again.cached), (0, u64::from(STEPS)));
    assert_eq!(again.result, first.result);
    assert_eq!(history::executed(&bed).len(), STEPS as usize);
}
