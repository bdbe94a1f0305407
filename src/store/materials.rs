//! What execs were made from: the parts of their keys (runtime spec §2.5), kept compactly.
//!
//! A [`Material`] is written with the exec's result by the [`Committer`](crate::Committer) and read by whoever
//! compares two execs or repeats one. What execs have in common is kept once: a [`Recipe`] for all that differ
//! in their inputs alone, an input for all that have it.

use base::config::OutputKind;
use base::{Digest, Error, Fileset, Kind};
use rusqlite::{Connection, OptionalExtension, Row, params};
use serde::{Deserialize, Serialize};

use crate::columns;
use crate::database::{Database, Failure};
use crate::{assoc_table, codec};

/// What an exec runs, apart from its inputs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipe {
    /// The image that ran, resolved to a digest where there is one.
    pub image: String,
    /// The image's text in the program.
    pub program_image: String,
    /// printf-style template: one `%s` for each argument, `%%` for a percent sign.
    pub command: String,
    /// One for each `%s`, in order.
    pub arguments: Vec<Argument>,
    /// Kinds of the outputs 0, 1, ….
    pub outputs: Vec<OutputKind>,
    /// The executor's name.
    pub executor: String,
    /// The namespace of the key; usually empty.
    pub universe: String,
    /// What keeps a repetition apart from its like.
    pub repetition: Option<Digest>,
    /// Whether the program says that results may differ.
    pub nondeterministic: bool,
}

/// One `%s` of a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Argument {
    /// The program's name for it, such as `{{reads}}`; empty if there is none.
    pub name: String,
    /// What it is.
    #[serde(flatten)]
    pub place: ArgumentPlace,
}

/// What an argument is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ArgumentPlace {
    /// The input of this number.
    Input(u32),
    /// The output of this number.
    Output(u32),
}

/// What an exec was made from.
#[derive(Clone, Debug, PartialEq)]
pub struct Material {
    /// What it runs.
    pub recipe: Recipe,
    /// Its inputs in order, without assertions.
    pub inputs: Vec<Fileset>,
}

/// A material on its way into the table.
#[derive(Clone, Debug)]
pub struct MaterialRow {
    key: Digest,
    other_keys: Vec<Digest>,
    recipe: Recipe,
    inputs: Vec<EncodedFileset>,
}

/// A fileset as it is kept.
#[derive(Clone, Debug)]
pub(crate) struct EncodedFileset {
    pub(crate) digest: Digest,
    pub(crate) bytes: Vec<u8>,
}

impl EncodedFileset {
    /// `Invalid` for a fileset with an unresolved file.
    pub(crate) fn of(fileset: &Fileset) -> Result<Self, Error> {
        let (_, bytes) = codec::encode(&fileset.clone().set_assertions(&base::assertion::Assertions::default()))?;
        Ok(Self { digest: Digest::of(&bytes), bytes })
    }
}

impl MaterialRow {
    /// The material of the exec with this cache key, whose result is stored under other keys, too. `Invalid` if a
    /// file of an input is unresolved.
    pub fn new(key: Digest, other_keys: &[Digest], recipe: Recipe, inputs: &[Fileset]) -> Result<Self, Error> {
        let inputs = inputs.iter().map(EncodedFileset::of).collect::<Result<_, _>>()?;
        Ok(Self { key, other_keys: other_keys.to_vec(), recipe, inputs })
    }
}

/// The materials.
#[derive(Clone, Debug)]
pub struct Materials {
    database: Database,
}

impl Materials {
    pub(crate) fn new(database: Database) -> Self {
        Self { database }
    }

    /// What the exec with this cache key was made from, if that is known.
    pub fn get(&self, key: &Digest) -> Result<Option<Material>, Error> {
        self.database.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT materials.id AS material, recipes.* FROM materials JOIN recipes ON recipes.id = recipe
                 WHERE key = ?",
            )?;
            let mut rows = statement.query(params![key.as_bytes()])?;
            let Some(row) = rows.next()? else { return Ok(None) };
            let recipe = read_recipe(row)?;
            Ok(Some(Material { recipe, inputs: read_inputs(connection, row.get("material")?)? }))
        })
    }

    /// Every key that a result of the exec with this cache key was stored under, as far as that is known, the given
    /// one first. What a key of these stands for now may be another exec's result: all but the first are names.
    pub fn keys(&self, key: &Digest) -> Result<Vec<Digest>, Error> {
        let others = self.database.read(|connection| other_keys(connection, key))?.unwrap_or_default();
        Ok(std::iter::once(*key).chain(others).collect())
    }

    /// Remembers further keys of execs whose material is known. In each list the exec's cache key comes first.
    pub fn add_keys<'a>(&self, keys: impl IntoIterator<Item = &'a [Digest]>) -> Result<(), Error> {
        let lists: Vec<&[Digest]> = keys.into_iter().collect();
        self.database.write(|transaction| {
            for list in &lists {
                if let Some((key, others)) = list.split_first()
                    && let Some(known) = other_keys(transaction, key)?
                {
                    add_keys(transaction, key, known, others)?;
                }
            }
            Ok(())
        })
    }

    /// The cache keys of execs of an ident whose material is known, each once, the latest first: those that
    /// another run than `except` has executed, or tried to.
    pub fn of_ident(&self, ident: &str, except: &Digest, limit: usize) -> Result<Vec<Digest>, Error> {
        self.database.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT cache_key FROM tasks
                 WHERE ident = ?1 AND kind = 'exec' AND NOT cached AND run_id <> ?2 AND cache_key IS NOT NULL
                       AND rowid < coalesce((SELECT min(rowid) FROM tasks WHERE run_id = ?2),
                                            (SELECT max(rowid) + 1 FROM tasks))
                       AND EXISTS (SELECT 1 FROM materials WHERE key = unhex(cache_key))
                 GROUP BY cache_key ORDER BY max(rowid) DESC LIMIT ?3",
            )?;
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let rows = statement.query_map(params![ident, except.hex(), limit], |row| row.get::<_, String>(0))?;
            let mut found = Vec::new();
            for hex in rows {
                found.extend(Digest::parse(&hex?).ok());
            }
            Ok(found)
        })
    }
}

fn read_recipe(row: &Row<'_>) -> Result<Recipe, Failure> {
    let columns = columns::Columns { row };
    let outputs: Vec<String> = columns.json("outputs")?;
    Ok(Recipe {
        image: columns.get("image")?,
        program_image: columns.get("program_image")?,
        command: columns.get("command")?,
        arguments: columns.json("arguments")?,
        outputs: outputs.iter().map(|kind| if kind == DIR { OutputKind::Dir } else { OutputKind::File }).collect(),
        executor: columns.get("executor")?,
        universe: columns.get("universe")?,
        repetition: columns.optional_digest("repetition")?,
        nondeterministic: columns.get("nondeterministic")?,
    })
}

fn read_inputs(connection: &Connection, material: i64) -> Result<Vec<Fileset>, Failure> {
    let mut statement = connection.prepare_cached(
        "SELECT bytes FROM material_inputs LEFT JOIN filesets ON filesets.digest = fileset
         WHERE material = ? ORDER BY number",
    )?;
    let mut rows = statement.query(params![material])?;
    let mut inputs = Vec::new();
    while let Some(row) = rows.next()? {
        let bytes: Option<Vec<u8>> = row.get(0)?;
        let gone = || Error::new(Kind::NotExist, "an input of the exec is no longer recorded");
        inputs.push(codec::decode_kept(&bytes.ok_or_else(gone)?)?);
    }
    Ok(inputs)
}

const FILE: &str = "file";
const DIR: &str = "dir";

/// The other keys of an exec whose material is known.
fn other_keys(connection: &Connection, key: &Digest) -> Result<Option<Vec<Digest>>, Failure> {
    let mut statement = connection.prepare_cached("SELECT other_keys FROM materials WHERE key = ?")?;
    let bytes: Option<Vec<u8>> = statement.query_row(params![key.as_bytes()], |row| row.get(0)).optional()?;
    Ok(bytes.map(|bytes| bytes.as_chunks().0.iter().map(|key| Digest::from_bytes(*key)).collect()))
}

/// Adds keys to those that are known of an exec.
fn add_keys(connection: &Connection, key: &Digest, known: Vec<Digest>, added: &[Digest]) -> Result<(), Failure> {
    let mut all = known;
    let before = all.len();
    for added in added {
        if added != key && !all.contains(added) {
            all.push(*added);
        }
    }
    if all.len() > before {
        connection
            .prepare_cached("UPDATE materials SET other_keys = ? WHERE key = ?")?
            .execute(params![joined(&all), key.as_bytes()])?;
    }
    Ok(())
}

fn joined(keys: &[Digest]) -> Vec<u8> {
    keys.iter().flat_map(Digest::as_bytes).copied().collect()
}

/// Keeps a material. One that is there learns only of further keys: a key stands for exactly one.
pub(crate) fn write(connection: &Connection, row: &MaterialRow) -> Result<(), Failure> {
    if let Some(known) = other_keys(connection, &row.key)? {
        return add_keys(connection, &row.key, known, &row.other_keys);
    }
    let recipe = keep_recipe(connection, &row.recipe)?;
    connection.prepare_cached("INSERT INTO materials (key, recipe, other_keys) VALUES (?, ?, ?)")?.execute(params![
        row.key.as_bytes(),
        recipe,
        joined(&row.other_keys)
    ])?;
    let material = connection.last_insert_rowid();
    let mut insert =
        connection.prepare_cached("INSERT INTO material_inputs (material, number, fileset) VALUES (?, ?, ?)")?;
    for (number, input) in (0_i64..).zip(&row.inputs) {
        assoc_table::keep(connection, &input.digest, &input.bytes)?;
        insert.execute(params![material, number, input.digest.as_bytes()])?;
    }
    Ok(())
}

fn keep_recipe(connection: &Connection, recipe: &Recipe) -> Result<i64, Failure> {
    let outputs: Vec<&str> =
        recipe.outputs.iter().map(|kind| if *kind == OutputKind::Dir { DIR } else { FILE }).collect();
    let (arguments, outputs) = (columns::json(&recipe.arguments)?, columns::json(&outputs)?);
    let repetition = recipe.repetition.map(|digest| digest.hex());
    let texts = [&recipe.image, &recipe.program_image, &recipe.command, &arguments, &outputs, &recipe.executor];
    let digest = Digest::of(columns::json(&(texts, &recipe.universe, &repetition, recipe.nondeterministic))?);
    let known: Option<i64> = connection
        .prepare_cached("SELECT id FROM recipes WHERE digest = ?")?
        .query_row(params![digest.as_bytes()], |row| row.get(0))
        .optional()?;
    if let Some(known) = known {
        return Ok(known);
    }
    let mut insert = connection.prepare_cached(
        "INSERT INTO recipes (digest, image, program_image, command, arguments, outputs, executor, universe,
                              repetition, nondeterministic)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )?;
    insert.execute(params![
        digest.as_bytes(),
        recipe.image,
        recipe.program_image,
        recipe.command,
        arguments,
        outputs,
        recipe.executor,
        recipe.universe,
        repetition,
        recipe.nondeterministic
    ])?;
    Ok(connection.last_insert_rowid())
}
