//! What programs cost before anything runs: reading, checking, evaluating. `cargo bench --bench language`
//! builds the program optimised and prints a line a measurement, its target beside it.
//!
//! Each measurement is taken five times, each time in a process of its own, and the median counts. Times are
//! the user's processor time; memory is what the largest resident size grew by. The generated
//! module has 38 bytes a line, the examples have 40.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a measurement that cannot be taken fails, and its result is printed"
)]

use std::fmt::Write as _;
use std::process::Command;
use std::rc::Rc;
use std::time::{Duration, Instant};

use flow::Graph;
use lang::eval::force;
use lang::session::Session;
use lang::sources::{MemorySources, Sources};
use nix::sys::resource::{UsageWho, getrusage};
use types::print::print;

/// What the program itself allocates with.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// How often each measurement is taken.
const ROUNDS: usize = 5;
/// Says to a process which measurement to take.
const MEASUREMENT: &str = "REFLOW_BENCH_MEASUREMENT";

/// What a piece of work took.
struct Cost {
    time: Duration,
    /// Bytes.
    memory: u64,
    /// How much was worked on: lines, elements, calls.
    size: u64,
}

/// A measurement: its name, what it is done on, and how its result is shown.
struct Measurement {
    name: &'static str,
    work: fn() -> Cost,
    show: fn(&Cost) -> String,
}

const MEASUREMENTS: &[Measurement] = &[
    Measurement { name: "lex, parse and check 10,000 lines", work: || check(10_000), show: show_lines },
    Measurement {
        name: "lex, parse and check 100,000 lines",
        work: || check(100_000),
        show: |cost| {
            let is_met = lines_per_second(cost) >= 500_000.0 && cost.memory < 1024 * cost.size;
            show_lines(cost) + &target(is_met, "500,000 lines/s and 1,024 bytes a line")
        },
    },
    Measurement { name: "fold with a call for each of 100,000", work: || fold(100_000), show: show_time },
    Measurement {
        name: "fold with a call for each of 1,000,000",
        work: || fold(1_000_000),
        show: |cost| show_time(cost) + &target(cost.time <= Duration::from_secs(1), "1 s"),
    },
    Measurement { name: "filtered comprehension over 100,000", work: || comprehension(100_000), show: show_time },
    Measurement {
        name: "filtered comprehension over 1,000,000",
        work: || comprehension(1_000_000),
        show: |cost| {
            let is_met = cost.time <= Duration::from_secs(2) && cost.memory <= 500 << 20;
            show_time(cost) + &target(is_met, "2 s and 500 MiB")
        },
    },
    Measurement {
        name: "2^16 calls through nested functions",
        work: || calls(16),
        show: |cost| show_time(cost) + &target(cost.time <= Duration::from_millis(50), "50 ms"),
    },
    Measurement { name: "2^18 calls through nested functions", work: || calls(18), show: show_time },
    Measurement { name: "expression nested 100,000 deep", work: nested, show: show_time },
    Measurement { name: "string literal of 10 MB", work: string, show: show_time },
];

fn main() {
    if let Ok(name) = std::env::var(MEASUREMENT) {
        let measurement = MEASUREMENTS.iter().find(|measurement| measurement.name == name).unwrap();
        let cost = (measurement.work)();
        println!("{} {} {}", cost.time.as_nanos(), cost.memory, cost.size);
        return;
    }
    println!("load {}", std::fs::read_to_string("/proc/loadavg").unwrap().trim());
    for measurement in MEASUREMENTS {
        let cost = median((0..ROUNDS).map(|_| apart(measurement.name)).collect());
        println!("{:<40} {}", measurement.name, (measurement.show)(&cost));
    }
    let start_up = median((0..4 * ROUNDS).map(|_| start_up()).collect());
    let shown = format!("{:8.1} ms", start_up.time.as_secs_f64() * 1e3);
    println!("{:<40} {shown}{}", "reflow version", target(start_up.time <= Duration::from_millis(10), "10 ms"));
}

/// Takes a measurement in a process of its own.
fn apart(name: &str) -> Cost {
    let output = Command::new(std::env::current_exe().unwrap()).env(MEASUREMENT, name).output().unwrap();
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).unwrap();
    let figures: Vec<u64> = text.split_whitespace().map(|figure| figure.parse().unwrap()).collect();
    Cost { time: Duration::from_nanos(figures[0]), memory: figures[1], size: figures[2] }
}

fn median(mut costs: Vec<Cost>) -> Cost {
    costs.sort_by_key(|cost| cost.time);
    costs.swap_remove(costs.len() / 2)
}

/// From start to end of a command that does nothing.
fn start_up() -> Cost {
    let start = Instant::now();
    let output = Command::new(env!("CARGO_BIN_EXE_reflow")).arg("version").output().unwrap();
    assert!(output.status.success(), "{output:?}");
    Cost { time: start.elapsed(), memory: 0, size: 1 }
}

fn target(is_met: bool, target: &str) -> String {
    format!("   (target {target}: {})", if is_met { "met" } else { "MISSED" })
}

fn show_time(cost: &Cost) -> String {
    format!("{:8.1} ms   {:6.1} MiB", cost.time.as_secs_f64() * 1e3, cost.memory as f64 / 1_048_576.0)
}

fn show_lines(cost: &Cost) -> String {
    format!("{:8.0} lines/s   {} bytes a line", lines_per_second(cost), cost.memory / cost.size)
}

fn lines_per_second(cost: &Cost) -> f64 {
    cost.size as f64 / cost.time.as_secs_f64()
}

/// The cost of some work; what it gives is kept until the memory has been looked at.
fn cost<T>(size: u64, work: impl FnOnce() -> T) -> Cost {
    let before = peak_memory();
    let start = processor_time();
    let result = work();
    let time = processor_time() - start;
    let memory = peak_memory() - before;
    drop(result);
    Cost { time, memory, size }
}

/// Processor time of this process so far, without that of the kernel, which mostly clears fresh memory.
fn processor_time() -> Duration {
    let time = getrusage(UsageWho::RUSAGE_SELF).unwrap().user_time();
    Duration::new(time.tv_sec() as u64, time.tv_usec() as u32 * 1000)
}

/// The largest resident size of this process so far, in bytes.
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.split_whitespace().next().unwrap().parse::<u64>().unwrap() << 10
}

fn session() -> Rc<Session> {
    Session::new(Rc::new(MemorySources::default()) as Rc<dyn Sources>, |_| {})
}

fn check(lines: usize) -> Cost {
    let text = module(lines);
    cost(text.lines().count() as u64, || {
        let session = session();
        let (module, diagnostics) = session.check_text("generated.rf", &text);
        assert!(module.is_some(), "{}", diagnostics[0].line());
        (session, module)
    })
}

/// Evaluates an expression; the cost is that of the evaluation.
fn evaluate(text: &str, size: u64, expected: &str) -> Cost {
    let session = session();
    let (checked, diagnostics) = session.check_expr(text);
    let Some(checked) = checked else { panic!("{}", diagnostics[0].line()) };
    let mut graph = Graph::default();
    let mut printed = String::new();
    let cost = cost(size, || {
        let value = session.eval_expr(&mut graph, &checked).unwrap();
        let value = force(&mut graph, &"".into(), value, checked.ty()).unwrap();
        printed = print(&value, checked.ty());
        value
    });
    assert_eq!(printed, expected);
    cost
}

fn fold(count: u64) -> Cost {
    let text = format!("fold(func(sum, x int) => sum + x, range(0, {count}), 0)");
    evaluate(&text, count, &(count * (count - 1) / 2).to_string())
}

fn comprehension(count: u64) -> Cost {
    let text = format!("len([x * 2 | x <- range(0, {count}), if x % 3 == 0])");
    evaluate(&text, count, &count.div_ceil(3).to_string())
}

fn calls(levels: u32) -> Cost {
    let mut text = "{ f0 := func(x int) => x + 1; ".to_owned();
    for level in 1..=levels {
        write!(text, "f{level} := func(x int) => f{below}(f{below}(x)); ", below = level - 1).unwrap();
    }
    write!(text, "f{levels}(0) }}").unwrap();
    let count = 1 << levels;
    evaluate(&text, count, &count.to_string())
}

fn nested() -> Cost {
    let depth = 100_000;
    let text = format!("{}1{}", "(1 + ".repeat(depth), ")".repeat(depth));
    cost(depth as u64, || session().check_expr(&text))
}

fn string() -> Cost {
    let text = format!("len(\"{}\")", "x".repeat(10_000_000));
    evaluate(&text, 10_000_000, "10000000")
}

/// A module of about `lines` lines in the manner of a pipeline.
fn module(lines: usize) -> String {
    let mut text = String::from(HEAD);
    for number in 0..lines / PART.lines().count() {
        text += &PART.replace("NUMBER", &number.to_string());
    }
    text
}

const HEAD: &str = r#"// Aligns and counts reads.
param (
	// The sample.
	sample = "s1"
	threads = 4
)

val strings = make("$/strings")

"#;

const PART: &str = r#"// What became of a lane.
type LaneNUMBER #Failed(string) | #Done({name string, reads int})

// align_NUMBER aligns the reads of one lane to the reference
// and sorts what comes out.
func align_NUMBER(reads [file], reference file, name string) {bam file, log string} = {
	val (first, second) = (reads[0], reads[1])
	cores := if len(reads) > 2 { threads * 2 } else { threads }
	@requires(cpu := 2, mem := 16*GiB + NUMBER)
	bam := exec(image := "biocontainers/bwa:v0.7.17_cv1", cpu := cores, mem := 32*GiB) (out file) {"
		bwa mem -t {{cores}} -R '@RG\tID:{{name}}' {{reference}} {{first}} {{second}} |
			samtools sort -@ 4 -o {{out}} -
	"}
	counts := [(chromosome, n + NUMBER) | (chromosome, n) <- [("chr1", 1), ("chr2", 2)], if n != 3]
	parts := [sample, name, strings.FromInt(len(counts))]
	{bam, log: strings.Join(parts, "-")}
}

// report_NUMBER says what became of a lane.
func report_NUMBER(lane LaneNUMBER) string = switch lane {
	case #Failed(reason):
		"failed: " + reason
	case #Done({name, reads}):
		total := fold(func(sum, x int) => sum + x, [1, reads], 0)
		name + ": " + strings.FromInt(total)
}

val ResultNUMBER = align_NUMBER(
	[file("s3://bucket/1.fq.gz"), file("s3://bucket/2.fq.gz")],
	file("s3://bucket/reference.fa"),
	"sample-NUMBER",
).bam

val ReportNUMBER = report_NUMBER(#Done({name: "lane-NUMBER", reads: NUMBER}))

"#;
