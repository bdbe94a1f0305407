//! Runs commands with the programs of this machine, kept apart from it by Linux namespaces.
//!
//! The image of an exec is not looked at. The command finds `/arg`, `/return` and `/tmp` as in a
//! container, and this machine's folders read-only around them; its environment holds nothing of the
//! user's but `PATH`. Where the kernel permits no namespaces the command gets plain paths instead.

mod launch;
mod login;
mod probe;
mod tree;

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use async_trait::async_trait;
use base::profile::{CPU, MEM, Profile};
use base::{Digest, Error, Kind, Resources};
use futures_util::StreamExt;
use rustix::process::{Pid, Signal};
use store::FileRepository;
use tokio::sync::OnceCell;
use tokio::time::{Instant, MissedTickBehavior, interval_at, sleep_until};

use crate::blocking::blocking;
use crate::cancel::CancelToken;
use crate::credentials::{self, Credentials};
use crate::executor::{ExecEvent, ExecReport, ExecRequest, Executor, Leftovers, Pull, Transferred, Usage};
use crate::gauges::{Board, SAMPLING, Sizes, UNSAMPLED};
use crate::launcher::order::{Ended, Level, Order, Word};
use crate::machine::{self, KernelLog, Kills};
use crate::scratch::Scratch;
use crate::site::{Site, View, Work};
use crate::verdict::{Ending, tell_log_failure};
use launch::{Launched, Launcher};
use login::Login;
use probe::Permitted;
use tree::{Load, Tree};

/// What a [`ProcessExecutor`] is made of.
pub struct ProcessOptions {
    /// The state folder; scratch folders and logs are below it.
    pub state: PathBuf,
    /// Where inputs come from and outputs go.
    pub repository: FileRepository,
    /// A program whose `main` begins with [`crate::launcher::run_if_asked`]; `/proc/self/exe` is this one.
    pub launcher: PathBuf,
    /// Value of `PATH` for commands.
    pub path: String,
    /// For commands that ask for cloud credentials.
    pub credentials: Option<Arc<dyn Credentials>>,
}

/// The `process` executor.
pub struct ProcessExecutor {
    site: Site,
    /// The program that launchers are.
    program: PathBuf,
    launcher: Mutex<Arc<Launcher>>,
    path: String,
    credentials: Option<Arc<dyn Credentials>>,
    level: Level,
    /// Found out for the first command.
    login: OnceCell<Login>,
    notice: Option<String>,
    capacity: Resources,
}

/// The shell of every command.
const BASH: &str = "/bin/bash";
/// The variable that names it.
const SHELL: &str = "SHELL";
/// How long a command may take to end itself when it is asked to stop.
const GRACE: Duration = Duration::from_secs(2);
/// How long its minder may then take to end it.
const ENDING: Duration = Duration::from_secs(3);

impl ProcessExecutor {
    /// Finds out what this machine permits by running an empty command. `Unavailable` if not even that
    /// is possible.
    pub async fn open(options: ProcessOptions) -> Result<Self, Error> {
        let ProcessOptions { state, repository, launcher, path, credentials } = options;
        let (site, capacity) = blocking(move || {
            let site = Site::open(&state, repository)?;
            let capacity = machine::capacity(site.execs())?;
            Ok((site, capacity))
        })
        .await?;
        let Permitted { level, notice, launcher: first } = probe::permitted(&site, &launcher).await?;
        let (program, launcher) = (launcher, Mutex::new(Arc::new(first)));
        let login = OnceCell::new();
        Ok(Self { site, program, launcher, path, credentials, level, login, notice, capacity })
    }

    /// What every command of this machine has in its environment besides what its exec gives it.
    fn environment(&self) -> [(String, String); 3] {
        // A command and everything it starts would load eleven more files if the first were LANG, all of which say
        // what is so without a locale. Without the last each shell would look its user up to find it out.
        let variables = [("LC_CTYPE", "C.UTF-8"), ("PATH", &self.path), (SHELL, BASH)];
        variables.map(|(name, value)| (name.into(), value.into()))
    }

    /// How commands come by what login files give.
    async fn login(&self, work: &Work) -> Result<&Login, Error> {
        let find_out = || async {
            if self.level == Level::Plain {
                // The files may make something of paths that differ from command to command.
                return Ok(Login::Each);
            }
            let environment = work.places().common_environment().into_iter().chain(self.environment());
            login::find_out(&self.site, environment.collect(), |order| async move { self.launch(&order, None).await })
                .await
        };
        self.login.get_or_try_init(find_out).await
    }

    fn order(&self, work: &Work, login: &Login, credentials: Vec<(String, String)>) -> Result<Order, Error> {
        let mut environment = work.environment();
        environment.extend(self.environment());
        if let Login::Exported(variables) = login {
            environment.extend(variables.iter().cloned());
        }
        environment.extend(credentials);
        Ok(Order {
            program: BASH.to_owned(),
            arguments: work.bash_arguments(*login == Login::Each, &self.preamble(login))?,
            environment,
            // What a command leaves in its working directory goes with its scratch room.
            directory: work.places().tmp.clone(),
            stdout: work.logs().stdout.clone(),
            stderr: work.logs().stderr.clone(),
            scratch: work.scratch().name(),
            grace: u64::try_from(GRACE.as_millis()).unwrap_or(u64::MAX),
        })
    }

    /// What a shell does before the command.
    fn preamble(&self, login: &Login) -> String {
        // For itself it would have found out without being told.
        let own = format!("export -n {SHELL}; ");
        match login {
            // The login files of many systems set PATH anew, without the user's tools.
            Login::Each => format!("{own}export PATH={}; ", quoted(&self.path)),
            Login::Exported(_) => own,
        }
    }

    async fn begin(&self, request: &ExecRequest) -> Result<Work, Error> {
        let (site, request) = (self.site.clone(), request.clone());
        let view = if self.level == Level::Plain { View::Plain } else { View::Standard };
        blocking(move || {
            let work = site.plan(site.claim(request.id)?, &request, view)?;
            work.prepare()?;
            work.stage()?;
            Ok(work)
        })
        .await
    }

    fn launcher(&self) -> Arc<Launcher> {
        self.launcher.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Has the command started, by a new launcher if the one there was is gone.
    async fn launch(&self, order: &Order, folder: Option<u64>) -> Result<Launched, Error> {
        let launcher = self.launcher();
        if let Some(launched) = launcher.launch(order, folder).await? {
            return Ok(launched);
        }
        let launcher = {
            let mut current = self.launcher.lock().unwrap_or_else(PoisonError::into_inner);
            if Arc::ptr_eq(&current, &launcher) {
                *current = Arc::new(Launcher::start(&self.program, self.level, &self.site.folders())?);
            }
            current.clone()
        };
        let again = launcher.launch(order, folder).await?;
        again.ok_or_else(|| Error::new(Kind::Unavailable, "the launcher of commands ends as soon as it is started"))
    }

    /// Has the command started and brings it to its end.
    async fn watch(
        &self,
        order: &Order,
        work: &Work,
        events: &(dyn Fn(ExecEvent) + Send + Sync),
        cancel: &CancelToken,
    ) -> Result<Watched, Error> {
        let mut launched = self.launch(order, work.scratch().number()).await?;
        let mut board = Board::new(Profile::default());
        let (mut minder, mut tree) = (None, None);
        let mut sampling = interval_at(Instant::now() + UNSAMPLED, SAMPLING);
        sampling.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut sizes = Sizes::now_and_then(work.scratch());
        let mut started = None;
        let (mut asked, mut patient_until) = (false, Instant::now());
        loop {
            tokio::select! {
                word = launched.next() => match word.map_err(|error| if asked { canceled() } else { error })? {
                    Word::Started { at, pid } => {
                        started = Some(at);
                        (minder, tree) = (pid, pid.map(Tree::new));
                        events(ExecEvent::Started { pid, container: None });
                    }
                    Word::Ended(_) if asked => return Err(canceled()),
                    Word::Ended(ended) => {
                        let started = started.unwrap_or(ended.at);
                        return Ok(Watched { started, ended, board, tree, minder: launched });
                    }
                    Word::Failed { message } => {
                        return Err(Error::new(Kind::Other, message).during("starting the command"));
                    }
                },
                _ = sampling.tick() => {
                    if let Some(load) = look(&mut tree).await {
                        if let Some(cores) = load.cores {
                            board.note(CPU, cores);
                        }
                        board.note(MEM, load.memory);
                        board.note_machine();
                        board.tell(events);
                    }
                }
                Some(sizes) = sizes.next() => board.note_sizes(sizes),
                () = cancel.canceled(), if !asked => {
                    (asked, patient_until) = (true, Instant::now() + GRACE + ENDING);
                    launched.stop().await;
                }
                () = sleep_until(patient_until), if asked => {
                    patient_until += ENDING;
                    kill(minder);
                }
            }
        }
    }
}

#[async_trait]
impl Executor for ProcessExecutor {
    fn name(&self) -> &'static str {
        "process"
    }

    /// Commands with namespaces see other paths than those without, hence the two salts.
    fn salt(&self) -> Option<Digest> {
        Some(Digest::of(match self.level {
            Level::Full | Level::SharedProcesses => "reflow process executor: namespaces",
            Level::Plain => "reflow process executor: plain",
        }))
    }

    fn capacity(&self) -> Resources {
        self.capacity.clone()
    }

    fn notice(&self) -> Option<String> {
        self.notice.clone()
    }

    async fn resolve_image(&self, image: &str, _pulls: &(dyn Fn(Pull) + Send + Sync)) -> Result<String, Error> {
        Ok(image.to_owned())
    }

    /// Commands end with their reflow: only folders are left of them.
    async fn remove_leftovers(&self) -> Result<Leftovers, Error> {
        let site = self.site.clone();
        let removed = blocking(move || site.remove_leftovers()).await?;
        Ok(Leftovers { removed, kept: Vec::new() })
    }

    async fn run(
        &self,
        request: &ExecRequest,
        events: &(dyn Fn(ExecEvent) + Send + Sync),
        cancel: &CancelToken,
    ) -> Result<ExecReport, Error> {
        if cancel.is_canceled() {
            return Err(canceled());
        }
        let credentials = credentials::wanted(&request.config, self.credentials.as_deref()).await?;
        let work = self.begin(request).await?;
        events(ExecEvent::Staged);
        let order = self.order(&work, self.login(&work).await?, credentials)?;
        let kills = Kills::since_now();
        let Watched { started, ended, mut board, tree, minder } = self.watch(&order, &work, events, cancel).await?;
        events(ExecEvent::Exited { status: ended.status });
        if !board.profile().is_empty()
            && let Some(sizes) = Sizes::measure(work.scratch()).await
        {
            board.note_sizes(sizes);
        }

        let out_of_memory = is_out_of_memory(kills, started, &ended, tree).await?.then(|| "kernel".to_owned());
        let ending = Ending { status: ended.status, out_of_memory, least_available: board.least_available() };
        let mut remains = blocking(move || {
            let remains = work.finish(&ending)?;
            work.spare();
            Ok(remains)
        })
        .await?;
        self.launcher().rest(minder, &ended);
        tell_log_failure(&mut remains.outcome, ended.log_failure);
        Ok(ExecReport {
            outcome: remains.outcome,
            usage: Usage {
                wall: Duration::from_nanos(ended.at.saturating_sub(started)),
                cpu: ended.cpu,
                max_memory: ended.max_memory.max(board.max(MEM) as u64),
                io: Some(Transferred { read: ended.read, written: ended.written }),
            },
            profile: board.profile().clone(),
            status: Some(ended.status),
            stdout: remains.stdout,
            stderr: remains.stderr,
            script: remains.script,
            started: time(started),
            ended: time(ended.at),
        })
    }
}

/// The order to run a shell for its own sake, not for an exec.
fn silent(arguments: &[&str], environment: Vec<(String, String)>, scratch: &Scratch) -> Order {
    Order {
        program: BASH.to_owned(),
        arguments: arguments.iter().map(|argument| (*argument).to_owned()).collect(),
        environment,
        directory: "/".to_owned(),
        stdout: "/dev/null".into(),
        stderr: "/dev/null".into(),
        scratch: scratch.name(),
        grace: 0,
    }
}

/// A command that was watched to its end.
struct Watched {
    /// Nanoseconds since the Unix epoch.
    started: u64,
    ended: Ended,
    board: Board,
    tree: Option<Tree>,
    minder: Launched,
}

/// Whether the kernel has killed something of the command for lack of memory: it names a process that was seen, or
/// has killed something of ours while a kill ended the command.
async fn is_out_of_memory(kills: Kills, started: u64, ended: &Ended, tree: Option<Tree>) -> Result<bool, Error> {
    if ended.status == 0 || !kills.may_be() {
        return Ok(false);
    }
    let (start, end, is_killed) = (time(started), time(ended.at), ended.status == 137);
    blocking(move || {
        let Some(log) = KernelLog::read() else { return Ok(is_killed && kills.any()) };
        let victims = log.victims(start, end);
        Ok(is_killed && !victims.is_empty() || tree.is_some_and(|tree| tree.has_any(&victims)))
    })
    .await
}

/// Kills a minder that does not answer, as one that was stopped by a signal. What it minds ends with it, or is ended by
/// the launcher. It is there still: its end would have shown.
fn kill(minder: Option<u32>) {
    if let Some(minder) = minder.and_then(|minder| Pid::from_raw(i32::try_from(minder).ok()?)) {
        let _ = rustix::process::kill_process(minder, Signal::KILL);
    }
}

/// Looks at the processes of a command.
async fn look(tree: &mut Option<Tree>) -> Option<Load> {
    let mut looking = tree.take()?;
    let (load, looked) = blocking(move || Ok((looking.look(), looking))).await.ok()?;
    *tree = Some(looked);
    load
}

fn time(nanoseconds: u64) -> SystemTime {
    UNIX_EPOCH + Duration::from_nanos(nanoseconds)
}

fn canceled() -> Error {
    Error::new(Kind::Canceled, "the exec was stopped")
}

/// `text` as one word of a shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_of_a_shell_holds_any_text() {
        assert_eq!(quoted("/a b:/c"), "'/a b:/c'");
        assert_eq!(quoted("it's"), r"'it'\''s'");
    }
}
