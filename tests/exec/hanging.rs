//! Containers that the engine takes for running although nothing of them is left. No engine can be brought to that at
//! will: what it says of processes is changed on its way.

use std::io::{Read, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use base::Kind as Failure;
use exec::{CancelToken, DockerExecutor, DockerOptions, Endpoint, ExecReport, Executor as _};

use crate::bed::{Bed, Exec, Kind, RUNTIME, docker_options, text};
use crate::{Case, engine};

const DOCKER: &[Kind] = &[Kind::Docker];

pub(crate) const CASES: &[Case] = &[
    ("a_container_without_processes_is_removed", DOCKER, a_container_without_processes_is_removed),
    ("a_container_that_works_is_left_alone", DOCKER, a_container_that_works_is_left_alone),
];

/// A socket that leads to the engine, but answers so often itself which processes a container has: none.
struct Relay {
    socket: PathBuf,
    /// How often the engine was asked for processes.
    asked: Arc<AtomicUsize>,
}

impl Relay {
    fn start(folder: &Path, denials: usize) -> Self {
        let (socket, asked) = (folder.join("relay.sock"), Arc::new(AtomicUsize::new(0)));
        let listener = UnixListener::bind(&socket).expect("a socket");
        let counter = asked.clone();
        // It ends with the tests.
        std::thread::spawn(move || {
            for client in listener.incoming().flatten() {
                let server = UnixStream::connect(engine_socket()).expect("the engine");
                let (from, to) = (server.try_clone().expect("a socket"), client.try_clone().expect("a socket"));
                std::thread::spawn(move || copy(from, to, |_| None));
                let counter = counter.clone();
                std::thread::spawn(move || copy(client, server, |request| deny(request, &counter, denials)));
            }
        });
        Self { socket, asked }
    }
}

fn engine_socket() -> PathBuf {
    let host = std::env::var("DOCKER_HOST").unwrap_or_else(|_| "unix:///var/run/docker.sock".to_owned());
    host.strip_prefix("unix://").expect("an engine of this machine").into()
}

/// The answer to a question for processes, unless it is asked too often.
fn deny(request: &[u8], asked: &AtomicUsize, denials: usize) -> Option<Vec<u8>> {
    let line = request.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    if !line.starts_with("GET ") || !line.contains("/top") || asked.fetch_add(1, Ordering::Relaxed) >= denials {
        return None;
    }
    const BODY: &str = "{\"Titles\":[\"PID\"],\"Processes\":[]}";
    let head = format!("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n", BODY.len());
    Some((head + BODY).into_bytes())
}

/// Passes on what comes, or gives the answer to it.
fn copy(mut from: UnixStream, mut to: UnixStream, answer: impl Fn(&[u8]) -> Option<Vec<u8>>) {
    let mut buffer = [0; 65536];
    loop {
        let count = from.read(&mut buffer).unwrap_or(0);
        let done = match answer(&buffer[..count]) {
            Some(answer) => from.write_all(&answer),
            None => to.write_all(&buffer[..count]),
        };
        if count == 0 || done.is_err() {
            // The other direction may have something to say yet.
            let _ = to.shutdown(std::net::Shutdown::Write);
            return;
        }
    }
}

fn run(bed: &Bed, denials: usize, exec: &Exec) -> (Result<ExecReport, base::Error>, usize) {
    let relay = Relay::start(bed.state(), denials);
    let host = format!("unix://{}", relay.socket.display());
    let options = DockerOptions {
        endpoint: Endpoint::new(Some(&host)),
        hang_check: Duration::from_millis(200),
        ..docker_options(bed.state(), bed.repository.clone())
    };
    let executor = RUNTIME.block_on(DockerExecutor::connect(options)).expect("the engine answers");
    let result = RUNTIME.block_on(executor.run(&exec.request(), &|_| {}, &CancelToken::never()));
    RUNTIME.block_on(executor.settle());
    (result, relay.asked.load(Ordering::Relaxed))
}

fn a_container_without_processes_is_removed(bed: &Bed) {
    let exec = Exec::new("sleep 86397");
    let (result, asked) = run(bed, usize::MAX, &exec);
    let error = result.expect_err("it hangs");
    assert_eq!((error.kind(), asked), (Failure::Temporary, 2), "{error}");
    assert!(error.message().contains("hung"), "{error}");
    let label = format!("label=reflow-id={}", exec.id.hex());
    assert_eq!(engine::docker(&["ps", "-aq", "--filter", &label]), "");
}

/// One look that finds no process does not count.
fn a_container_that_works_is_left_alone(bed: &Bed) {
    let (result, asked) = run(bed, 1, &Exec::new("for i in 1 2 3; do sleep 0.5; echo $i; done"));
    let report = result.expect("the machinery works");
    report.outcome.expect("it succeeds");
    assert_eq!(text(&report.stdout), "1\n2\n3\n");
    assert!(asked > 3, "{asked}");
}
