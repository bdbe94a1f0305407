//! `reflow repair`: all keys of what is cached, without running anything (runtime spec §3.20).

use engine::Config;
use store::{Assoc, AssocKind, Association};
use types::Value;

use super::program::Ready;
use crate::arguments::{Global, RepairFlags};
use crate::exit::Exit;
use crate::{interrupt, terminal};

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
    let mut count = 0;
    for (keys, fileset) in found {
        let wanted: Vec<_> = keys.iter().flat_map(|key| AssocKind::ALL.map(|kind| (kind, *key))).collect();
        let known = machinery.runtime.block_on(machinery.store.assoc().get_many(&wanted))?;
        let is_new = |index: &usize| known.iter().skip(index * 2).take(2).all(Option::is_none);
        let keys: Vec<_> = (0..keys.len()).filter(is_new).map(|index| keys[index]).collect();
        if keys.is_empty() {
            continue;
        }
        let new = keys.len() as u64;
        let association = Association { keys, fileset, labels: Vec::new() };
        match machinery.store.committer().commit(Vec::new(), vec![association], None) {
            Ok(()) => count += new,
            Err(error) => terminal::say(&format!("reflow: cannot write back: {error}")),
        }
    }
    report(count)?;
    match outcome.value {
        // What is not cached is withheld, which is no failure of a node.
        Err(failures) if !failures.nodes().is_empty() || failures.is_canceled() => Err(Exit::failed(failures)),
        _ => Ok(()),
    }
}

fn report(count: u64) -> Result<(), Exit> {
    terminal::say(&format!("reflow: repair: {count} new cache entries"));
    Ok(())
}
