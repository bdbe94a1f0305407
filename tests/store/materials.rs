//! What execs were made from, and what became of them in runs.

use std::collections::BTreeMap;

use base::config::OutputKind;
use base::{Digest, File, Fileset, Kind};
use reflow_store::{
    Argument, ArgumentPlace, Commit, ImportRecord, LocalStore, Material, MaterialRow, Recipe, StepBatch, StepOutcome,
    StepRecord, TaskKind, TaskRecord,
};
use tempfile::TempDir;

fn open() -> (TempDir, LocalStore) {
    let home = tempfile::tempdir().unwrap();
    let store = LocalStore::open(home.path()).unwrap();
    (home, store)
}

fn recipe(command: &str) -> Recipe {
    let argument = |name: &str, place| Argument { name: name.to_owned(), place };
    Recipe {
        image: "debian@sha256:00".to_owned(),
        program_image: "debian:12$aws".to_owned(),
        command: command.to_owned(),
        arguments: vec![
            argument("{{reads}}", ArgumentPlace::Input(0)),
            argument("", ArgumentPlace::Input(1)),
            argument("{{\"out\"}}", ArgumentPlace::Output(0)),
        ],
        outputs: vec![OutputKind::File, OutputKind::Dir],
        executor: "docker".to_owned(),
        universe: "u".to_owned(),
        repetition: Some(Digest::of("second")),
        nondeterministic: true,
    }
}

fn single(content: &str) -> Fileset {
    Fileset::of_file(File::resolved(Digest::of(content), content.len() as u64))
}

/// Writes an exec's row and material.
fn put(store: &LocalStore, run: &str, ident: &str, key: &str, recipe: Recipe, inputs: &[Fileset]) {
    let key = Digest::of(key);
    let id = Digest::of(format!("{run} {key}"));
    let mut task = TaskRecord::new(id, Digest::of(run), TaskKind::Exec, ident);
    task.key = Some(key);
    keep(store, Some(task), MaterialRow::new(key, &[], recipe, inputs).unwrap());
}

fn keep(store: &LocalStore, task: Option<TaskRecord>, material: MaterialRow) {
    let (sender, receiver) = std::sync::mpsc::channel();
    store.committer().submit(Commit {
        blobs: Vec::new(),
        associations: Vec::new(),
        task,
        material: Some(material),
        done: Box::new(move |result| sender.send(result).unwrap()),
    });
    receiver.recv().unwrap().unwrap();
}

fn count(store: &LocalStore, table: &str) -> i64 {
    let connection = rusqlite::Connection::open(store.database.path()).unwrap();
    connection.query_row(&format!("SELECT count(*) FROM {table}"), (), |row| row.get(0)).unwrap()
}

#[test]
fn materials_come_back_as_they_were_written_and_are_kept_once() {
    let (_home, store) = open();
    let tree = Fileset::of_map(BTreeMap::from([("a/b".to_owned(), File::resolved(Digest::of("b"), 1))]));
    let inputs = [Fileset::of_list(vec![single("x"), tree]), single("y")];
    let materials = store.materials();
    assert_eq!(materials.get(&Digest::of("one")), Ok(None));
    for (run, key) in [("r1", "one"), ("r1", "two"), ("r2", "one")] {
        put(&store, run, "align", key, recipe("cat %s %s > %s"), &inputs);
    }
    put(&store, "r2", "align", "three", recipe("cat 100%% %s"), &inputs[1..]);
    let known = Material { recipe: recipe("cat %s %s > %s"), inputs: inputs.to_vec() };
    assert_eq!(materials.get(&Digest::of("one")), Ok(Some(known)));
    assert_eq!(materials.get(&Digest::of("three")).unwrap().unwrap().inputs, inputs[1..]);
    let tables = ["materials", "recipes", "material_inputs", "filesets"].map(|table| count(&store, table));
    assert_eq!(tables, [3, 2, 5, 2]);
}

#[test]
fn materials_of_an_ident_are_those_of_earlier_runs_the_latest_first() {
    let (_home, store) = open();
    for (run, ident, key) in
        [("r1", "a", "1"), ("r1", "b", "2"), ("r2", "a", "3"), ("r3", "a", "4"), ("r3", "a", "1"), ("r4", "a", "5")]
    {
        put(&store, run, ident, key, recipe("true"), &[]);
    }
    let of = |run: &str, limit| store.materials().of_ident("a", &Digest::of(run), limit).unwrap();
    assert_eq!(of("r3", 9), ["3", "1"].map(Digest::of));
    assert_eq!(of("r1", 9), []);
    assert_eq!(of("later", 2), ["5", "1"].map(Digest::of));
}

#[test]
fn all_keys_of_an_exec_are_known() {
    let (_home, store) = open();
    let [key, logical, sealed, moved] = ["key", "logical", "sealed", "moved"].map(Digest::of);
    let row = |others: &[Digest]| MaterialRow::new(key, others, recipe("true"), &[]).unwrap();
    assert_eq!(store.materials().keys(&key), Ok(vec![key]));
    store.materials().add_keys([&[key, moved][..]]).unwrap();
    assert_eq!(store.materials().keys(&key), Ok(vec![key]), "nothing is known of it");
    keep(&store, None, row(&[logical]));
    keep(&store, None, row(&[sealed, logical]));
    assert_eq!(store.materials().keys(&key), Ok(vec![key, logical, sealed]));
    store.materials().add_keys([&[key, key, sealed, moved][..], &[moved, key], &[]]).unwrap();
    assert_eq!(store.materials().keys(&key), Ok(vec![key, logical, sealed, moved]));
}

#[test]
fn an_input_that_is_only_a_reference_has_no_material() {
    let origin = base::file::Origin { source: "s3://b/k".to_owned(), ..base::file::Origin::default() };
    let reference = Fileset::of_file(File::reference(3, origin));
    let error = MaterialRow::new(Digest::of("k"), &[], recipe("true"), &[reference]).unwrap_err();
    assert_eq!(error.kind(), Kind::Invalid);
}

fn step(ident: &str, outcome: StepOutcome) -> StepRecord {
    StepRecord {
        outcome,
        ident: ident.to_owned(),
        position: "a.rf:1:2".to_owned(),
        flow: 0xdead_beef,
        cause: (outcome == StepOutcome::Executed).then(|| "new".to_owned()),
        key: Digest::of(ident),
    }
}

#[test]
fn steps_of_a_run_come_back_in_order() {
    let (_home, store) = open();
    let run = Digest::of("run");
    let outcomes = [StepOutcome::Cached, StepOutcome::Executed, StepOutcome::Failed, StepOutcome::Shared];
    let all: Vec<StepRecord> = (0..10_000).map(|n| step(&format!("i{}", n % 7), outcomes[n % 4])).collect();
    for part in all.chunks(3000) {
        store.committer().note_steps(run, StepBatch { steps: part.to_vec(), imports: Vec::new() });
    }
    let other = StepBatch { steps: vec![step("other", StepOutcome::Cached)], imports: Vec::new() };
    store.committer().note_steps(Digest::of("another"), other);
    store.committer().flush();
    let mut found = Vec::new();
    let steps = store.steps();
    steps
        .visit(&run, &mut |number, step| {
            assert_eq!(number, found.len() as u64);
            found.push(step);
            true
        })
        .unwrap();
    assert!(found == all);
    let executed = steps.executed(&run, 5).unwrap();
    assert_eq!(executed.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [1, 2, 5, 6, 9]);
    assert!(executed.iter().all(|(number, step)| all[*number as usize] == *step));
    let tally = steps.tally(&run).unwrap();
    assert_eq!((tally.len(), tally.values().sum::<u64>()), (28, 10_000));
    assert_eq!(steps.keys(&run).unwrap().len(), 7);
    let mut visited = 0;
    steps
        .visit(&run, &mut |_, _| {
            visited += 1;
            visited < 5
        })
        .unwrap();
    assert_eq!(visited, 5);
    assert!(steps.tally(&Digest::of("unknown")).unwrap().is_empty());
}

#[test]
fn imports_of_a_run_are_kept_by_source() {
    let (_home, store) = open();
    let run = Digest::of("run");
    let import = |source: &str, content: &str| ImportRecord { source: source.to_owned(), fileset: single(content) };
    let reference = File::reference(3, base::file::Origin { source: "s3://b/k".to_owned(), ..Default::default() });
    let unresolved = ImportRecord { source: "s3://b/k".to_owned(), fileset: Fileset::of_file(reference) };
    let imports = vec![import("a.txt", "1"), import("b.txt", "1"), unresolved, import("a.txt", "2")];
    store.committer().note_steps(run, StepBatch { steps: Vec::new(), imports });
    store.committer().flush();
    let known = store.steps().imports(&run).unwrap();
    assert_eq!(known, BTreeMap::from([("a.txt".to_owned(), single("2")), ("b.txt".to_owned(), single("1"))]));
}

/// Rebuilds a database from which the rows are missing that `statement` deletes, as if they could not be read.
fn rebuilt_without(home: &TempDir, store: LocalStore, statement: &str) -> LocalStore {
    let path = store.database.path().to_owned();
    drop(store);
    rusqlite::Connection::open(path).unwrap().execute_batch(statement).unwrap();
    reflow_store::damage::rebuild(home.path()).unwrap();
    LocalStore::open(home.path()).unwrap()
}

#[test]
fn what_belongs_to_a_lost_row_never_goes_to_another() {
    let inputs = [single("x"), single("y")];
    let losses = [
        ("DELETE FROM materials", [0, 0, 1]),
        ("DELETE FROM recipes", [0, 0, 0]),
        ("DELETE FROM material_inputs WHERE number = 1", [0, 0, 1]),
        ("DELETE FROM roots", [1, 2, 1]),
    ];
    for (loss, kept) in losses {
        let (home, store) = open();
        put(&store, "r1", "align", "one", recipe("cat %s %s > %s"), &inputs);
        let store = rebuilt_without(&home, store, loss);
        let counts = ["materials", "material_inputs", "recipes"].map(|table| count(&store, table));
        assert_eq!(counts, kept, "{loss}");
        // Whoever gets the number next is not hindered.
        for key in ["two", "one"] {
            put(&store, "r2", "align", key, recipe("sort %s %s > %s"), &inputs[..]);
        }
        let two = store.materials().get(&Digest::of("two")).unwrap().unwrap();
        assert_eq!((two.recipe.command.as_str(), two.inputs), ("sort %s %s > %s", inputs.to_vec()), "{loss}");
    }
}

#[test]
fn steps_of_a_run_whose_name_is_lost_are_no_other_runs() {
    let (home, store) = open();
    let steps = vec![step("a", StepOutcome::Executed)];
    store.committer().note_steps(Digest::of("r1"), StepBatch { steps, imports: Vec::new() });
    store.committer().flush();
    assert_eq!(count(&store, "steps"), 1);
    let store = rebuilt_without(&home, store, "DELETE FROM names");
    assert_eq!(count(&store, "steps"), 0);
}
