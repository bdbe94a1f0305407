//! Bundles: what is written is read back, what is not a bundle is refused, and modules in bundles behave as
//! they do beside one another (language spec §8.4, checklist 143, 144).

use std::collections::BTreeMap;
use std::io::{Cursor, Write};
use std::rc::Rc;

use base::digest::Digest;
use flow::Graph;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::Index;
use reflow_lang::bundle::{ARCHIVE_LIMIT, Bundle, BundleError, Recorder};
use reflow_lang::doc::ModuleDoc;
use reflow_lang::eval::{force, instantiate};
use reflow_lang::module::Module;
use reflow_lang::parameters;
use reflow_lang::session::Session;
use reflow_lang::sources::{MemorySources, Sources};
use syntax::diagnostic::Diagnostic;
use types::Value;
use types::print::print;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

fn texts(files: &[(&str, &str)]) -> BTreeMap<String, Vec<u8>> {
    files.iter().map(|(path, text)| (path.to_string(), text.as_bytes().to_vec())).collect()
}

/// The bundle of `path` and all that it imports.
fn bundled(sources: &MemorySources, path: &str, args: &[&str]) -> Vec<u8> {
    let recorder = Rc::new(Recorder::new(Rc::new(sources.clone())));
    let (module, diagnostics) = Session::new(recorder.clone(), |_| {}).load(path);
    assert!(module.is_some(), "{:?}", lines(&diagnostics));
    let args = args.iter().map(|word| word.to_string()).collect();
    Bundle::new(path, recorder.texts(), args).unwrap().write().unwrap()
}

fn lines(diagnostics: &[Diagnostic]) -> Vec<String> {
    diagnostics.iter().map(Diagnostic::line).collect()
}

fn load(sources: &MemorySources, path: &str) -> (Rc<Session>, Option<Rc<Module>>, Vec<String>) {
    let session = Session::new(Rc::new(sources.clone()), |_| {});
    let (module, diagnostics) = session.load(path);
    (session, module, lines(&diagnostics))
}

/// What `Main` of a module comes to with these flags.
fn main_of(sources: &MemorySources, path: &str, args: &[&str]) -> String {
    let (session, module, lines) = load(sources, path);
    let module = module.unwrap_or_else(|| panic!("{lines:?}"));
    let mut graph = Graph::default();
    let flags = parameters::flags(&mut graph, &session, &module).unwrap();
    let args: Vec<_> = args.iter().map(|word| word.to_string()).collect();
    let settings = match parameters::parse(&flags, &args) {
        Ok(settings) => settings,
        Err(error) => return error.to_string(),
    };
    let arguments = parameters::arguments(&mut graph, &session, &flags, &settings).unwrap();
    let Value::Module(record) = instantiate(&mut graph, &session, &module, &arguments).unwrap() else { panic!() };
    let ty = module.ty.field("Main").unwrap();
    let main = force(&mut graph, &"".into(), record.get("Main").unwrap().clone(), ty).unwrap();
    match &main {
        Value::Flow(flow) => flow.digest.to_string(),
        known => print(known, ty),
    }
}

/// Why a path cannot be loaded.
fn refused(sources: &MemorySources, path: &str) -> String {
    let (_, module, lines) = load(sources, path);
    assert!(module.is_none(), "{path} is accepted");
    lines.join("\n")
}

/// An archive of these entries.
fn zipped<N: Into<String>>(entries: impl IntoIterator<Item = (N, Vec<u8>)>) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        archive.start_file(name.into(), SimpleFileOptions::default()).unwrap();
        archive.write_all(&bytes).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

fn named(text: &[u8]) -> (String, Vec<u8>) {
    (Digest::of(text).to_string(), text.to_vec())
}

/// The manifest of an entry module alone.
fn manifest(entry: &[u8]) -> (String, Vec<u8>) {
    let text = format!(r#"{{"Entrypoint":"{}","EntrypointPath":".","Args":null,"Files":{{}}}}"#, Digest::of(entry));
    ("manifest".to_owned(), text.into_bytes())
}

const ENTRY: &[u8] = b"val Main = 1\n";

#[test]
fn item_143_arguments_are_defaults_that_flags_override() {
    let mut sources = MemorySources::new([
        ("dir/main.rf", "param (\n\tp string\n\tq = p + \"!\"\n\tl = [1]\n)\nval Main = (p, q, make(\"./lib.rf\").X)"),
        ("dir/lib.rf", "val X = 3"),
    ]);
    let archive = bundled(&sources, "dir/main.rf", &["-p=v"]);
    sources.0.insert("other/main.rfx".to_owned(), archive);
    assert_eq!(main_of(&sources, "other/main.rfx", &[]), r#"("v", "v!", 3)"#);
    assert_eq!(main_of(&sources, "other/main.rfx", &["-p", "w"]), r#"("w", "w!", 3)"#);
    assert_eq!(main_of(&sources, "other/main.rfx", &["-q=x"]), r#"("v", "x", 3)"#);
    let (_, module, _) = load(&sources, "other/main.rfx");
    let doc = ModuleDoc::of_module(&module.unwrap()).render();
    assert!(doc.contains("val p string = \"v\"\n"), "{doc}");
    // Without arguments the parameter must be given, as before.
    let plain = bundled(&sources, "dir/main.rf", &[]);
    sources.0.insert("plain.rfx".to_owned(), plain);
    assert_eq!(main_of(&sources, "plain.rfx", &[]), "missing mandatory flag -p");
}

#[test]
fn item_144_bundles_are_modules_to_other_modules() {
    let mut sources = MemorySources::new([
        ("in/main.rf", "param (\n\ta int\n\tb = 10\n)\nval Main = a + b + make(\"./deep/lib.rf\").X"),
        ("in/deep/lib.rf", "val X = make(\"./lib2.rf\").Y"),
        ("in/deep/lib2.rf", "val Y = 100"),
        ("out/main.rf", "val M = make(\"./in.rfx\", b := 20)\nval Main = (M.Main, make(\"./in.rfx\", a := 5).Main)"),
    ]);
    let inner = bundled(&sources, "in/main.rf", &["-a=1"]);
    sources.0.insert("out/in.rfx".to_owned(), inner);
    assert_eq!(main_of(&sources, "out/main.rf", &[]), "(121, 115)");
    // Everything again, one bundle deeper, with nothing beside it.
    let outer = bundled(&sources, "out/main.rf", &[]);
    let alone = MemorySources::new([("all.rfx", outer)]);
    assert_eq!(main_of(&alone, "all.rfx", &[]), "(121, 115)");
}

#[test]
fn a_bundle_makes_the_flows_of_its_sources() {
    let text = r#"
param greeting string
val Main = exec(image := "ubuntu") (out file) {" echo {{greeting}} {{make("./lib.rf").F}} > {{out}} "}"#;
    let mut sources = MemorySources::new([("main.rf", text), ("lib.rf", "val F = file(\"s3://b/k\")")]);
    let archive = bundled(&sources, "main.rf", &["-greeting=hi"]);
    sources.0.insert("main.rfx".to_owned(), archive);
    assert_eq!(main_of(&sources, "main.rfx", &[]), main_of(&sources, "main.rf", &["-greeting=hi"]));
}

#[test]
fn modules_of_a_bundle_see_nothing_else() {
    let mut sources = MemorySources::new([("main.rf", "val Main = 1"), ("lib.rf", "val X = 1")]);
    let entry = b"val Main = make(\"./lib.rf\").X";
    sources.0.insert("main.rfx".to_owned(), zipped([named(entry), manifest(entry)]));
    let message = "main.rfx:1:16: failed to open module ./lib.rf: open lib.rf: no such file in the bundle";
    assert_eq!(refused(&sources, "main.rfx"), message);
}

#[test]
fn arguments_that_no_parameter_takes_are_refused() {
    let entry = b"param (\n\tn int\n\tl [int]\n)\nval Main = n";
    for (args, reason) in [
        (r#"["-nosuch=1"]"#, "flag provided but not defined: -nosuch"),
        (r#"["-n=x"]"#, "invalid value \"x\" for flag -n: cannot parse \"x\" as integer"),
        (r#"["-l=1"]"#, "-l: flags of type [int] not supported (valid types are: string, int, float, bool, file, dir)"),
        (r#"["-n=1", "more"]"#, "arguments left over: more"),
    ] {
        let text = format!(r#"{{"Entrypoint":"{}","EntrypointPath":".","Args":{args}}}"#, Digest::of(entry));
        let archive = zipped([named(entry), ("manifest".to_owned(), text.into_bytes())]);
        let sources = MemorySources::new([("m.rfx", archive)]);
        assert_eq!(refused(&sources, "m.rfx"), format!("m.rfx:1:1: invalid bundle: {reason}"));
    }
}

#[test]
fn what_is_no_bundle_is_refused_with_its_reason() {
    let entry = named(ENTRY);
    let missing = Digest::of("missing");
    let listed = format!(r#"{{"Entrypoint":"{}","Files":{{"a.rf":"{missing}"}}}}"#, entry.0);
    let read = |archive: Vec<u8>| Bundle::read(&archive, ARCHIVE_LIMIT).unwrap_err().to_string();
    assert_eq!(read(zipped([entry.clone()])), "bundle is missing manifest");
    assert_eq!(read(zipped([manifest(ENTRY)])), "invalid bundle: entrypoint module is missing");
    assert_eq!(
        read(zipped([entry.clone(), ("manifest".to_owned(), listed.into_bytes())])),
        format!("invalid bundle: file a.rf ({missing}) is missing")
    );
    let wrong = (entry.0.clone(), b"val Main = 2\n".to_vec());
    assert_eq!(
        read(zipped([wrong.clone(), manifest(ENTRY)])),
        format!("invalid bundle: entry {} has the digest {}", entry.0, Digest::of(&wrong.1))
    );
    let bad = read(zipped([entry, ("manifest".to_owned(), b"{".to_vec())]));
    assert!(bad.starts_with("invalid bundle: bad manifest: "), "{bad}");
    assert!(read(b"PK".to_vec()).starts_with("not a bundle: "));
    assert!(read(Vec::new()).starts_with("not a bundle: "));
}

#[test]
fn two_entries_of_one_name_are_refused() {
    let mut archive = zipped([named(ENTRY), manifest(ENTRY), ("manifesT".to_owned(), b"{}".to_vec())]);
    while let Some(at) = archive.windows(8).position(|window| window == b"manifesT") {
        archive[at + 7] = b't';
    }
    let error = Bundle::read(&archive, ARCHIVE_LIMIT).unwrap_err();
    assert_eq!(error.to_string(), "not a bundle: two entries have the same name");
}

#[test]
fn entries_of_other_names_are_left_out() {
    let names = ["../../etc/passwd", "/etc/passwd", "sha256:abc", "MANIFEST", "readme"];
    let others = names.map(|name| (name.to_owned(), b"x".to_vec()));
    let archive = zipped([named(ENTRY), manifest(ENTRY)].into_iter().chain(others));
    let (bundle, unexpected) = Bundle::read(&archive, ARCHIVE_LIMIT).unwrap();
    assert_eq!(unexpected, names);
    assert_eq!(bundle.entry().1, ENTRY);
    let (_, module, lines) = load(&MemorySources::new([("m.rfx", archive)]), "m.rfx");
    assert!(module.is_some());
    let warning =
        "m.rfx:1:1: warning: the bundle has an entry \"readme\" that does not belong in one; it is ignored".to_owned();
    assert!(lines.contains(&warning), "{lines:?}");
}

#[test]
fn bombs_do_not_go_off() {
    let zeros = vec![0; ARCHIVE_LIMIT as usize + 1];
    for entry in [named(&zeros), ("manifest".to_owned(), zeros.clone())] {
        let archive = zipped([named(ENTRY), entry]);
        assert!(archive.len() < 1 << 20);
        assert!(matches!(Bundle::read(&archive, ARCHIVE_LIMIT), Err(BundleError::TooLarge(_))));
    }
    let archive = zipped([named(ENTRY), manifest(ENTRY)]);
    assert!(matches!(Bundle::read(&archive, 20), Err(BundleError::TooLarge(20))));
    // What could not be read is not written.
    let bundle = Bundle::new("a.rf", [("a.rf".to_owned(), zeros)].into(), Vec::new()).unwrap();
    assert!(matches!(bundle.write(), Err(BundleError::TooLarge(_))));
}

#[test]
fn the_layout_is_that_of_the_specification() {
    let files = texts(&[("dir/main.rf", "val Main = 1\n"), ("dir/lib.rf", "val X = 1\n")]);
    let bundle = Bundle::new("dir/main.rf", files.clone(), vec!["-p=v".to_owned()]).unwrap();
    let mut archive = zip::ZipArchive::new(Cursor::new(bundle.write().unwrap())).unwrap();
    let names: Vec<_> = (0..archive.len()).map(|i| archive.by_index(i).unwrap().name().unwrap().into_owned()).collect();
    let [main, lib] = ["dir/main.rf", "dir/lib.rf"].map(|path| Digest::of(&files[path]).to_string());
    let mut expected = vec![main.clone(), lib.clone()];
    expected.sort();
    expected.push("manifest".to_owned());
    assert_eq!(names, expected);
    let mut text = String::new();
    std::io::Read::read_to_string(&mut archive.by_name("manifest").unwrap(), &mut text).unwrap();
    let files = format!(r#"{{"dir/lib.rf":"{lib}","dir/main.rf":"{main}"}}"#);
    assert_eq!(
        text,
        format!(r#"{{"Entrypoint":"{main}","EntrypointPath":"dir","Args":["-p=v"],"Files":{files}}}"#) + "\n"
    );
}

fn bundles() -> impl Strategy<Value = Bundle> {
    let files = btree_map("[a-z./é ]{1,12}", vec(any::<u8>(), 0..200), 1..6);
    (files, any::<Index>(), vec("[-=a-z\" é]{0,8}", 0..4)).prop_map(|(files, entry, args)| {
        let path = files.keys().nth(entry.index(files.len())).unwrap().clone();
        Bundle::new(&path, files, args).unwrap()
    })
}

/// Whether every text that a bundle hands out is the one that its manifest names.
fn is_sound(bundle: &Bundle) -> bool {
    bundle.files().iter().all(|(path, digest)| Digest::of(bundle.read(path).unwrap()) == *digest)
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(bundle in bundles()) {
        let archive = bundle.write().unwrap();
        prop_assert_eq!(&archive, &bundle.write().unwrap());
        let (back, unexpected) = Bundle::read(&archive, ARCHIVE_LIMIT).unwrap();
        prop_assert_eq!(back, bundle);
        prop_assert!(unexpected.is_empty());
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in vec(any::<u8>(), 0..400)) {
        prop_assert!(Bundle::read(&bytes, ARCHIVE_LIMIT).is_err());
    }

    #[test]
    fn a_changed_archive_never_yields_other_texts(
        bundle in bundles(),
        changes in vec((any::<Index>(), any::<u8>()), 1..6),
        cut in proptest::option::of(any::<Index>()),
    ) {
        let mut archive = bundle.write().unwrap();
        for (at, byte) in changes {
            let at = at.index(archive.len());
            archive[at] = byte;
        }
        if let Some(cut) = cut {
            archive.truncate(cut.index(archive.len()));
        }
        if let Ok((back, _)) = Bundle::read(&archive, ARCHIVE_LIMIT) {
            prop_assert!(is_sound(&back));
        }
    }
}
