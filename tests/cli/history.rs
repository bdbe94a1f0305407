//! What the database says of the runs of a bed.

use rusqlite::{Connection, OpenFlags};

use crate::bed::Bed;

fn rows(bed: &Bed, sql: &str) -> Vec<String> {
    let database = bed.state().join("reflow.db");
    let connection = Connection::open_with_flags(&database, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let mut statement = connection.prepare(sql).unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

/// Idents of execs whose command was run to success and committed more than once under one key.
pub(crate) fn repeated(bed: &Bed) -> Vec<String> {
    rows(
        bed,
        "SELECT ident || ' ' || cache_key || ' ' || count(*) FROM tasks
         WHERE kind = 'exec' AND cached = 0 AND error IS NULL AND result IS NOT NULL
         GROUP BY cache_key HAVING count(*) > 1",
    )
}

/// Idents of execs whose command was run to success, sorted.
pub(crate) fn executed(bed: &Bed) -> Vec<String> {
    rows(
        bed,
        "SELECT ident FROM tasks WHERE kind = 'exec' AND cached = 0 AND error IS NULL AND result IS NOT NULL
         ORDER BY ident",
    )
}
