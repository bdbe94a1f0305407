//! A Docker engine with test images in it.

use std::path::Path;
use std::process::Command;

/// An image with bash and the GNU userland.
pub(crate) const GNU: &str = "reflow-test/gnu:1";
/// An image without bash.
pub(crate) const BUSYBOX: &str = "reflow-test/busybox:1";

/// Starts the engine if none answers, and makes the images.
pub(crate) fn prepare() -> Result<(), String> {
    if std::env::var("REFLOW_TEST_DOCKER").is_ok_and(|value| value == "off") {
        return Err("REFLOW_TEST_DOCKER is off".to_owned());
    }
    script("start_engine.sh", &[])?;
    script("make_images.sh", &[GNU, BUSYBOX])
}

fn script(name: &str, arguments: &[&str]) -> Result<(), String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/images").join(name);
    let output = Command::new(&path).args(arguments).output().map_err(|error| format!("{name}: {error}"))?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!("{name}: {}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim()))
}

/// What a `docker` command prints.
pub(crate) fn docker(arguments: &[&str]) -> String {
    let output = Command::new("docker").args(arguments).output().expect("docker runs");
    assert!(output.status.success(), "docker {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("docker prints UTF-8").trim().to_owned()
}
