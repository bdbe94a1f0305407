//! Keys that were lost are written again.

use rusqlite::Connection;

use crate::bed::Bed;

const PROGRAM: &str = r#"
val Greeting = exec(image := "tools", mem := 1*MiB) (out file) {" echo hello > {{out}} "}
val Twice = exec(image := "tools", mem := 1*MiB) (out file) {" cat {{Greeting}} {{Greeting}} > {{out}} "}
val Main = exec(image := "tools", mem := 1*MiB) (out file) {" wc -l < {{Twice}} > {{out}} "}
"#;

/// CLI-132, rt_83
#[test]
fn repair_writes_all_keys_of_what_the_first_one_finds() {
    let bed = Bed::new();
    bed.write("main.rf", PROGRAM);
    assert_eq!(bed.run_json(&["-eval=topdown", "main.rf"]).executed, 3);
    let database = Connection::open(bed.state().join("reflow.db")).unwrap();
    let count = || database.query_row("SELECT count(*) FROM assoc", (), |row| row.get::<_, i64>(0)).unwrap();
    let all = count();
    let lost = database
        .execute("DELETE FROM assoc WHERE key NOT IN (SELECT unhex(cache_key) FROM tasks WHERE kind = 'exec')", ())
        .unwrap();
    assert!(lost > 0 && count() == all - lost as i64);
    let repair = || bed.run(&["repair", "-executor=process", "main.rf"]);
    let repaired = repair();
    assert_eq!(repaired.code, Some(0), "{}", repaired.stderr);
    assert!(repaired.stderr.ends_with(&format!("repair: {lost} new cache entries\n")), "{}", repaired.stderr);
    assert_eq!(count(), all);
    assert!(repair().stderr.ends_with("repair: 0 new cache entries\n"));
    let again = bed.run_json(&["main.rf"]);
    assert_eq!((again.executed, again.cached), (0, 3));
}
