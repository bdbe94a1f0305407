//! What of the sandbox this machine permits, found out by trying.

use std::path::Path;

use base::{Digest, Error, Kind};

use super::launch::Launched;
use super::{BASH, Level};
use crate::blocking::blocking;
use crate::executor::ExecId;
use crate::launcher::order::{Isolation, Layout, Order, Word};
use crate::scratch::Scratch;
use crate::site::Site;

/// The most that works, and a line about what does not.
pub(super) async fn permitted(site: &Site, launcher: &Path) -> Result<(Level, Option<String>), Error> {
    let mut refusal = match attempt(site, launcher, Level::Full).await? {
        Ok(()) => return Ok((Level::Full, None)),
        Err(refusal) => refusal,
    };
    if attempt(site, launcher, Level::SharedProcesses).await?.is_ok() {
        return Ok((Level::SharedProcesses, None));
    }
    match attempt(site, launcher, Level::Plain).await? {
        Ok(()) => {
            // One line: the reason may hold anything.
            refusal.retain(|character| !character.is_control());
            let notice =
                format!("commands run without isolation, since this machine permits no namespaces ({refusal})");
            Ok((Level::Plain, Some(notice)))
        }
        Err(refusal) => Err(Error::new(Kind::Unavailable, refusal).during("process executor")),
    }
}

/// Runs an empty command; the inner error is why it could not be started.
async fn attempt(site: &Site, launcher: &Path, level: Level) -> Result<Result<(), String>, Error> {
    let id = ExecId::new(Digest::of(format!("probe by process {}", std::process::id())));
    let execs = site.execs().to_owned();
    let scratch = blocking(move || {
        let scratch = Scratch::claim(&execs, id)?;
        scratch.prepare()?;
        Ok(scratch)
    })
    .await?;
    let layout =
        Layout { arg: scratch.arg(), output: scratch.output(), tmp: scratch.tmp(), processes: level == Level::Full };
    let order = Order {
        program: BASH.to_owned(),
        arguments: ["-c", ":"].map(str::to_owned).to_vec(),
        environment: Vec::new(),
        directory: "/".to_owned(),
        stdout: "/dev/null".into(),
        stderr: "/dev/null".into(),
        isolation: if level == Level::Plain { Isolation::Plain } else { Isolation::Namespaces(layout) },
        grace: 0,
    };
    let mut launched = Launched::new(launcher, &order).await?;
    loop {
        match launched.next().await? {
            Word::Started { .. } => {}
            Word::Ended(_) => {
                launched.gone().await?;
                return Ok(Ok(()));
            }
            Word::Failed { message } => {
                launched.gone().await?;
                return Ok(Err(message));
            }
        }
    }
}
