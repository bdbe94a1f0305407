//! Interning local files: one that is huge, and many that are small.

use std::io::Write;
use std::path::Path;

use crate::measure::{Measured, clean, measure, reflow_run};
use crate::peers;
use crate::table::Table;

const HUGE: u64 = 4 << 30;
const SMALL_FILES: u32 = 10_000;
const SMALL_SIZE: usize = 4 << 10;

pub(crate) fn report(table: &mut Table) {
    table.family("interning local files");
    huge(table);
    small(table);
}

/// Bytes that no file system stores in less.
struct Noise(u64);

impl Noise {
    fn fill(&mut self, bytes: &mut [u8]) {
        for word in bytes.chunks_mut(8) {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            word.copy_from_slice(&self.0.to_le_bytes()[..word.len()]);
        }
    }
}

fn intern(folder: &Path, what: &str) -> Measured {
    std::fs::write(folder.join("intern.rf"), format!("val Main = {what}\n")).unwrap();
    let measured = measure(&mut reflow_run(folder, "process", "intern.rf"));
    assert!(measured.stdout.contains("\"interned\":1,"), "{}", measured.stdout);
    measured
}

fn huge(table: &mut Table) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("huge");
    let mut file = std::fs::File::create(&path).unwrap();
    let (mut noise, mut buffer) = (Noise(0x9E37_79B9_7F4A_7C15), vec![0; 1 << 20]);
    for _ in 0..HUGE / buffer.len() as u64 {
        noise.fill(&mut buffer);
        file.write_all(&buffer).unwrap();
    }
    file.sync_all().unwrap();
    let Some(openssl) = peers::find("openssl") else { return table.note("openssl", "absent") };
    let hash = |folder: &Path| measure(clean(&openssl, folder).args(["dgst", "-sha256", "huge"]));
    // The first reads the file into memory for both.
    hash(folder.path());
    let openssl = hash(folder.path());
    let ours = intern(folder.path(), &format!("len(file(\"localfile://{}\"))", path.display()));
    let speed = |measured: &Measured| format!("{:.0} MB/s", HUGE as f64 / 1e6 / measured.seconds());
    table.note("openssl dgst -sha256 of a file of 4 GiB", &speed(&openssl));
    table.note("reflow, the same file interned for the first time", &speed(&ours));
    table.at_least("interning against openssl", openssl.seconds() / ours.seconds(), "of its speed", 0.9);
    let again = intern(folder.path(), &format!("len(file(\"localfile://{}\"))", path.display()));
    table.note("the same file again, unchanged", &format!("{:.3} s", again.seconds()));
}

fn small(table: &mut Table) {
    let folder = tempfile::tempdir().unwrap();
    let tree = folder.path().join("tree");
    let (mut noise, mut buffer) = (Noise(42), vec![0; SMALL_SIZE]);
    for number in 0..SMALL_FILES {
        let below = tree.join((number / 100).to_string());
        std::fs::create_dir_all(&below).unwrap();
        noise.fill(&mut buffer);
        std::fs::write(below.join(number.to_string()), &buffer).unwrap();
    }
    rustix::fs::sync();
    let pipeline = "find tree -type f -print0 | xargs -0 -P2 sha256sum > /dev/null";
    let hash = |folder: &Path| measure(clean("/bin/sh", folder).args(["-c", pipeline]));
    hash(folder.path());
    let sums = hash(folder.path());
    let ours = intern(folder.path(), &format!("len(dir(\"localfile://{}/\"))", tree.display()));
    table.note("find | xargs -P2 sha256sum, 10,000 files of 4 KiB", &format!("{:.2} s", sums.seconds()));
    table.note("reflow, the same files interned for the first time", &format!("{:.2} s", ours.seconds()));
    table.at_least("interning against sha256sum", sums.seconds() / ours.seconds(), "of its speed", 1.0);
    let again = intern(folder.path(), &format!("len(dir(\"localfile://{}/\"))", tree.display()));
    table.note("the same files again, unchanged", &format!("{:.3} s", again.seconds()));
}
