//! What of the sandbox this machine permits, found out by trying.

use std::path::Path;

use base::{Error, Kind};

use super::launch::Launcher;
use super::silent;
use crate::blocking::blocking;
use crate::launcher::order::Level;
use crate::scratch::Scratch;
use crate::site::Site;

/// The most that works.
pub(super) struct Permitted {
    pub(super) level: Level,
    /// A line about what does not.
    pub(super) notice: Option<String>,
    /// One that works at this level.
    pub(super) launcher: Launcher,
}

/// Finds the most that works.
pub(super) async fn permitted(site: &Site, program: &Path) -> Result<Permitted, Error> {
    let mut refusal = match attempt(site, program, Level::Full).await? {
        Ok(launcher) => return Ok(Permitted { level: Level::Full, notice: None, launcher }),
        Err(refusal) => refusal,
    };
    if let Ok(launcher) = attempt(site, program, Level::SharedProcesses).await? {
        return Ok(Permitted { level: Level::SharedProcesses, notice: None, launcher });
    }
    match attempt(site, program, Level::Plain).await? {
        Ok(launcher) => {
            // One line: the reason may hold anything.
            refusal.retain(|character| !character.is_control());
            let notice =
                format!("commands run without isolation, since this machine permits no namespaces ({refusal})");
            Ok(Permitted { level: Level::Plain, notice: Some(notice), launcher })
        }
        Err(refusal) => Err(Error::new(Kind::Unavailable, refusal).during("process executor")),
    }
}

/// Runs an empty command; the inner error is why it could not be started.
async fn attempt(site: &Site, program: &Path, level: Level) -> Result<Result<Launcher, String>, Error> {
    let execs = site.execs().to_owned();
    let scratch = blocking(move || Scratch::claim_for(&execs, "trial")).await?;
    let order = silent(&["-c", ":"], Vec::new(), &scratch);
    let launcher = Launcher::start(program, level, &site.folders())?;
    let Some(mut launched) = launcher.launch(&order, None).await? else {
        return Ok(Err("the launcher ended at once".to_owned()));
    };
    Ok(launched.end().await?.map(|_| launcher))
}
