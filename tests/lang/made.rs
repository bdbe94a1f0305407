//! Codes that no program of a few lines gets: their programs are made here, and what is drawn of them is
//! held against the files of `made/`, one for each code. `REFLOW_BLESS=1` writes what is there now.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{Cursor, Write as _};
use std::path::PathBuf;
use std::rc::Rc;

use base::failure::{Error, Kind, Origin};
use flow::Graph;
use reflow_lang::bundle::{ARCHIVE_LIMIT, Bundle};
use reflow_lang::eval::{Arguments, instantiate};
use reflow_lang::session::Session;
use reflow_lang::sources::{MemorySources, Sources};
use syntax::diagnostic::Diagnostic;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

/// Where the drawings are.
pub(crate) fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/lang/made"))
}

/// Loads a path among files and holds what is drawn against the file of a code, which says what was made.
fn hold(code: &str, made: &str, files: Vec<(String, Vec<u8>)>, path: &str) {
    let session = Session::new(Rc::new(MemorySources::new(files)), |_| {});
    let (_, diagnostics) = session.load(path);
    hold_drawn(code, made, &diagnostics);
}

fn hold_drawn(code: &str, made: &str, diagnostics: &[Diagnostic]) {
    let drawn = syntax::render::draw(diagnostics, false, 100);
    assert!(drawn.contains(&format!("[{code}]")), "{drawn}");
    let text = format!("{made}\n==> drawn\n{drawn}");
    let file = folder().join(format!("{code}.txt"));
    if std::env::var_os("REFLOW_BLESS").is_some() {
        std::fs::write(&file, &text).unwrap();
    }
    let expected = std::fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(text, expected, "if this is right, run again with REFLOW_BLESS=1");
}

fn main_file(text: impl Into<Vec<u8>>) -> Vec<(String, Vec<u8>)> {
    vec![("main.rf".to_owned(), text.into())]
}

#[test]
fn bytes_that_are_no_text() {
    let files = main_file(b"val Main = \"caf\xe9\"\n".to_vec());
    hold("R0002", "`val Main = \"caf\\xe9\"`, the byte as it is.", files, "main.rf");
}

#[test]
fn types_that_are_nested_too_deeply() {
    let mut text = "val x0 = [1]\n".to_owned();
    for number in 1..1001 {
        writeln!(text, "val x{number} = [x{}]", number - 1).unwrap();
    }
    hold("R1025", "`val x0 = [1]`, then `val x1 = [x0]` and so on.", main_file(text + "val Main = x1000\n"), "main.rf");
}

#[test]
fn patterns_that_are_nested_too_deeply() {
    let text = format!("val {}x{} = 1\nval Main = x\n", "(".repeat(1001), ")".repeat(1001));
    hold("R1069", "`val ((…(x)…)) = 1` with 1,001 parentheses.", main_file(text), "main.rf");
}

#[test]
fn modules_that_import_one_another_too_deeply() {
    let files = (0..202).map(|number| {
        let text = format!("val m = make(\"./m{}.rf\")\nval Main = m.Main\n", number + 1);
        (format!("m{number}.rf"), text.into_bytes())
    });
    hold("R2004", "Modules m0.rf, m1.rf and so on, each of which imports the next.", files.collect(), "m0.rf");
}

#[test]
fn what_is_no_bundle() {
    let files = vec![("main.rfx".to_owned(), b"PK\x05\x06 and no more".to_vec())];
    hold("R2006", "A bundle that is cut off.", files, "main.rfx");
}

#[test]
fn bundles_with_something_else_in_them() {
    let texts = BTreeMap::from([("main.rf".to_owned(), b"val Main = 1\n".to_vec())]);
    let bundle = Bundle::new("main.rf", texts, Vec::new()).unwrap().write().unwrap();
    let mut archive = ZipWriter::new_append(Cursor::new(bundle)).unwrap();
    archive.start_file("../../notes.txt", SimpleFileOptions::default()).unwrap();
    archive.write_all(b"notes").unwrap();
    let files = vec![("main.rfx".to_owned(), archive.finish().unwrap().into_inner())];
    hold("R2007", "A bundle to which `../../notes.txt` was added.", files, "main.rfx");
}

#[test]
fn modules_that_are_too_large() {
    let files = main_file(vec![b'\n'; ARCHIVE_LIMIT as usize + 1]);
    hold("R2008", "A module of 64 MiB and a byte.", files, "main.rf");
}

#[test]
fn scripts_where_only_modules_will_do() {
    let files = vec![("main.reflow".to_owned(), b"main = intern(\"s3://b/k\")\n".to_vec())];
    hold("R2044", "A legacy script, loaded as a module.", files, "main.reflow");
}

/// Files of which one claims to be large.
struct Large(MemorySources);

impl Sources for Large {
    fn read(&self, path: &str) -> Result<Vec<u8>, Error> {
        self.0.read(path)
    }

    fn size(&self, path: &str) -> Result<u64, Error> {
        if path == "genome.fa" { Ok(3 << 30) } else { self.0.size(path) }
    }

    fn walk(&self, dir: &str) -> Vec<String> {
        self.0.walk(dir)
    }
}

#[test]
fn local_data_that_is_too_large() {
    let text = "val genome = file(\"genome.fa\")\nval Main = len(genome)\n";
    let session = Session::new(Rc::new(Large(MemorySources::new(main_file(text)))), |_| {});
    let module = session.load("main.rf").0.unwrap();
    let mut graph = Graph::default();
    let failure = instantiate(&mut graph, &session, &module, &Arguments::default()).err().unwrap();
    let drawn: Vec<_> = session.diagnostic(&failure).into_iter().collect();
    hold_drawn("R3021", "`file(\"genome.fa\")` with a file of 3 GiB.", &drawn);
}

/// Holds what is drawn of a failure that no program brings about: it is made here, about a part of a program.
fn hold_failure(code: u16, made: &str, text: &str, part: &str, message: &str) {
    let session = Session::new(Rc::new(MemorySources::new(main_file(text))), |_| {});
    assert!(session.load("main.rf").0.is_some());
    let start = text.find(part).unwrap() as u32;
    let end = start + part.len() as u32;
    let origin = Origin { code, file: "main.rf".into(), start, end, at: start };
    let failure = Error::new(Kind::Eval, message).about(origin);
    let drawn: Vec<_> = session.diagnostic(&failure).into_iter().collect();
    hold_drawn(&format!("R{code}"), made, &drawn);
}

#[test]
fn results_that_are_not_what_was_declared() {
    let text = "val Main = exec(image := \"tools\") (out file) {\" echo 42 > {{out}} \"}\n";
    let part = text.trim_end().strip_prefix("val Main = ").unwrap();
    let made = "A result of no files in the cache, as another program might have put it there.";
    hold_failure(3015, made, text, part, "bad exec result: expected size 1, got 0 (void)");
}

#[test]
fn what_cannot_happen() {
    let made = "A value that is not of its type: a defect of reflow, which is made up.";
    hold_failure(3099, made, "val Main = 1 + 2\n", "1 + 2", "int expected, got string");
}
