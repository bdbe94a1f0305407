//! What an exec costs: many trivial ones, two at a time, and what others take for the same command. Run with
//! `--ignored` (and `--release`).

use std::time::{Duration, Instant};

use libtest_mimic::Trial;

use crate::bed::{Bed, Exec, Kind, RUNTIME};
use crate::engine;

const COUNT: usize = 200;
const AT_ONCE: usize = 2;

/// One trial for each executor, ignored unless asked for.
pub(crate) fn trials(docker: bool) -> Vec<Trial> {
    let kinds = if docker { vec![Kind::Process, Kind::Docker] } else { vec![Kind::Process] };
    let trial = |kind: Kind| {
        Trial::test(format!("measure::trivial_execs::{}", kind.name()), move || {
            measure(kind);
            Ok(())
        })
    };
    let mut trials: Vec<Trial> = kinds.into_iter().map(trial).collect();
    if docker {
        trials.push(Trial::test("measure::beside_docker_run", || {
            beside_docker_run();
            Ok(())
        }));
    }
    trials.into_iter().map(|trial| trial.with_ignored_flag(true)).collect()
}

/// The part of the time of `docker run --rm` that execs may take.
const PART: f64 = 0.8;

/// The wall time of 100 execs, in the pairs that a scheduler would make of them, beside that of as many
/// `docker run --rm` of the same command. The last removal counts.
fn beside_docker_run() {
    const COMMAND: &str = "echo hello > /tmp/out";
    let bed = Bed::new(Kind::Docker);
    let shell = ["/bin/bash", "-e", "-l", "-o", "pipefail", "-c", COMMAND];
    let docker = |network: &str| {
        let options = ["run", "--rm", "--network", network, engine::GNU];
        engine::docker(&[&options[..], &shell[..]].concat())
    };
    let exec = || bed.collect(&Exec::new("echo hello > %s").file_output());
    docker("bridge");
    exec();
    let begin = Instant::now();
    in_pairs(COUNT / 2, || drop(exec()));
    RUNTIME.block_on(bed.executor.settle());
    let own = begin.elapsed().as_secs_f64();
    for network in ["bridge", "host"] {
        let begin = Instant::now();
        in_pairs(COUNT / 2, || drop(docker(network)));
        let theirs = begin.elapsed().as_secs_f64();
        let part = own / theirs;
        println!("{} execs {own:.1} s, docker run --rm --network {network} {theirs:.1} s: {part:.2}", COUNT / 2);
        assert!(part <= PART || network == "host", "{part}");
    }
}

fn measure(kind: Kind) {
    let bed = Bed::new(kind);
    let exec = || Exec::new("echo hello > %s").file_output();
    bed.collect(&exec());

    let bare = || {
        let mut command = std::process::Command::new("/bin/bash");
        command.args(["-e", "-l", "-o", "pipefail", "-c", "echo hello > /dev/null"]).env_clear().env("HOME", "/tmp");
        assert!(command.status().expect("bash runs").success());
    };
    let (bare_wall, bare_cpu) = timed(bare);
    let (wall, cpu) = timed(|| drop(bed.collect(&exec())));
    let milliseconds = |time: Duration| time.as_secs_f64() * 1e3;
    println!(
        "{}: {COUNT} execs, {AT_ONCE} at a time: wall {:.2} ms each (bare shell {:.2}), cpu {:.2} ms each (bare shell {:.2})",
        kind.name(),
        milliseconds(wall),
        milliseconds(bare_wall),
        milliseconds(cpu),
        milliseconds(bare_cpu),
    );
}

/// Mean time from start to end of one, and mean processor time of this process and its children.
fn timed(work: impl Fn() + Sync) -> (Duration, Duration) {
    let wall = std::sync::Mutex::new(Duration::ZERO);
    let before = cpu();
    in_pairs(COUNT, || {
        let start = Instant::now();
        work();
        *wall.lock().expect("a lock") += start.elapsed();
    });
    let count = u32::try_from(COUNT).expect("small");
    (wall.into_inner().expect("a lock") / count, (cpu() - before) / count)
}

/// Does something so often, two at a time.
fn in_pairs(count: usize, work: impl Fn() + Sync) {
    let next = std::sync::atomic::AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while next.fetch_add(1, std::sync::atomic::Ordering::Relaxed) < count {
                    work();
                }
            });
        }
    });
}

/// Processor time of this process and of its children that have ended, in ticks of 10 ms.
fn cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("a stat");
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks: u64 = fields[11..15].iter().map(|field| field.parse::<u64>().expect("ticks")).sum();
    Duration::from_millis(ticks * 10)
}
