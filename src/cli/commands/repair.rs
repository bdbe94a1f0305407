//! `reflow repair`: all keys of what is cached, without running anything (runtime spec §3.20).

use std::sync::mpsc;

use base::Error;
use engine::Config;
use engine::evaluate::Found;
use store::{Assoc, AssocKind, Association, Commit};
use types::Value;

use super::program::Ready;
use crate::arguments::{Global, RepairFlags};
use crate::exit::Exit;
use crate::machinery::Machinery;
use crate::{interrupt, terminal};

/// What is looked up at a time.
const BATCH: usize = 500;

pub(super) fn run(global: &Global, flags: &RepairFlags) -> Result<(), Exit> {
    if !flags.batch.is_empty() {
        return Err(Exit::failed("there are no batches yet: give the program and its flags, once for each row"));
    }
    let Ready { mut graph, main, .. } = Ready::load(global, &flags.program.path, &flags.program.args)?;
    terminal::say(format!("reflow: repair: {} {}", flags.program.path, flags.program.args.join(" ")).trim_end());
    let Value::Flow(flow) = &main else { return report(0) };
    let root = graph.id_of(flow);
    let machinery = flags.machinery.open()?;
    let cancel = interrupt::token(machinery.runtime.handle());
    let config = Config { cancel, ..machinery.plan_config()? };
    let (outcome, found) = engine::evaluate::found(&mut graph, root, config, &mut |_| ());
    let count = write_back(&machinery, found)?;
    report(count)?;
    match outcome.value {
        // What is not cached is withheld, which is no failure of a node.
        Err(failures) if !failures.nodes().is_empty() || failures.is_canceled() => Err(Exit::failed(failures)),
        _ => Ok(()),
    }
}

/// Associates what was found with those of its keys that nothing is known of. How many these are.
fn write_back(machinery: &Machinery, found: Found) -> Result<u64, Exit> {
    let (sender, written) = mpsc::channel();
    for batch in found.chunks(BATCH) {
        let keys = batch.iter().flat_map(|(keys, _)| keys);
        let wanted: Vec<_> = keys.flat_map(|key| AssocKind::ALL.map(|kind| (kind, *key))).collect();
        let known = machinery.runtime.block_on(machinery.store.assoc().get_many(&wanted))?;
        let mut known = known.chunks(AssocKind::ALL.len()).map(|values| values.iter().any(Option::is_some));
        for (keys, fileset) in batch {
            let known: Vec<bool> = known.by_ref().take(keys.len()).collect();
            let keys: Vec<_> = keys.iter().zip(known).filter(|(_, is_known)| !is_known).map(|(key, _)| *key).collect();
            if keys.is_empty() {
                continue;
            }
            let (sender, new) = (sender.clone(), keys.len() as u64);
            let associations = vec![Association { keys, fileset: fileset.clone(), labels: Vec::new() }];
            let done = Box::new(move |result: Result<(), Error>| drop(sender.send(result.map(|()| new))));
            // Many become durable together, and one that cannot leaves the others alone.
            machinery.store.committer().submit(Commit {
                blobs: Vec::new(),
                associations,
                task: None,
                material: None,
                done,
            });
        }
        machinery.store.materials().add_keys(batch.iter().map(|(keys, _)| keys.as_slice()))?;
    }
    drop(sender);
    let mut count = 0;
    for result in written {
        match result {
            Ok(new) => count += new,
            Err(error) => terminal::say(&format!("reflow: cannot write back: {error}")),
        }
    }
    Ok(count)
}

fn report(count: u64) -> Result<(), Exit> {
    terminal::say(&format!("reflow: repair: {count} new cache entries"));
    Ok(())
}
