//! Trivial execs with the `docker` executor, beside `docker run` of the same command.

use crate::measure::{assert_executed, clean, measure, reflow_run, write_echoes};
use crate::peers;
use crate::table::Table;

const EXECS: u32 = 100;
/// The image that `tests/fixtures/images/make_images.sh` makes.
const IMAGE: &str = "reflow-test/gnu:1";

pub(crate) fn report(table: &mut Table) {
    table.family(&format!("{EXECS} trivial execs, docker executor, two at a time"));
    let Some(docker) = peers::find("docker") else { return table.note("docker", "absent") };
    let folder = tempfile::tempdir().unwrap();
    let docker = |arguments: &[&str]| {
        let mut command = clean(&docker, folder.path());
        command.args(arguments);
        if let Some(engine) = std::env::var_os("DOCKER_HOST") {
            command.env("DOCKER_HOST", engine);
        }
        command
    };
    if !docker(&["image", "inspect", IMAGE]).output().is_ok_and(|output| output.status.success()) {
        return table.note("docker", &format!("no engine answers, or it has no image {IMAGE}"));
    }
    let cores = std::thread::available_parallelism().unwrap().get();
    write_echoes(folder.path(), IMAGE, &format!("cpu := {:.1}", cores as f64 / 2.0), EXECS);
    let ours = measure(&mut reflow_run(folder.path(), "docker", "echoes.rf"));
    assert_executed(&ours, EXECS);
    // At once: engines need a tenth to a third of a second for each container, and the other half is yet to come.
    table.note("reflow", &format!("{:.2} s", ours.seconds()));
    let pairs = format!(
        "seq {EXECS} | xargs -P2 -I N docker run --rm --network=none {IMAGE} \
         /bin/bash -e -l -o pipefail -c 'echo N > /tmp/out'"
    );
    let mut shell = clean("/bin/sh", folder.path());
    if let Some(engine) = std::env::var_os("DOCKER_HOST") {
        shell.env("DOCKER_HOST", engine);
    }
    let theirs = measure(shell.args(["-c", &pairs]));
    table.note("docker run --rm", &format!("{:.2} s", theirs.seconds()));
    table.at_most("reflow against docker run", ours.seconds() / theirs.seconds(), "times", 0.8);
}
