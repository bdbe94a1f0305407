//! Two versions of reflow on one store: a newer one upgrades the database while an older one goes on using it.

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use rusqlite::Connection;

use crate::rounds::rounds;
use crate::workload::Workload;

/// The tables of version 1, which are never changed.
const VERSION_1: &str = include_str!("../../src/store/schema/1.sql");

/// What version 1 writes when an exec has ended, and reads when it looks one up.
const WRITE: &str = "
    INSERT INTO filesets VALUES (?1, ?2) ON CONFLICT (digest) DO UPDATE SET bytes = ?2 WHERE bytes <> ?2;
";
const READ: &str = "SELECT kind, value, bytes, last_access FROM assoc LEFT JOIN filesets ON digest = value
                    WHERE key = ? ORDER BY kind DESC";

fn connect(path: &std::path::Path) -> Connection {
    let connection = Connection::open(path).unwrap();
    connection.busy_timeout(Duration::from_secs(30)).unwrap();
    connection.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL").unwrap();
    connection
}

/// Goes on as version 1 does until it is told to stop, and says when it has begun; how often.
fn older(connection: &Connection, begun: &mpsc::Sender<()>, over: &AtomicBool) -> i64 {
    let mut count: i64 = 0;
    let mut keep = connection.prepare(WRITE).unwrap();
    let mut read = connection.prepare(READ).unwrap();
    let mut associate = connection
        .prepare("INSERT INTO assoc (key, kind, value, last_access, labels) VALUES (?1, 1, ?2, 1, '[]')")
        .unwrap();
    let mut task = connection
        .prepare(
            "INSERT INTO tasks (id, run_id, ident, kind, image, command, position, attempt, cached, resources)
             VALUES (?1, 'older', 'm.step', 'exec', '', '', '', 0, 0, '{}')",
        )
        .unwrap();
    while !over.load(Ordering::Relaxed) {
        count += 1;
        let key = [&[0xee; 24][..], &count.to_be_bytes()].concat();
        connection.execute_batch("BEGIN IMMEDIATE").unwrap();
        keep.execute((&key, b"x")).unwrap();
        associate.execute((&key, &key)).unwrap();
        task.execute([format!("{count:064x}")]).unwrap();
        connection.execute_batch("COMMIT").unwrap();
        assert!(read.exists([&key]).unwrap());
        if count == 1 {
            begun.send(()).unwrap();
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    count
}

#[test]
fn an_older_version_goes_on_while_a_newer_one_upgrades() {
    let (rounds, _) = rounds("two versions", 2);
    let mut workload = Workload::new();
    for round in 0..rounds {
        workload.state = workload.bed.root().join(format!("state{round}"));
        fs::create_dir_all(&workload.state).unwrap();
        let path = workload.state.join("reflow.db");
        let connection = connect(&path);
        connection.execute_batch(VERSION_1).unwrap();
        connection.execute_batch("PRAGMA application_id = 1919315063; PRAGMA user_version = 1").unwrap();
        let over = AtomicBool::new(false);
        let universe = format!("newer{round}");
        let count = std::thread::scope(|scope| {
            let (begun, has_begun) = mpsc::channel();
            let (path, over) = (&path, &over);
            let older = scope.spawn(move || older(&connect(path), &begun, over));
            // What fails instead is told below.
            let _ = has_begun.recv();
            let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| workload.finish(&universe)));
            over.store(true, Ordering::Relaxed);
            let count = older.join().unwrap();
            done.unwrap();
            count
        });
        let rows = |sql: &str| connection.query_row(sql, (), |row| row.get::<_, i64>(0)).unwrap();
        assert_eq!(rows("SELECT count(*) FROM tasks WHERE run_id = 'older'"), count);
        assert!(rows("PRAGMA user_version") > 1);
        assert_eq!(workload.finish(&universe).executed, 0);
        println!("round {round}: {count} transactions of the older version");
        workload.assert_sound();

        // The other way round: what is newer than this version is refused and left alone.
        connection.execute_batch("INSERT INTO versions VALUES (1000); PRAGMA user_version = 1000").unwrap();
        let refused = workload.reflow(&["check-store"]);
        assert_eq!(refused.code, Some(1));
        assert!(refused.stderr.contains("written by a newer reflow"), "{}", refused.stderr);
        assert_eq!(rows("PRAGMA user_version"), 1000);
    }
}
