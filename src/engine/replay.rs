//! Execs run once more from what the history recorded of them: by themselves, with exactly their inputs.
//!
//! [`Replay::prepare`] makes a request out of a [`store::Material`]; [`Replay::run`] hands it to an executor, and
//! [`Replay::compare`] says how what came of it differs from what is recorded. The cache is neither read nor
//! written: what a repetition leaves are blobs that nothing refers to.

use base::config::{Arg, ExecConfig};
use base::digest::DigestWriter;
use base::image::Qualified;
use base::{Digest, Error, Fileset, Kind, Resources};
use exec::{CancelToken, ExecEvent, ExecId, ExecReport, ExecRequest, Executor};
use store::{ArgumentPlace, LocalStore, Material, TaskRecord};

use crate::explain::{FileChange, compare_filesets};

/// The file that has the command of an exec that [waits](Replay::waiting), in the folder of temporary files.
pub const COMMAND_FILE: &str = "command.sh";

/// An exec that can be run again.
#[derive(Clone, Debug)]
pub struct Replay {
    /// The attempt that is repeated.
    pub task: TaskRecord,
    /// What it was made from.
    pub material: Material,
    /// What its key stands for in the cache; none if it failed, or its result is not kept any more.
    pub recorded: Option<Fileset>,
    request: ExecRequest,
}

impl Replay {
    /// Reads what is known of an exec. `seed` keeps its folder apart from those of other runs of the same.
    ///
    /// `NotExist` if it is not recorded what it was made from, or if files of its inputs are not in the
    /// repository any more; the error names them.
    pub fn prepare(store: &LocalStore, task: TaskRecord, seed: &Digest) -> Result<Self, Error> {
        let key = task.key.ok_or_else(|| unrecorded(&task))?;
        let material = store.materials().get(&key)?.ok_or_else(|| unrecorded(&task))?;
        let mut missing = Vec::new();
        for (path, file) in material.inputs.iter().flat_map(Fileset::entries) {
            if !store.repository.holds(file)? {
                let digest = file.digest().short();
                missing.push(if path == Fileset::ROOT { digest } else { format!("{path} ({digest})") });
            }
        }
        if !missing.is_empty() {
            return Err(gone(&task, &missing));
        }
        let mut id = DigestWriter::new();
        id.bytes("replay").digest(&key).digest(seed);
        let config = config(&task, &material)?;
        let request = ExecRequest { id: ExecId::new(id.finish()), config };
        Ok(Self { recorded: store.recorded(&key)?, task, material, request })
    }

    /// What is run.
    pub fn config(&self) -> &ExecConfig {
        &self.request.config
    }

    /// The same exec with a command that only waits, for somebody to look around in its place. The command itself is
    /// in [`COMMAND_FILE`].
    #[must_use]
    pub fn waiting(mut self) -> Self {
        const END: &str = "END OF THE COMMAND";
        let command = &mut self.request.config.command;
        *command =
            format!("cat > \"$TMPDIR/{COMMAND_FILE}\" <<'{END}'\n{command}\n{END}\nwhile sleep 1000; do :; done\n");
        self
    }

    /// What is handed to the executor.
    pub fn request(&self) -> &ExecRequest {
        &self.request
    }

    /// Gives it no more room than there is; what it had may have been another machine's.
    pub fn limit(&mut self, capacity: &Resources) {
        let room = &mut self.request.config.resources;
        let limited: Vec<(String, f64)> =
            room.iter().map(|(label, amount)| (label.to_owned(), amount.min(capacity.get(label)))).collect();
        for (label, amount) in limited {
            room.set(label, amount);
        }
    }

    /// Runs it to its end. The executor must work on the repository that it was prepared from, and be of the
    /// kind that ran it first; `Precondition` if it is not.
    pub async fn run(
        &self,
        executor: &dyn Executor,
        events: &(dyn Fn(ExecEvent) + Send + Sync),
        cancel: &CancelToken,
    ) -> Result<ExecReport, Error> {
        let wanted = &self.material.recipe.executor;
        if executor.name() != wanted {
            let message = format!("the executor {wanted} ran it, which is another than {}", executor.name());
            return Err(Error::new(Kind::Precondition, message));
        }
        executor.run(&self.request, events, cancel).await
    }

    /// The files in which a result differs from the recorded one; none if there is no recorded one.
    pub fn compare(&self, result: &Fileset) -> Option<Vec<FileChange>> {
        let mut changes = Vec::new();
        compare_filesets(self.recorded.as_ref()?, result, "", &mut changes);
        Some(changes)
    }
}

fn config(task: &TaskRecord, material: &Material) -> Result<ExecConfig, Error> {
    let recipe = &material.recipe;
    let arg = |place: ArgumentPlace| match place {
        ArgumentPlace::Output(number) => Ok(Arg::Output(number as usize)),
        ArgumentPlace::Input(number) => match material.inputs.get(number as usize) {
            Some(fileset) => Ok(Arg::Input(fileset.clone())),
            None => Err(Error::new(Kind::Integrity, format!("input {number} of the exec is not recorded"))),
        },
    };
    let needs = Qualified::parse(&recipe.program_image);
    Ok(ExecConfig {
        ident: task.ident.clone(),
        image: recipe.image.clone(),
        original_image: recipe.program_image.clone(),
        command: recipe.command.clone(),
        args: recipe.arguments.iter().map(|argument| arg(argument.place)).collect::<Result<_, _>>()?,
        outputs: recipe.outputs.clone(),
        resources: task.resources.clone(),
        need_aws_credentials: needs.needs_aws_credentials,
        need_docker_access: needs.needs_docker_access,
    })
}

fn unrecorded(task: &TaskRecord) -> Error {
    let message = format!("it is not recorded what {} {} was made from", task.kind.name(), task.id.short());
    Error::new(Kind::NotExist, message)
}

fn gone(task: &TaskRecord, missing: &[String]) -> Error {
    const SHOWN: usize = 5;
    let shown = missing[..missing.len().min(SHOWN)].join(", ");
    let more = if missing.len() > SHOWN { format!(" and {} more", missing.len() - SHOWN) } else { String::new() };
    let message = format!(
        "inputs of exec {} are not in the repository any more: {shown}{more}; a run that needs them makes them again",
        task.id.short()
    );
    Error::new(Kind::NotExist, message)
}
