-- The tables of reflow.db, version 1 (PRAGMA user_version). Later versions add to them: 2.sql and so on, each run
-- once upon the one before.
--
-- Anybody may read this file while reflow runs, with the sqlite3 shell for example; nobody but reflow
-- should write to it. Digests are SHA-256. Where people look (runs, tasks) they are 64 lower-case hex
-- digits, the same as the names in repository/; where millions of them are kept for machines (assoc,
-- filesets, stat_cache) they are 32 raw bytes, and the view `cache` shows them as hex. Times that people
-- look at are text in UTC like 2026-01-31T08:05:09.250Z, which sorts as it should and which SQLite's date
-- functions understand.

-- What is known of a cache key: the digest of an encoded fileset.
CREATE TABLE assoc (
    key         BLOB    NOT NULL,             -- 32 bytes
    kind        INTEGER NOT NULL,             -- 0: stored JSON, 1: fileset stream
    value       BLOB    NOT NULL,             -- 32 bytes, filesets.digest
    last_access INTEGER NOT NULL,             -- seconds since 1970, exact to a day
    labels      TEXT    NOT NULL DEFAULT '[]',-- JSON array of "key=value", of the runs that wrote it
    PRIMARY KEY (key, kind)
) WITHOUT ROWID, STRICT;

-- Encoded filesets, so that finding a result opens no file. One that is missing here may be a blob.
CREATE TABLE filesets (
    digest BLOB NOT NULL PRIMARY KEY,         -- 32 bytes, the SHA-256 of bytes
    bytes  BLOB NOT NULL
) STRICT;

-- Digests of files outside the repository, and how the files looked when they were hashed.
CREATE TABLE stat_cache (
    path           BLOB    NOT NULL PRIMARY KEY, -- absolute, as bytes
    device         INTEGER NOT NULL,
    inode          INTEGER NOT NULL,
    size           INTEGER NOT NULL,          -- bytes
    modified_ns    INTEGER NOT NULL,          -- nanoseconds since 1970
    changed_ns     INTEGER NOT NULL,          -- likewise, of the inode
    digest         BLOB    NOT NULL           -- 32 bytes
) WITHOUT ROWID, STRICT;

-- One row for each start of a program; the latest has the highest rowid.
CREATE TABLE runs (
    id         TEXT    NOT NULL PRIMARY KEY,  -- 64 hex digits, random
    program    TEXT    NOT NULL,              -- path
    parameters TEXT    NOT NULL,              -- JSON object of texts
    arguments  TEXT    NOT NULL,              -- JSON array of texts
    user       TEXT    NOT NULL,
    labels     TEXT    NOT NULL,              -- JSON array of "key=value"
    start_time TEXT    NOT NULL,
    end_time   TEXT,                          -- NULL while it goes on, or if it was killed
    phase      TEXT    NOT NULL,              -- init, eval, retry, done
    attempt    INTEGER NOT NULL,              -- 0 for the first evaluation
    result     TEXT,                          -- the value as text, if it succeeded
    error      TEXT,                          -- the error as text, if it failed
    log        TEXT,                          -- path of the log file
    version    TEXT    NOT NULL,              -- of reflow
    host       TEXT    NOT NULL,
    process    INTEGER NOT NULL               -- process id on that host
) STRICT;

-- One row for each attempt to produce a value; the latest has the highest rowid.
CREATE TABLE tasks (
    id          TEXT    NOT NULL PRIMARY KEY, -- 64 hex digits, random
    run_id      TEXT    NOT NULL,             -- runs.id
    flow        TEXT,                         -- logical digest of the node
    cache_key   TEXT,                         -- key that the result is stored under, hex of assoc.key
    ident       TEXT    NOT NULL,             -- such as align.Main.sorted
    kind        TEXT    NOT NULL,             -- exec, intern, extern
    image       TEXT    NOT NULL,
    command     TEXT    NOT NULL,             -- of an exec; the URL of an intern or extern
    position    TEXT    NOT NULL,             -- in the program, such as align.rf:12:4
    attempt     INTEGER NOT NULL,             -- 0 for the first
    start_time  TEXT,
    end_time    TEXT,
    exit_status INTEGER,
    cached      INTEGER NOT NULL,             -- 1 if the value came out of the cache
    error       TEXT,                         -- the error as text, if it failed
    resources   TEXT    NOT NULL,             -- JSON object: cpu in cores, mem and disk in bytes
    cpu_seconds REAL,                         -- processor time used, user and system
    max_memory  INTEGER,                      -- bytes
    max_disk    INTEGER,                      -- bytes
    stdout      TEXT,                         -- 64 hex digits of a blob, or a path with a slash
    stderr      TEXT,                         -- likewise
    result      TEXT                          -- digest of the resulting fileset
) STRICT;
CREATE INDEX tasks_run ON tasks (run_id);
CREATE INDEX tasks_flow ON tasks (flow);
CREATE INDEX tasks_cache_key ON tasks (cache_key);
CREATE INDEX tasks_ident ON tasks (ident);

-- The associations for people.
CREATE VIEW cache AS
SELECT lower(hex(key)) AS key,
       CASE kind WHEN 0 THEN 'stored JSON' ELSE 'fileset stream' END AS kind,
       lower(hex(value)) AS fileset,
       datetime(last_access, 'unixepoch') AS last_access,
       labels
FROM assoc;
