//! How fast programs are checked and evaluated: run with
//! `cargo test --release -p reflow-lang --test lang speed -- --ignored --nocapture --test-threads=1`.

use std::fmt::Write as _;
use std::rc::Rc;
use std::time::{Duration, Instant};

use flow::Graph;
use reflow_lang::eval::force;
use reflow_lang::session::Session;
use reflow_lang::sources::{MemorySources, Sources};
use types::print::print;

/// What the program itself allocates with.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn session() -> Rc<Session> {
    Session::new(Rc::new(MemorySources::default()) as Rc<dyn Sources>, |_| {})
}

/// Evaluates an expression several times; gives the best time and the printed value.
#[allow(clippy::print_stdout, reason = "the figures are what it is for")]
fn measured(name: &str, text: &str) -> String {
    let mut best = Duration::MAX;
    let mut printed = String::new();
    for _ in 0..5 {
        let session = session();
        let (checked, _) = session.check_expr(text);
        let checked = checked.unwrap();
        let mut graph = Graph::default();
        let start = Instant::now();
        let value = session.eval_expr(&mut graph, &checked).unwrap();
        let value = force(&mut graph, &"".into(), value, checked.ty()).unwrap();
        best = best.min(start.elapsed());
        printed = print(&value, checked.ty());
    }
    println!("{name}: {best:?}, at most {} MiB so far", peak() >> 10);
    printed
}

/// The most memory the process has held, in KiB; 0 where the system does not say.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}

#[test]
#[ignore = "a measurement, for release builds"]
fn fold() {
    let text = "fold(func(sum, x int) => sum + x, range(0, 1000000), 0)";
    assert_eq!(measured("fold over a million", text), "499999500000");
}

#[test]
#[ignore = "a measurement, for release builds"]
fn comprehension() {
    let text = "len([x * 2 | x <- range(0, 1000000), if x % 3 == 0])";
    assert_eq!(measured("filtered comprehension over a million", text), "333334");
    let text = "len([x + y | x <- range(0, 1000), y <- range(0, 1000)])";
    assert_eq!(measured("comprehension over a thousand thousands", text), "1000000");
}

#[test]
#[ignore = "a measurement, for release builds"]
fn calls() {
    let mut text = "{ f0 := func(x int) => x + 1; ".to_owned();
    for i in 1..=16 {
        let _ = write!(text, "f{i} := func(x int) => f{}(f{}(x)); ", i - 1, i - 1);
    }
    text += "f16(0) }";
    assert_eq!(measured("2^16 calls through nested functions", &text), "65536");
}

/// A module of about `lines` lines in the manner of a pipeline.
fn pipeline(lines: usize) -> String {
    let mut text = String::from(
        "param (\n\t// The sample.\n\tsample = \"s1\"\n\tthreads = 4\n)\n\nval strings = make(\"$/strings\")\n\n",
    );
    for number in 0..lines / 20 {
        let _ = write!(
            text,
            r#"// align_{number} aligns reads of one lane to the reference
// and sorts what comes out.
func align_{number}(reads [file], reference file, name string) {{bam file, log string}} = {{
	val (first, second) = (reads[0], reads[1])
	image := "biocontainers/bwa:v0.7.17_cv1"
	cores := if len(reads) > 2 {{ threads * 2 }} else {{ threads }}
	@requires(cpu := 2, mem := 16 * GiB + {number})
	bam := exec(image, cpu := cores, mem := 32 * GiB, disk := 200 * GiB) (out file) {{"
		bwa mem -t {{{{cores}}}} -R '@RG\tID:{{{{name}}}}' {{{{reference}}}} {{{{first}}}} {{{{second}}}} |
			samtools sort -@ 4 -o {{{{out}}}} -
	"}}
	counts := [(chromosome, n + {number}) | (chromosome, n) <- zip(["chr1", "chr2"], [1, 2]), if n != 3]
	log := strings.Join([sample, name, "aligned", strings.FromInt(len(counts))], "-") // for people
	total := fold(func(sum, x int) => sum + x, [1, 2, 3, ...range(4, {number})], 0)
	kind := switch zip([1], [total]) {{ case [(_, n), ...]: #Some(n) case _: #Some(0) }}
	{{bam: bam, log: log + (switch kind {{ case #Some(n): strings.FromInt(n) }})}}
}}
val Result_{number} = align_{number}([file("s3://b/1"), file("s3://b/2")], file("s3://b/r"), "sample{number}").bam

"#
        );
    }
    text
}

#[test]
#[ignore = "a measurement, for release builds"]
#[allow(clippy::print_stdout, reason = "the figures are what it is for")]
fn check() {
    let text = pipeline(100_000);
    let lines = text.lines().count();
    let before = peak();
    let mut best = Duration::MAX;
    for _ in 0..5 {
        let session = session();
        let start = processor_time();
        let (module, diagnostics) = session.check_text("big.rf", &text);
        best = best.min(processor_time() - start);
        assert!(module.is_some(), "{}", diagnostics[0].line());
    }
    println!(
        "{lines} lines: parse and check {best:?} ({:.0} lines/s), {} bytes a line",
        lines as f64 / best.as_secs_f64(),
        ((peak() - before) << 10) / lines as u64
    );
}

/// Processor time of this process so far.
fn processor_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}
