//! Runs in containers, as far as the command line is concerned.

use crate::bed::{Bed, Ended, ended};
use crate::engine;

const PROGRAM: &str = r#"
param image string
val Main = exec(image, mem := 64*MiB) (out file) {" cat /etc/os-release > /dev/null; echo hello > {{out}} "}
"#;

fn run(bed: &Bed, words: &[&str]) -> Ended {
    let mut command = bed.reflow(words);
    engine::use_real(&mut command);
    ended(command.output().unwrap())
}

#[test]
fn a_missing_image_is_one_clear_message() {
    if !engine::is_ready() {
        return;
    }
    let bed = Bed::new();
    bed.write("main.rf", PROGRAM);
    // Nobody listens there, so that no network is asked.
    let image = "127.0.0.1:1/reflow-test/nosuch:1";
    let ended = run(&bed, &["run", "-json", "-executor=docker", "main.rf", "-image", image]);
    assert_eq!(ended.code, Some(1), "{}", ended.stderr);
    assert!(ended.stderr.contains(&format!("the image {image} is not on this machine")), "{}", ended.stderr);
    assert!(ended.stdout.contains("\"executed\":0") && ended.stdout.contains("\"failed\":1"), "{}", ended.stdout);
    assert_eq!(engine::containers_of(&bed), [""; 0]);
}

#[test]
fn auto_takes_the_engine_that_answers_and_says_so() {
    if !engine::is_ready() {
        return;
    }
    engine::make_gnu();
    let bed = Bed::new();
    bed.write("main.rf", PROGRAM);
    let first = run(&bed, &["run", "-json", "main.rf", "-image", engine::GNU]);
    assert_eq!(first.code, Some(0), "{}", first.stderr);
    assert!(first.stderr.contains("with configuration: executor docker"), "{}", first.stderr);
    assert!(first.stdout.starts_with("5891b5b5\n"), "{}", first.stdout);
    let again = run(&bed, &["run", "-json", "main.rf", "-image", engine::GNU]);
    assert!(again.stdout.contains("\"executed\":0,\"cached\":1"), "{}", again.stdout);
    // What a container did is not taken for what this machine's programs do, and the other way round.
    let process = run(&bed, &["run", "-json", "-executor=process", "main.rf", "-image", engine::GNU]);
    assert!(process.stdout.contains("\"executed\":1"), "{}", process.stdout);
}
