//! From nodes to tasks: keys, configurations, details.

use std::rc::Rc;

use base::config::{Arg, ExecConfig};
use base::image::Qualified;
use base::{Digest, Error, Fileset, Kind, Resources};
use exec::{ExecId, ExecRequest};
use flow::node::{ArgRef, Exec, Op};
use flow::{FlowId, Graph};
use store::{Argument, ArgumentPlace};

use super::{Image, Reducer};
use crate::describe;
use crate::failure::{ExecDetails, RunDetails};
use crate::job::{ExecEnd, ExecTask, History, Nature, Recheck, salted};

impl Reducer<'_> {
    /// The node's exec; an error if it is none.
    pub(super) fn exec(&self, id: FlowId) -> Result<&Exec, Error> {
        match self.graph.op(id) {
            Op::Exec(exec) => Ok(exec),
            other => Err(Error::new(Kind::Fatal, format!("expected an exec, not {}", other.name()))),
        }
    }

    /// The key that stands for exactly what a ready exec would do: its image, command and inputs.
    pub(super) fn first_key(&self, id: FlowId) -> Result<Digest, Error> {
        first(&self.with_inputs(id, flow::key::physical_digests)?)
    }

    /// Every key that stands for the result of an exec whose inputs are known, the most concrete first.
    pub(super) fn all_keys(&self, id: FlowId) -> Result<Vec<Digest>, Error> {
        self.with_inputs(id, flow::key::cache_keys)
    }

    fn with_inputs(
        &self,
        id: FlowId,
        digests: impl Fn(&Graph, FlowId, &[&Fileset], Option<&str>) -> Vec<Digest>,
    ) -> Result<Vec<Digest>, Error> {
        let inputs = self.inputs(id)?;
        let inputs: Vec<&Fileset> = inputs.iter().map(Rc::as_ref).collect();
        let image = match self.graph.op(id) {
            Op::Exec(exec) => match self.images.get(&exec.image) {
                Some(Image::Resolved(image)) => Some(&**image),
                _ => return Err(Error::new(Kind::Fatal, "an image was used before it was resolved")),
            },
            _ => None,
        };
        let salt = match self.graph.op(id) {
            Op::Exec(_) => self.settings.salt.as_ref(),
            _ => None,
        };
        Ok(digests(self.graph, id, &inputs, image).into_iter().map(|key| salted(salt, key)).collect())
    }

    /// The task of an exec for which there is room.
    pub(super) fn task(&mut self, id: FlowId, room: &Resources) -> Result<ExecTask, Error> {
        let mut keys = self.all_keys(id)?;
        let key = first(&keys)?;
        if self.settings.cache.write {
            keys.extend(self.sealed_key(id));
        }
        let exec = self.exec(id)?;
        let image = match self.images.get(&exec.image) {
            Some(Image::Resolved(image)) => image.to_string(),
            _ => exec.image.to_string(),
        };
        let inputs = self.inputs(id)?;
        inputs.iter().try_for_each(|input| check_made(input))?;
        let arg = |arg: &ArgRef| match arg {
            ArgRef::Output(number) => Ok(Arg::Output(*number as usize)),
            ArgRef::Input(index) => match inputs.get(*index as usize) {
                Some(input) => Ok(Arg::Input(input.as_ref().clone())),
                None => {
                    Err(Error::new(Kind::Invalid, format!("the command refers to input {index}, which is not there")))
                }
            },
        };
        let args = match &exec.args {
            Some(args) => args.iter().map(arg).collect::<Result<_, _>>()?,
            None => (0..inputs.len() as u32).map(|index| arg(&ArgRef::Input(index))).collect::<Result<_, _>>()?,
        };
        let needs = Qualified::parse(&exec.image);
        let config = ExecConfig {
            ident: self.graph.ident(id).to_owned(),
            image,
            original_image: exec.image.to_string(),
            command: exec.command.to_string(),
            args,
            outputs: exec.outputs.as_deref().unwrap_or_default().to_vec(),
            resources: room.clone(),
            need_aws_credentials: needs.needs_aws_credentials,
            need_docker_access: needs.needs_docker_access,
        };
        Ok(ExecTask {
            id,
            request: ExecRequest { id: ExecId::new(key), config },
            keys,
            attempt: self.retries.get(&id).map_or(0, |(attempt, _)| *attempt),
            recheck: self.recheck(id),
            write: self.settings.cache.write,
            assertions: self.inherited(id)?,
            history: self.history(id, describe::command(exec)),
            nature: self.nature(id, exec),
            flaw: None,
            row: None,
        })
    }

    fn nature(&self, id: FlowId, exec: &Exec) -> Nature {
        let places: Vec<ArgumentPlace> = match &exec.args {
            Some(args) => args.iter().map(place).collect(),
            None => (0..self.graph.deps(id).len() as u32).map(ArgumentPlace::Input).collect(),
        };
        let name = |number: usize| exec.arg_names.get(number).map(ToString::to_string).unwrap_or_default();
        let argument = |(number, place)| Argument { name: name(number), place };
        Nature {
            arguments: places.into_iter().enumerate().map(argument).collect(),
            repetition: self.graph.extra(id),
            nondeterministic: exec.nondeterministic,
        }
    }

    fn recheck(&self, id: FlowId) -> Recheck {
        match () {
            () if !self.settings.cache.read || self.is_invalidated(id) || self.outdated.contains(&id) => Recheck::Never,
            () if self.settings.recompute_empty => Recheck::UnlessEmpty,
            () => Recheck::Any,
        }
    }

    pub(super) fn is_invalidated(&self, id: FlowId) -> bool {
        self.settings.invalidate.as_ref().is_some_and(|invalidate| invalidate(self.graph.ident(id)))
    }

    pub(super) fn history(&self, id: FlowId, command: String) -> History {
        History {
            flow: self.graph.digest(id),
            ident: self.graph.ident(id).to_owned(),
            position: self.graph.place(id).map(ToString::to_string).unwrap_or_default(),
            command,
        }
    }

    /// What there is to say of an exec that failed.
    pub(super) fn details(&self, task: ExecTask, end: &ExecEnd) -> Option<Box<ExecDetails>> {
        let exec = self.exec(task.id).ok()?;
        let mut inputs: Vec<(String, Fileset)> = Vec::new();
        let key = task.key();
        let config = task.request.config;
        for (number, arg) in config.args.into_iter().enumerate() {
            let name = exec.arg_names.get(number).map_or_else(|| format!("arg[{number}]"), ToString::to_string);
            if let Arg::Input(fileset) = arg
                && inputs.iter().all(|(known, _)| *known != name)
            {
                inputs.push((name, fileset));
            }
        }
        let run = match end {
            ExecEnd::Ran { report, tails, .. } => {
                let tails = tails.clone().unwrap_or_default();
                Some(RunDetails {
                    status: report.status,
                    wall: report.usage.wall,
                    script: report.script.clone(),
                    stdout: tails.stdout,
                    stderr: tails.stderr,
                })
            }
            _ => None,
        };
        Some(Box::new(ExecDetails {
            command: task.history.command,
            image: config.image,
            inputs,
            resources: config.resources,
            key,
            row: task.row,
            attempts: task.attempt + 1,
            run,
        }))
    }
}

/// An output that its command never mentions is a file without content or place: nothing can be done with
/// it.
pub(super) fn check_made(fileset: &Fileset) -> Result<(), Error> {
    match fileset.entries().find(|(_, file)| file.is_reference() && file.source().is_empty()) {
        None => Ok(()),
        Some((path, _)) => {
            let what = if path == Fileset::ROOT { "the file".to_owned() } else { format!("the file {path}") };
            let message = format!("{what} was never made: it is an output that its command does not mention");
            Err(Error::new(Kind::Precondition, message))
        }
    }
}

fn place(arg: &ArgRef) -> ArgumentPlace {
    match arg {
        ArgRef::Input(number) => ArgumentPlace::Input(*number),
        ArgRef::Output(number) => ArgumentPlace::Output(*number),
    }
}

fn first(keys: &[Digest]) -> Result<Digest, Error> {
    keys.first().copied().ok_or_else(|| Error::new(Kind::Fatal, "the node has no key"))
}
