//! `reflow root`

use std::fmt::Write;

use base::{Digest, Kind};
use store::{LocalStore, TaskQuery};

use super::{answer, named};
use crate::arguments::RootFlags;
use crate::exit::Exit;
use crate::names::Name;

pub(super) fn run(flags: &RootFlags) -> Result<(), Exit> {
    let words: Vec<&str> = flags.words.iter().map(String::as_str).collect();
    let store = crate::home::open(&flags.place.existing()?)?;
    match words.as_slice() {
        [] => list(&store),
        ["add", name, id] => {
            let (target, keys) = reached(&store, id)?;
            store.roots().add(name, &target, &keys)?;
            Ok(())
        }
        ["remove", name] => match store.roots().remove(name)? {
            true => Ok(()),
            false => Err(Exit::failed(format!("there is no root {name:?}"))),
        },
        _ => Err(Exit::Usage("usage: reflow root [flags] [add NAME ID | remove NAME]".to_owned())),
    }
}

fn list(store: &LocalStore) -> Result<(), Exit> {
    let mut text = String::new();
    for root in store.roots().list()? {
        let (kind, digest) = root.target.split_once(' ').unwrap_or(("", &root.target));
        let short = Digest::parse(digest).map_or_else(|_| digest.to_owned(), |digest| digest.short());
        let _ = writeln!(text, "{} {kind} {short} {} {}", root.name, root.keys.len(), root.created);
    }
    answer(text)
}

/// What an id names, and the cache keys and blobs that belong to it.
fn reached(store: &LocalStore, id: &str) -> Result<(String, Vec<Digest>), Exit> {
    let Name::Id(partial) = named::name(store, id)? else {
        return Err(Exit::failed(format!("{id} is no run, cache key, cached fileset or object")));
    };
    match store.runs().find(&partial) {
        Ok(run) => {
            let keys = store.steps().keys(&run.id)?.into_iter().collect();
            return Ok((format!("run {}", run.id), keys));
        }
        Err(error) if error.kind() == Kind::NotExist => {}
        Err(error) => return Err(error.into()),
    }
    let mut keys = Vec::new();
    if let Some(key) = store.assoc().key(&partial)? {
        return Ok((format!("key {key}"), vec![key]));
    }
    if let Some(digest) = partial.full() {
        let tasks = store.tasks().list(&TaskQuery { result: Some(digest), ..TaskQuery::default() })?;
        keys.extend(tasks.iter().filter_map(|task| task.key));
        keys.extend(store.assoc().keys_of(&digest)?);
        if !keys.is_empty() {
            return Ok((format!("fileset {digest}"), keys));
        }
    }
    match store.repository.find(&partial) {
        Ok(digest) => return Ok((format!("object {digest}"), vec![digest])),
        Err(error) if error.kind() == Kind::NotExist => {}
        Err(error) => return Err(error.into()),
    }
    Err(Exit::failed(format!("no run, cache key, cached fileset or object {id}")))
}
