//! How fast modules are parsed; in a release build:
//! `cargo test --release -p reflow-syntax --test syntax speed -- --ignored --nocapture`.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use reflow_syntax::diagnostic::Source;

/// A module of about `lines` lines in the manner of a pipeline.
fn module(lines: usize) -> String {
    let mut text = String::from("param (\n    // The sample.\n    sample = \"s1\"\n    threads int\n)\n\n");
    for number in 0..lines / 20 {
        let _ = write!(
            text,
            r#"// align_{number} aligns reads of one lane to the reference
// and sorts what comes out.
func align_{number}(reads [file], reference file, name string) {{bam file, log file}} = {{
    val (first, second) = (reads[0], reads[1])
    image := "biocontainers/bwa:v0.7.17_cv1"
    cores := if len(reads) > 2 {{ threads * 2 }} else {{ threads }}
    @requires(cpu := cores, mem := 16 * GiB + {number})
    bam := exec(image, cpu := cores, mem := 32 * GiB, disk := 200 * GiB) (out file) {{"
        bwa mem -t {{{{cores}}}} -R '@RG\tID:{{{{name}}}}' {{{{reference}}}} {{{{first}}}} {{{{second}}}} |
            samtools sort -@ 4 -o {{{{out}}}} -
    "}}
    counts := [(chromosome, n + {number}.5) | (chromosome, n) <- zip(["chr1", "chr2"], [1, 2]), if n != 3]
    log := strings.Join([sample, name, "aligned", path.Base("x/y/z")], "-") // for people
    total := fold(func(sum, x int) => sum + x, 0, map(func(x int) => x * x, [1, 2, 3, ...range(4, {number})]))
    {{bam: bam, log: files.Copy(file("s3://bucket/logs/" + log), "s3://other/" + name)}}
}}
val Result_{number} = align_{number}(inputs["{number}"], reference, "sample{number}").bam

"#
        );
    }
    text
}

#[test]
#[ignore = "a measurement, for release builds"]
#[expect(clippy::disallowed_methods, reason = "it measures time")]
fn speed() {
    let text = module(100_000);
    let lines = text.lines().count();
    let mut best = Duration::MAX;
    let mut drop_time = Duration::MAX;
    for _ in 0..7 {
        let source = Source::new("big.rf", text.clone());
        let start = Instant::now();
        let (module, diagnostics) = reflow_syntax::parse(&source);
        best = best.min(start.elapsed());
        assert!(diagnostics.is_empty());
        assert!(module.decls.len() > 9_000);
        let start = Instant::now();
        drop(module);
        drop_time = drop_time.min(start.elapsed());
    }
    let per_second = |time: Duration| lines as f64 / time.as_secs_f64();
    println!("{lines} lines, {} bytes", text.len());
    println!(
        "parse {best:?}: {:.0} lines/s; drop {drop_time:?}: {:.0} lines/s",
        per_second(best),
        per_second(drop_time)
    );
}
