//! What is noted of an exec so that another process can take over its container (runtime spec §6.9).
//!
//! A small file in the exec's scratch folder, written before the command is started and now and then while it
//! works. It serves as long as the machine runs, so that it is renamed into place but not synced: after a
//! restart of the machine neither the container nor what it wrote last can be relied upon, which the number
//! of the boot tells.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::time::{Duration, SystemTime};

use base::digest::DigestWriter;
use base::profile::Profile;
use base::{Digest, Error};
use serde::{Deserialize, Serialize};

use crate::scratch::Scratch;
use crate::site::Work;

/// Another format gets another number; what is not understood is not taken over.
const VERSION: u32 = 1;

/// The note of one exec.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Manifest {
    version: u32,
    /// The machine's boot.
    boot: String,
    /// What is run; another command of the same exec must not be answered by this one.
    plan: Digest,
    /// The engine's id of the container.
    pub(super) container: String,
    /// The exec's label for people.
    pub(super) ident: String,
    /// What was sampled so far.
    pub(super) profile: Profile,
}

impl Manifest {
    /// The note of a container that was made for `work`.
    pub(super) fn new(work: &Work, container: String) -> Self {
        let ident = work.config().ident.clone();
        Self { version: VERSION, boot: boot(), plan: plan(work), container, ident, profile: Profile::default() }
    }

    /// The note of a killed run, if it is whole, of this boot and of this format.
    pub(super) fn read(scratch: &Scratch) -> Option<Self> {
        let bytes = fs::read(scratch.manifest()).ok()?;
        let manifest: Self = serde_json::from_slice(&bytes).ok()?;
        (manifest.version == VERSION && !manifest.boot.is_empty() && manifest.boot == boot()).then_some(manifest)
    }

    /// Whether this is what `work` is to run.
    pub(super) fn is_for(&self, work: &Work) -> bool {
        self.plan == plan(work)
    }

    /// Takes the note away for good: before outputs are moved out, since what is left of them would look whole.
    pub(super) fn forget(work: &Work) -> Result<(), Error> {
        match fs::remove_file(work.scratch().manifest()) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                Err(Error::from(error).during("forgetting a container"))
            }
            _ => Ok(()),
        }
    }

    /// Puts the note in the place of the one before.
    pub(super) fn write(&self, place: &Path) -> Result<(), Error> {
        let write = || -> std::io::Result<()> {
            let next = place.with_extension("json.next");
            fs::write(&next, serde_json::to_vec(self)?)?;
            fs::rename(next, place)
        };
        write().map_err(|error| Error::from(error).during(format!("manifest {}", place.display())))
    }
}

/// How long ago somebody was last in charge of the exec.
pub(super) fn age(scratch: &Scratch) -> Duration {
    let modified = fs::metadata(scratch.manifest()).and_then(|metadata| metadata.modified());
    modified.ok().and_then(|time| SystemTime::now().duration_since(time).ok()).unwrap_or_default()
}

/// All that the command depends on besides the inputs, for which the exec's id stands.
fn plan(work: &Work) -> Digest {
    let config = work.config();
    let mut plan = DigestWriter::new();
    for text in [&config.image, work.command()] {
        plan.length(text.len()).bytes(text);
    }
    plan.int(i64::from(config.need_aws_credentials)).int(i64::from(config.need_docker_access));
    for kind in &config.outputs {
        plan.int(*kind as i64);
    }
    plan.finish()
}

/// The machine's boot; empty where the kernel does not tell, and nothing is taken over.
fn boot() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap_or_default().trim().to_owned()
}
