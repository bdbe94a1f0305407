//! The example `variants` with real programs and real data: the same result wherever it runs, and only
//! what a change concerns is done again.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use crate::bed::{Bed, Counts, repository};
use crate::engine;

/// Where Debian's package bowtie2-examples puts its data; the programs come with it.
pub(crate) fn data() -> Option<PathBuf> {
    static READY: LazyLock<Result<(), String>> = LazyLock::new(|| {
        let script = repository().join("tests/fixtures/examples/install-tools.sh");
        let output = Command::new(script).output().map_err(|error| error.to_string())?;
        match output.status.success() {
            true => Ok(()),
            false => Err(String::from_utf8_lossy(&output.stderr).trim().to_owned()),
        }
    });
    match &*READY {
        Ok(()) => Some(PathBuf::from("/usr/share/doc/bowtie2/examples")),
        Err(reason) => {
            eprintln!("skipped: {reason}");
            None
        }
    }
}

/// A copy of the program in the bed, so that a test may change it.
pub(crate) fn copy_program(bed: &Bed) {
    for name in ["variants.rf", "align.rf"] {
        bed.write(name, fs::read(repository().join("examples/variants").join(name)).unwrap());
    }
}

/// A folder like [`data`] with the first `reads` reads of each file, which are aligned in a moment.
pub(crate) fn small_data(bed: &Bed, data: &Path, reads: usize) -> PathBuf {
    let folder = bed.root().join("data");
    fs::create_dir_all(folder.join("reads")).unwrap();
    fs::create_dir_all(folder.join("reference")).unwrap();
    fs::copy(data.join("reference/lambda_virus.fa.gz"), folder.join("reference/lambda_virus.fa.gz")).unwrap();
    for name in ["reads_1.fq.gz", "reads_2.fq.gz", "longreads.fq.gz"] {
        head(&data.join("reads").join(name), &folder.join("reads").join(name), reads);
    }
    folder
}

/// Keeps the first `reads` reads, four lines each.
fn head(from: &Path, to: &Path, reads: usize) {
    let script = format!("gzip -dc '{}' | sed '{}q' | gzip -n > '{}'", from.display(), reads * 4, to.display());
    assert!(Command::new("bash").args(["-e", "-c", &script]).status().unwrap().success(), "{script}");
}

/// The words that run the program on `data`.
fn words(executor: &str, data: &Path, out: &str) -> Vec<String> {
    let fixed = ["run".to_owned(), "-json".to_owned(), format!("-executor={executor}"), "variants.rf".to_owned()];
    fixed.into_iter().chain([format!("-data={}", data.display()), format!("-out=localfile://{out}")]).collect()
}

struct Variants {
    bed: Bed,
    data: PathBuf,
}

impl Variants {
    fn new(reads: usize) -> Option<Self> {
        let bed = Bed::new();
        copy_program(&bed);
        let data = small_data(&bed, &data()?, reads);
        Some(Self { bed, data })
    }

    fn run(&self) -> Counts {
        let words = words("process", &self.data, "out");
        Counts::of(&self.bed.succeed(&words.iter().map(String::as_str).collect::<Vec<_>>()))
    }

    /// Replaces a part of a source, which must be there.
    fn edit(&self, name: &str, from: &str, to: &str) {
        let path = self.bed.work().join(name);
        let text = fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{name} has no {from:?}");
        fs::write(path, text.replace(from, to)).unwrap();
    }
}

#[test]
fn only_what_a_change_concerns_is_executed_again() {
    let Some(variants) = Variants::new(800) else { return };
    let first = variants.run();
    assert_eq!((first.executed, first.cached, first.failed), (8, 0, 0));

    let second = variants.run();
    assert_eq!((second.executed, second.cached, second.result.clone()), (0, 8, first.result.clone()));

    // A comment, and the name of a value, mean nothing.
    variants.edit("variants.rf", "// Merged holds", "// Together they are: Merged holds");
    variants.edit("align.rf", "// Sort brings", "// A new remark.\n// Sort brings");
    assert_eq!((variants.run().executed, variants.run().result), (0, first.result.clone()));
    variants.edit("variants.rf", "Merged", "Together");
    let renamed = variants.run();
    assert_eq!((renamed.executed, renamed.result), (0, first.result.clone()));

    // Fewer long reads: their align and sort, then merge, call and report; not the index, nor the pairs.
    let long = variants.data.join("reads/longreads.fq.gz");
    head(&data().unwrap().join("reads/longreads.fq.gz"), &long, 600);
    let changed = variants.run();
    assert_eq!((changed.executed, changed.cached), (5, 3));
    assert_ne!(changed.result, first.result);
    let again = variants.run();
    assert_eq!((again.executed, again.result), (0, changed.result));

    // The file as it was: everything is known still.
    head(&data().unwrap().join("reads/longreads.fq.gz"), &long, 800);
    let back = variants.run();
    assert_eq!((back.executed, back.result), (0, first.result.clone()));

    // A parameter of the last steps.
    let mut words = words("process", &variants.data, "out");
    words.push("-quality=100".to_owned());
    let stricter = Counts::of(&variants.bed.succeed(&words.iter().map(String::as_str).collect::<Vec<_>>()));
    assert_eq!((stricter.executed, stricter.cached), (2, 6));
}

#[test]
fn results_do_not_depend_on_the_executor() {
    let Some(data) = data() else { return };
    if !engine::is_ready() {
        return;
    }
    engine::make_variants();
    let bed = Bed::new();
    copy_program(&bed);
    let run = |executor: &str| {
        let words = words(executor, &data, executor);
        let mut command = bed.reflow(&words.iter().map(String::as_str).collect::<Vec<_>>());
        engine::use_real(&mut command);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{executor}: {}", String::from_utf8_lossy(&output.stderr));
        Counts::of(&String::from_utf8_lossy(&output.stdout))
    };
    let process = run("process");
    assert_eq!((process.executed, process.failed), (8, 0));
    // What ran without a container does not answer for one.
    let docker = run("docker");
    assert_eq!((docker.executed, docker.result.clone()), (8, process.result.clone()));
    for name in ["variants.vcf", "report.txt"] {
        let read = |executor: &str| fs::read(bed.work().join(executor).join(name)).unwrap();
        assert!(!read("docker").is_empty());
        assert!(read("docker") == read("process"), "{name} differs");
    }
    for executor in ["process", "docker"] {
        let again = run(executor);
        assert_eq!((again.executed, again.cached, again.result), (0, 8, process.result.clone()), "{executor}");
    }
    assert_eq!(engine::containers_of(&bed), [""; 0]);
}
