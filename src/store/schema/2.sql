-- Version 2 of reflow.db adds to version 1.

-- The versions that these tables have come to, from 2 on. PRAGMA user_version is the latest; if it is not, the head of
-- the file is damaged.
CREATE TABLE versions (
    version INTEGER PRIMARY KEY
) STRICT;

ALTER TABLE tasks ADD COLUMN uri     TEXT;   -- of an exec: host, alloc and exec, such as box/0061a20f88f57386/3f2a91bc...
ALTER TABLE tasks ADD COLUMN profile TEXT;   -- JSON object by gauge (cpu, mem, disk, tmp, read, write) of what was sampled
ALTER TABLE tasks ADD COLUMN begin_time TEXT;   -- when it was taken up; start_time is that of its command, NULL before it; end_time NULL while it goes on, or if its run was killed
ALTER TABLE tasks ADD COLUMN process    INTEGER; -- of a command that runs: its first process on that host
ALTER TABLE tasks ADD COLUMN container  TEXT;   -- of a command that runs: the name of its container
ALTER TABLE tasks ADD COLUMN stored     INTEGER NOT NULL DEFAULT 0; -- 1 if its result was stored under cache_key
ALTER TABLE tasks ADD COLUMN bytes_read    INTEGER; -- from devices; NULL if unknown
ALTER TABLE tasks ADD COLUMN bytes_written INTEGER; -- to devices; NULL if unknown

-- What every exec was made from, so that a later one can be compared with it, and so that it can be run
-- again: the parts of its key (runtime specification §2.5). Written together with its row in tasks, also when
-- it fails.
--
-- Whoever removes rows: filesets are referred to by assoc.value, material_inputs.fileset and imports.fileset;
-- materials are referred to by tasks.cache_key and steps.key, recipes by materials.recipe, names by steps and
-- imports. The blobs that inputs name may go at any time; then the exec can be explained but not repeated.
CREATE TABLE materials (
    id     INTEGER PRIMARY KEY,
    key    BLOB    NOT NULL UNIQUE,           -- 32 bytes, tasks.cache_key
    recipe INTEGER NOT NULL                   -- recipes.id
) STRICT;

-- The inputs of an exec in order; without what their files assert, so that equal content is kept once.
CREATE TABLE material_inputs (
    material INTEGER NOT NULL,                -- materials.id
    number   INTEGER NOT NULL,                -- from 0
    fileset  BLOB    NOT NULL,                -- 32 bytes, filesets.digest
    PRIMARY KEY (material, number)
) WITHOUT ROWID, STRICT;

-- What execs run, apart from their inputs; shared by all that differ in these alone.
CREATE TABLE recipes (
    id               INTEGER PRIMARY KEY,
    digest           BLOB    NOT NULL UNIQUE, -- 32 bytes, of all that follows
    image            TEXT    NOT NULL,        -- resolved, such as debian@sha256:...
    program_image    TEXT    NOT NULL,        -- as the program has it, such as debian:12
    command          TEXT    NOT NULL,        -- %s for each argument, %% for a percent sign
    arguments        TEXT    NOT NULL,        -- JSON array of {"name", "input" or "output": number}
    outputs          TEXT    NOT NULL,        -- JSON array of "file" or "dir"
    executor         TEXT    NOT NULL,        -- docker, process
    universe         TEXT    NOT NULL,
    repetition       TEXT,                    -- hex digits that keep a repetition apart from its like
    nondeterministic INTEGER NOT NULL         -- 1 if results may differ
) STRICT;

-- What became of each exec of each run, in the order of their ends.
CREATE TABLE steps (
    run      INTEGER NOT NULL,                -- names.id, the text being runs.id
    number   INTEGER NOT NULL,                -- from 0
    outcome  INTEGER NOT NULL,                -- 0: cached, 1: executed, 2: failed, 3: the same as another of the run
    ident    INTEGER NOT NULL,                -- names.id
    position INTEGER NOT NULL,                -- names.id
    flow     INTEGER NOT NULL,                -- the first 32 bits of the node's logical digest
    cause    TEXT,                            -- why it was executed
    key      BLOB    NOT NULL,                -- 32 bytes, materials.key
    PRIMARY KEY (run, number)
) WITHOUT ROWID, STRICT;

-- The content that each run found at the paths and URLs that its program names.
CREATE TABLE imports (
    run     INTEGER NOT NULL,                 -- names.id, the text being runs.id
    source  INTEGER NOT NULL,                 -- names.id, the text being a path or URL
    fileset BLOB    NOT NULL,                 -- 32 bytes, filesets.digest
    PRIMARY KEY (run, source)
) WITHOUT ROWID, STRICT;

-- Texts that many rows of steps and imports share.
CREATE TABLE names (
    id   INTEGER PRIMARY KEY,
    text TEXT    NOT NULL UNIQUE
) STRICT;

-- The steps for people.
CREATE VIEW run_steps AS
SELECT run.text AS run_id,
       number,
       CASE outcome WHEN 0 THEN 'cached' WHEN 1 THEN 'executed' WHEN 2 THEN 'failed' ELSE 'shared' END AS outcome,
       ident.text AS ident,
       position.text AS position,
       cause,
       lower(hex(key)) AS cache_key
FROM steps
JOIN names AS run ON run.id = steps.run
JOIN names AS ident ON ident.id = steps.ident
JOIN names AS position ON position.id = steps.position;

-- Names that people give to what a collection must keep.
CREATE TABLE roots (
    name    TEXT NOT NULL PRIMARY KEY,
    target  TEXT NOT NULL,                    -- what was named: run, key, fileset or object, and its digest
    created TEXT NOT NULL
) STRICT;

-- What the roots keep: cache keys (assoc.key), and blobs by their digests.
CREATE TABLE root_keys (
    name TEXT NOT NULL,                       -- roots.name
    key  BLOB NOT NULL,                       -- 32 bytes
    PRIMARY KEY (name, key)
) WITHOUT ROWID, STRICT;
