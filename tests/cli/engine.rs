//! A Docker engine for tests that need one.
//!
//! `REFLOW_TEST_DOCKER=off` leaves them out; with `required`, an engine that cannot be had is a failure.
//! Otherwise such a test says why it is skipped.

use std::path::Path;
use std::process::Command;

use crate::bed::{Bed, repository};

/// An image with bash and the GNU userland.
pub(crate) const GNU: &str = "reflow-test/gnu:1";

/// Starts the engine if none answers. `false` if there is none to be had, which has been said.
pub(crate) fn is_ready() -> bool {
    let wish = std::env::var("REFLOW_TEST_DOCKER").unwrap_or_default();
    let started = match wish.as_str() {
        "off" => Err("REFLOW_TEST_DOCKER is off".to_owned()),
        _ => script("tests/fixtures/images/start_engine.sh", &[]),
    };
    match started {
        Ok(()) => true,
        Err(reason) => {
            assert_ne!(wish, "required", "{reason}");
            eprintln!("skipped: there is no Docker engine: {reason}");
            false
        }
    }
}

/// Makes the image with bash.
pub(crate) fn make_gnu() {
    script("tests/fixtures/images/make_images.sh", &[GNU]).unwrap();
}

/// Makes the image of the example variants.
pub(crate) fn make_variants() {
    script("examples/variants/build-image.sh", &[]).unwrap();
}

fn script(path: &str, words: &[&str]) -> Result<(), String> {
    let path: &Path = &repository().join(path);
    let output = Command::new(path).args(words).output().map_err(|error| format!("{}: {error}", path.display()))?;
    match output.status.success() {
        true => Ok(()),
        false => Err(format!("{}: {}", path.display(), String::from_utf8_lossy(&output.stderr).trim())),
    }
}

/// Lets a command of a bed reach the engine.
pub(crate) fn use_real(command: &mut Command) {
    match std::env::var_os("DOCKER_HOST") {
        Some(host) => command.env("DOCKER_HOST", host),
        None => command.env_remove("DOCKER_HOST"),
    };
}

/// Containers that have a folder of the bed mounted, as far as they run.
pub(crate) fn containers_of(bed: &Bed) -> Vec<String> {
    let words = ["ps", "--no-trunc", "--format", "{{.ID}} {{.Mounts}}"];
    let output = Command::new("docker").args(words).output().unwrap();
    assert!(output.status.success(), "docker ps: {}", String::from_utf8_lossy(&output.stderr));
    let root = bed.root().to_string_lossy().into_owned();
    String::from_utf8_lossy(&output.stdout).lines().filter(|line| line.contains(&root)).map(str::to_owned).collect()
}
