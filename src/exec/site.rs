//! The part of running a command that is the same for every executor: before it starts, a claimed
//! scratch folder with the inputs in it; when it has ended, its verdict, its outputs, its logs.
//!
//! Everything here blocks on files and belongs on a blocking thread.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base::config::ExecConfig;
use base::{Digest, Error};
use store::{FileRepository, Spares};

use crate::collect::{self, Helpers, Outputs};
use crate::executor::{Collected, ExecId, ExecRequest, LogFile};
use crate::launcher::order;
use crate::logs::{self, LogPaths};
use crate::scratch::Scratch;
use crate::stage::{self, Sharing};
use crate::template::{self, Places};
use crate::verdict::{self, Ending};

/// The folders of one state folder that executors work in, and the repository. Cheap to clone.
#[derive(Clone, Debug)]
pub(crate) struct Site(Arc<Folders>);

#[derive(Debug)]
struct Folders {
    execs: PathBuf,
    logs: PathBuf,
    home: Digest,
    repository: FileRepository,
    helpers: Helpers,
    spares: Spares,
}

/// What the command will see.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum View {
    /// `/arg` (read-only), `/return` and `/tmp`, made by the executor.
    Standard,
    /// The scratch folder where it is.
    Plain,
}

/// An exec in its scratch folder. Dropping it removes the folder.
#[derive(Debug)]
pub(crate) struct Work {
    site: Site,
    config: ExecConfig,
    id: ExecId,
    scratch: Scratch,
    places: Places,
    sharing: Sharing,
    command: String,
    logs: LogPaths,
}

/// What is left of an exec.
#[derive(Debug)]
pub(crate) struct Remains {
    /// The outputs or the command's failure.
    pub(crate) outcome: Result<Collected, Error>,
    /// Standard output.
    pub(crate) stdout: LogFile,
    /// Standard error.
    pub(crate) stderr: LogFile,
    /// The rendered command.
    pub(crate) script: PathBuf,
}

impl Site {
    /// Makes the folders `execs` and `logs` below `state`.
    pub(crate) fn open(state: &Path, repository: FileRepository) -> Result<Self, Error> {
        let make = |name: &str| -> Result<PathBuf, Error> {
            let folder = state.join(name);
            let made = fs::create_dir_all(&folder).and_then(|()| fs::canonicalize(&folder));
            made.map_err(|error| Error::from(error).during(format!("folder {}", folder.display())))
        };
        let (execs, logs) = (make("execs")?, make("logs")?);
        let home = Digest::of(execs.as_os_str().as_encoded_bytes());
        let spares = Scratch::spares(&execs);
        // A matter of tidiness; whatever is wrong will show when a folder is claimed.
        let _ = spares.remove_those_of_others();
        Ok(Self(Arc::new(Folders { execs, logs, home, repository, helpers: Helpers::new(), spares })))
    }

    /// The folder of scratch folders.
    pub(crate) fn execs(&self) -> &Path {
        &self.0.execs
    }

    /// The folders that commands are run with.
    pub(crate) fn folders(&self) -> order::Folders {
        order::Folders { execs: self.0.execs.clone(), logs: self.0.logs.clone() }
    }

    /// Stands for the state folder where a name of it is needed.
    pub(crate) fn home(&self) -> Digest {
        self.0.home
    }

    /// Removes the scratch folders that killed runs have left behind; returns whose they were.
    pub(crate) fn remove_leftovers(&self) -> Result<Vec<ExecId>, Error> {
        let mut removed = Vec::new();
        for id in Scratch::list(&self.0.execs)? {
            removed.extend(Scratch::claim_leftover(&self.0.execs, id)?.map(|_scratch| id));
        }
        Ok(removed)
    }

    /// Claims the scratch folder of an exec.
    pub(crate) fn claim(&self, id: ExecId) -> Result<Scratch, Error> {
        Scratch::claim_spare(&self.0.execs, id, &self.0.spares)
    }

    /// Renders the command for the claimed scratch folder. Nothing in the folder or among the logs changes
    /// before [`Work::prepare`].
    pub(crate) fn plan(&self, scratch: Scratch, request: &ExecRequest, view: View) -> Result<Work, Error> {
        let (places, sharing) = match view {
            View::Standard => (Places::standard(), Sharing::Linked),
            View::Plain => (plain_places(&scratch)?, Sharing::Copied),
        };
        let command = template::render(&request.config, &places)?;
        let logs = LogPaths::new(&self.0.logs, request.id);
        let (site, config, id) = (self.clone(), request.config.clone(), request.id);
        Ok(Work { site, config, id, scratch, places, sharing, command, logs })
    }
}

fn plain_places(scratch: &Scratch) -> Result<Places, Error> {
    let text = |path: PathBuf| -> Result<String, Error> {
        path.into_os_string().into_string().map_err(|path| {
            Error::new(base::Kind::Invalid, format!("the name of the state folder is not UTF-8: {path:?}"))
        })
    };
    Ok(Places { arg: text(scratch.arg())?, output: text(scratch.output())?, tmp: text(scratch.tmp())? })
}

/// A longer argument is refused by the kernel (`MAX_ARG_STRLEN` is 128 KiB); such a command is run
/// from a file.
const LONGEST_ARGUMENT: usize = 120 << 10;
/// The name of that file below the folder of inputs, which has only numbers otherwise.
const COMMAND_FILE: &str = "command";

impl Work {
    /// Empties the scratch folder, makes its subfolders and begins the logs.
    pub(crate) fn prepare(&self) -> Result<(), Error> {
        self.scratch.prepare()?;
        self.logs.begin(&self.command)
    }

    /// Puts the inputs into the prepared folder, and makes the folders of outputs.
    pub(crate) fn stage(&self) -> Result<(), Error> {
        stage::stage(&self.config, &self.site.0.repository, &self.scratch, self.sharing)
    }

    /// Has the scratch folder stay as it is, for a later run to go on with.
    pub(crate) fn leave(&self) {
        self.scratch.leave();
    }

    /// Gives the scratch folder up, for the next exec. Nothing that the command has started may live any more.
    pub(crate) fn spare(self) {
        self.scratch.spare(&self.site.0.spares);
    }

    /// The request's id.
    pub(crate) fn id(&self) -> ExecId {
        self.id
    }

    /// The request's configuration.
    pub(crate) fn config(&self) -> &ExecConfig {
        &self.config
    }

    /// The folders of the exec.
    pub(crate) fn scratch(&self) -> &Scratch {
        &self.scratch
    }

    /// The files of its logs.
    pub(crate) fn logs(&self) -> &LogPaths {
        &self.logs
    }

    /// The command as the shell gets it.
    pub(crate) fn command(&self) -> &str {
        &self.command
    }

    /// The environment common to all executors.
    pub(crate) fn environment(&self) -> Vec<(String, String)> {
        self.places.environment(&self.config)
    }

    /// Where the command finds its scratch room.
    pub(crate) fn places(&self) -> &Places {
        &self.places
    }

    /// The arguments of bash that run the command: errors, also within pipes, end it; with `login`, login files
    /// are read (runtime spec §6.3). `preamble` is put in front of the command, on its first line.
    pub(crate) fn bash_arguments(&self, login: bool, preamble: &str) -> Result<Vec<String>, Error> {
        let options: &[&str] = if login { &["-e", "-l", "-o", "pipefail"] } else { &["-e", "-o", "pipefail"] };
        let mut arguments: Vec<String> = options.iter().map(|option| (*option).to_owned()).collect();
        let command = format!("{preamble}{}", self.command);
        if command.len() <= LONGEST_ARGUMENT {
            arguments.extend(["-c".to_owned(), command]);
        } else {
            fs::write(self.scratch.arg().join(COMMAND_FILE), command)?;
            arguments.push(format!("{}/{COMMAND_FILE}", self.places.arg));
        }
        Ok(arguments)
    }

    /// The report of a command that could not be run at all.
    pub(crate) fn fail(&self, failure: Error) -> Remains {
        let (stdout, stderr) = self.logs.finish();
        Remains { outcome: Err(failure), stdout, stderr, script: self.logs.script.clone() }
    }

    /// Judges the end of the command and moves its outputs into the repository if it succeeded.
    pub(crate) fn finish(&self, ending: &Ending) -> Result<Remains, Error> {
        let (stdout, stderr) = self.logs.finish();
        let outcome = match verdict::verdict(ending, || logs::clues(&stdout, &stderr)) {
            Ok(()) => {
                let output = self.scratch.output();
                let outputs =
                    Outputs { folder: &output, seen_as: Path::new(&self.places.output), kinds: &self.config.outputs };
                collect::collect(outputs, &self.site.0.repository, &self.site.0.helpers)?
            }
            Err(failure) => Err(failure),
        };
        Ok(Remains { outcome, stdout, stderr, script: self.logs.script.clone() })
    }
}
