//! Sealed keys: what lets an exec be looked up before the execs that it depends on have values (top-down
//! evaluation, runtime spec §3.6).
//!
//! A physical key needs the inputs themselves. A sealed key stands for how they come about: the exec with
//! its resolved image, and for each input either its content, if no exec has a part in it, or in turn the
//! sealed key of what makes it. Interns are therefore brought in and continuations run before anything
//! above them is sealed, but no exec. Equal sealed keys mean equal images, commands and outside contents:
//! neither a moved tag nor a changed file is answered by an old result, as the logical digest would be.
//!
//! Sealing is a walk of its own beside the one for values: every node counts the seals it misses and knows
//! who waits for its own, so no part of the graph is walked twice. What happens is queued and taken by
//! [`Reducer::advance`], never by recursion.

use std::collections::{HashMap, HashSet, VecDeque};
use std::rc::Rc;

use base::digest::DigestWriter;
use base::{Digest, Fileset};
use flow::FlowId;
use flow::node::{ArgRef, Exec, Op};
use types::Value;

use super::{Image, Reducer};
use crate::job::salted;
use crate::state::{Phase, State};

/// What stands for how a node's value comes about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seal {
    /// Its digest.
    Known {
        digest: Digest,
        /// Whether no exec has a part in it: then it is the digest of the value.
        ground: bool,
        /// Whether an exec that must run again has a part in it: then it answers for nothing.
        barred: bool,
    },
    /// The node has none: it exports something, or failed.
    Never,
}

enum Entry {
    /// So many of what the node depends on have no seal yet.
    Waiting(u32),
    /// The end of the node, the image of the exec, or what the continuation comes to.
    Asked,
    Sealed(Seal),
}

/// The seals of a run.
#[derive(Default)]
pub(super) struct Seals {
    entries: HashMap<FlowId, Entry>,
    waiters: HashMap<FlowId, Vec<FlowId>>,
    /// Nodes about which something has happened.
    happened: VecDeque<FlowId>,
    /// Continuations that nobody needs the value of, as far as is known: what they come to is not asked for.
    unneeded: HashSet<FlowId>,
    /// Execs that wait to be looked up by their seals.
    sealing: HashSet<FlowId>,
    /// Execs that are looked up by these keys.
    keys: HashMap<FlowId, Digest>,
    /// Execs that were looked up so and not found.
    tried: HashSet<FlowId>,
    /// Execs that wait for their images, by the text.
    images: HashMap<Rc<str>, Vec<FlowId>>,
}

impl Seals {
    /// Whether nothing is left to do without waiting.
    pub(super) fn is_idle(&self) -> bool {
        self.happened.is_empty()
    }

    /// Notes that a node has ended, if that matters.
    pub(super) fn ended(&mut self, id: FlowId) {
        if matches!(self.entries.get(&id), Some(Entry::Asked)) {
            self.happened.push_back(id);
        }
    }

    /// The sealed key that an exec is being looked up by; taken away.
    pub(super) fn take_key(&mut self, id: FlowId) -> Option<Digest> {
        self.keys.remove(&id)
    }

    /// The sealed key that an exec is to be looked up by.
    pub(super) fn key(&self, id: FlowId) -> Option<Digest> {
        self.keys.get(&id).copied()
    }

    /// Forgets what is under way.
    pub(super) fn clear(&mut self) {
        self.happened.clear();
    }
}

impl Reducer<'_> {
    /// Lets an exec wait for its seal, if it should be looked up before what it depends on. Says whether it
    /// does.
    pub(super) fn begin_seal(&mut self, id: FlowId) -> bool {
        let wanted = self.settings.top_down
            && self.settings.cache.read
            && matches!(self.graph.op(id), Op::Exec(_))
            && !self.graph.deps(id).is_empty()
            && !self.seals.tried.contains(&id)
            && !self.is_invalidated(id);
        if !wanted {
            return false;
        }
        self.seal(id);
        match self.seal_of(id) {
            None => {
                self.states.set(id, State::Active(Phase::Sealing));
                self.seals.sealing.insert(id);
                true
            }
            Some(seal) => self.look_up_sealed(id, seal),
        }
    }

    /// Looks an exec up by its seal, if that is of use.
    fn look_up_sealed(&mut self, id: FlowId, seal: Seal) -> bool {
        match seal {
            Seal::Known { digest, barred: false, .. } if !self.has_ground_inputs(id) => {
                self.seals.keys.insert(id, salted(self.settings.salt.as_ref(), digest));
                self.queue_lookup(id);
                true
            }
            _ => {
                self.seals.tried.insert(id);
                false
            }
        }
    }

    /// The seal of an exec whose dependencies have values, as a key; `None` if the physical key is as good.
    pub(super) fn sealed_key(&mut self, id: FlowId) -> Option<Digest> {
        let deps = self.graph.deps(id);
        if deps.is_empty() {
            return None;
        }
        self.seal(id);
        self.take_happened();
        match self.seal_of(id)? {
            Seal::Known { digest, .. } if !self.has_ground_inputs(id) => {
                Some(salted(self.settings.salt.as_ref(), digest))
            }
            _ => None,
        }
    }

    /// Takes what has happened to nodes that are being sealed.
    pub(super) fn take_happened(&mut self) {
        while let Some(id) = self.seals.happened.pop_front() {
            self.finish_seal(id);
        }
    }

    /// Notes that it is known whose value a node will have. Says whether that other node is not to be asked for,
    /// since nobody needs the value yet.
    pub(super) fn has_resumed(&mut self, id: FlowId) -> bool {
        self.seals.ended(id);
        self.seals.unneeded.contains(&id)
    }

    /// Somebody needs the value of a node that may have been run for its seal alone: what it has come to.
    pub(super) fn need(&mut self, id: FlowId) -> Option<FlowId> {
        let was_unneeded = self.seals.unneeded.remove(&id);
        let is_forwarding = matches!(self.states.get(id), State::Forwarding);
        self.graph.resumed(id).filter(|_| was_unneeded && is_forwarding)
    }

    /// An image has a name, or none.
    pub(super) fn image_known(&mut self, text: &str, found: bool) {
        for id in self.seals.images.remove(text).unwrap_or_default() {
            match found {
                true => self.seals.happened.push_back(id),
                false => self.set_seal(id, Seal::Never),
            }
        }
    }

    fn seal_of(&self, id: FlowId) -> Option<Seal> {
        match self.seals.entries.get(&id) {
            Some(Entry::Sealed(seal)) => Some(*seal),
            _ => None,
        }
    }

    fn has_ground_inputs(&self, id: FlowId) -> bool {
        let is_ground = |dep: &FlowId| matches!(self.seal_of(*dep), Some(Seal::Known { ground: true, .. }));
        self.graph.deps(id).iter().all(is_ground)
    }

    /// Begins to seal a node and all that it depends on.
    fn seal(&mut self, id: FlowId) {
        let mut stack = vec![id];
        while let Some(id) = stack.pop() {
            if self.seals.entries.contains_key(&id) {
                continue;
            }
            match self.graph.op(id) {
                Op::Val(_) | Op::Data(_) | Op::Intern { .. } | Op::Extern { .. } => self.ask_seal(id),
                Op::Continue { .. } | Op::Map(_) => self.ask_seal(id),
                _ => {
                    let deps: Vec<FlowId> = self.graph.deps(id).to_vec();
                    self.await_seals(id, &deps, &mut stack);
                }
            }
        }
    }

    fn await_seals(&mut self, id: FlowId, of: &[FlowId], stack: &mut Vec<FlowId>) {
        let mut missing = 0;
        for dep in of {
            if self.seal_of(*dep).is_none() {
                self.seals.waiters.entry(*dep).or_default().push(id);
                missing += 1;
                stack.push(*dep);
            }
        }
        self.seals.entries.insert(id, if missing == 0 { Entry::Asked } else { Entry::Waiting(missing) });
        if missing == 0 {
            self.seals.happened.push_back(id);
        }
    }

    fn ask_seal(&mut self, id: FlowId) {
        self.seals.entries.insert(id, Entry::Asked);
        self.seals.happened.push_back(id);
    }

    /// Seals a node if that is possible now, else asks for what it takes.
    fn finish_seal(&mut self, id: FlowId) {
        if !matches!(self.seals.entries.get(&id), Some(Entry::Asked)) {
            return;
        }
        let seal = match self.graph.op(id) {
            Op::Extern { .. } => Some(Seal::Never),
            Op::Val(_) | Op::Data(_) | Op::Intern { .. } => self.ground(id),
            Op::Continue { .. } | Op::Map(_) => match self.graph.resumed(id) {
                None => self.resolved(id),
                Some(to) => match self.seal_of(to) {
                    Some(seal) => Some(seal),
                    None => {
                        let mut stack = Vec::new();
                        self.await_seals(id, &[to], &mut stack);
                        return stack.into_iter().for_each(|id| self.seal(id));
                    }
                },
            },
            Op::Exec(_) => self.seal_exec(id),
            _ => self.seal_step(id),
        };
        if let Some(seal) = seal {
            self.set_seal(id, seal);
        }
    }

    fn set_seal(&mut self, id: FlowId, seal: Seal) {
        self.seals.entries.insert(id, Entry::Sealed(seal));
        for waiter in self.seals.waiters.remove(&id).unwrap_or_default() {
            let Some(Entry::Waiting(missing)) = self.seals.entries.get_mut(&waiter) else { continue };
            *missing -= 1;
            if *missing == 0 {
                self.ask_seal(waiter);
            }
        }
        self.answer_sealed(id);
    }

    /// Lets an exec that has waited for its seal be looked up, or take the long way.
    fn answer_sealed(&mut self, id: FlowId) {
        let Some(seal) = self.seal_of(id) else { return };
        if !self.seals.sealing.remove(&id) || self.canceled {
            return;
        }
        if !self.look_up_sealed(id, seal) {
            self.take_long_way(id);
        }
    }

    /// Asks for all that an exec needs after all.
    pub(super) fn take_long_way(&mut self, id: FlowId) {
        self.seals.tried.insert(id);
        let mut stack = Vec::new();
        self.visit(id, &mut stack);
        self.demand_all(stack);
    }

    /// The seal of a value in which no exec has a part; asks for the value if there is none yet.
    fn ground(&mut self, id: FlowId) -> Option<Seal> {
        let digest = match self.states.get(id) {
            State::Done(stored) => match stored.value() {
                Value::Fileset(fileset) => content(&fileset),
                // Whoever turns it into a fileset is ground, too, and sealed by that.
                _ => self.graph.digest(id),
            },
            State::Failed(_) => return Some(Seal::Never),
            State::Idle => {
                self.demand(id);
                // A value that was known at once has not been told of.
                return match self.states.get(id) {
                    State::Done(_) | State::Failed(_) => self.ground(id),
                    _ => None,
                };
            }
            _ => return None,
        };
        Some(Seal::Known { digest, ground: true, barred: false })
    }

    /// The seal of a continuation that has come to a value; runs it if it has not run.
    fn resolved(&mut self, id: FlowId) -> Option<Seal> {
        if matches!(self.states.get(id), State::Idle) {
            self.seals.unneeded.insert(id);
            let mut stack = Vec::new();
            self.visit(id, &mut stack);
            self.demand_all(stack);
            return None;
        }
        self.ground(id)
    }

    fn seal_exec(&mut self, id: FlowId) -> Option<Seal> {
        let Op::Exec(exec) = self.graph.op(id) else { return Some(Seal::Never) };
        let text = exec.image.clone();
        self.resolve_image(&text);
        let image = match self.images.get(&text) {
            Some(Image::Resolved(image)) => image.clone(),
            Some(Image::Failed(_)) => return Some(Seal::Never),
            Some(Image::Pending(_)) | None => {
                self.seals.images.entry(text).or_default().push(id);
                return None;
            }
        };
        let barred = self.is_invalidated(id);
        let mut out = DigestWriter::new();
        if let Op::Exec(exec) = self.graph.op(id) {
            write_exec(exec, &image, self.graph.deps(id).len(), &mut out);
        }
        Some(self.over_inputs(id, out, barred))
    }

    fn seal_step(&mut self, id: FlowId) -> Option<Seal> {
        if self.has_ground_inputs(id) {
            return self.ground(id);
        }
        let mut out = DigestWriter::new();
        write_text(self.graph.op(id).name(), &mut out);
        match self.graph.op(id) {
            Op::Groupby { pattern } => write_text(pattern, &mut out),
            Op::Collect { pattern, replacement } => {
                write_text(pattern, &mut out);
                write_text(replacement, &mut out);
            }
            Op::Coerce { flow_digest, .. } => {
                out.digest(flow_digest);
            }
            _ => {}
        }
        Some(self.over_inputs(id, out, false))
    }

    /// The seal of an operation over sealed inputs.
    fn over_inputs(&self, id: FlowId, mut out: DigestWriter, mut is_barred: bool) -> Seal {
        for dep in self.graph.deps(id) {
            let Some(Seal::Known { digest, barred, .. }) = self.seal_of(*dep) else { return Seal::Never };
            out.digest(&digest);
            is_barred |= barred;
        }
        if let Some(extra) = self.graph.extra(id) {
            out.digest(&extra);
        }
        Seal::Known { digest: out.finish(), ground: false, barred: is_barred }
    }
}

fn write_text(text: &str, out: &mut DigestWriter) {
    out.int(text.len() as i64).bytes(text);
}

fn write_exec(exec: &Exec, image: &str, inputs: usize, out: &mut DigestWriter) {
    write_text("sealed exec", out);
    write_text(image, out);
    write_text(&exec.command, out);
    let identity: Vec<ArgRef>;
    let args = match &exec.args {
        Some(args) => args,
        None => {
            identity = (0..inputs as u32).map(ArgRef::Input).collect();
            identity.as_slice()
        }
    };
    out.int(args.len() as i64);
    for arg in args {
        let (direction, index) = match arg {
            ArgRef::Input(index) => (0, *index),
            ArgRef::Output(index) => (1, *index),
        };
        out.int(direction).int(i64::from(index));
    }
    let outputs = exec.outputs.as_deref().unwrap_or_default();
    out.int(outputs.len() as i64);
    for kind in outputs {
        out.int(i64::from(*kind == base::config::OutputKind::Dir));
    }
}

/// A digest of a fileset that tells lists, maps and their lengths apart.
fn content(fileset: &Fileset) -> Digest {
    fn write(fileset: &Fileset, out: &mut DigestWriter) {
        out.int(fileset.list.len() as i64);
        for element in &fileset.list {
            write(element, out);
        }
        out.int(fileset.map.len() as i64);
        for (path, file) in &fileset.map {
            write_text(path, out);
            out.digest(&file.digest());
        }
    }
    let mut out = DigestWriter::new();
    write_text("content", &mut out);
    write(fileset, &mut out);
    out.finish()
}
