//! A shell in a running container.

use std::time::Duration;

use base::{Error, Kind};
use bollard::Docker;
use bollard::container::LogOutput;
use bollard::exec::{StartExecOptions, StartExecResults};
use bollard::models::ExecConfig;
use bollard::query_parameters::ResizeExecOptionsBuilder;
use futures_util::StreamExt;
use tokio::io::AsyncWriteExt;

use super::Endpoint;
use super::failure::{machinery, status};
use crate::shell::{DETACH_KEYS, Ends, Size};

/// Runs `/bin/bash` in a container until it ends, or is left to itself.
pub(crate) async fn run(endpoint: &Endpoint, container: &str, ends: Ends<'_>) -> Result<(), Error> {
    let docker = endpoint.connect().await?;
    let Ends { input: mut typed, output: say, mut sizes } = ends;
    let has_terminal = sizes.is_some();
    let first = if has_terminal { Some(next(&mut sizes).await) } else { None };
    let options = ExecConfig {
        // Old engines do not look at it.
        console_size: first.map(|(columns, rows)| vec![rows.into(), columns.into()]),
        attach_stdin: Some(true),
        attach_stdout: Some(true),
        attach_stderr: Some(true),
        tty: Some(has_terminal),
        detach_keys: Some(DETACH_KEYS.to_owned()),
        env: has_terminal.then(|| vec![format!("TERM={}", std::env::var("TERM").unwrap_or_default())]),
        cmd: Some(vec!["/bin/bash".to_owned()]),
        ..ExecConfig::default()
    };
    let created = docker.create_exec(container, options).await.map_err(|error| match status(&error) {
        // Not there, or not running.
        Some(404 | 409) => Error::new(Kind::NotExist, "the command does not run any more"),
        _ => machinery("new shell", &error),
    })?;
    let options = StartExecOptions { tty: has_terminal, ..StartExecOptions::default() };
    let started = docker.start_exec(&created.id, Some(options)).await.map_err(|error| machinery("shell", &error))?;
    let StartExecResults::Attached { mut output, mut input } = started else {
        return Err(Error::new(Kind::Fatal, "the Docker engine did not connect the shell"));
    };
    if let Some(size) = first {
        resize(&docker, &created.id, size).await;
    }
    let mut typing = true;
    loop {
        tokio::select! {
            said = output.next() => match said {
                Some(Ok(LogOutput::StdErr { message })) => say(&message, true),
                Some(Ok(said)) => say(&said.into_bytes(), false),
                Some(Err(error)) => return Err(machinery("shell", &error)),
                None => return Ok(()),
            },
            bytes = typed.recv(), if typing => {
                // A shell that has ended takes no more; its last words are still to come.
                typing = match bytes {
                    Some(bytes) => input.write_all(&bytes).await.is_ok() && input.flush().await.is_ok(),
                    None => {
                        let _ = input.shutdown().await;
                        false
                    }
                };
            }
            size = next(&mut sizes) => resize(&docker, &created.id, size).await,
        }
    }
}

/// The next size of the terminal; waits for ever if there is none.
async fn next(sizes: &mut Option<tokio::sync::mpsc::Receiver<Size>>) -> Size {
    if let Some(receiver) = sizes
        && let Some(size) = receiver.recv().await
    {
        return size;
    }
    std::future::pending().await
}

/// How often a shell that has been started is found not to run yet, and the pause before another look.
const TRIES: usize = 20;
const PAUSE: Duration = Duration::from_millis(25);

/// A terminal of the wrong size is a nuisance, not a failure.
async fn resize(docker: &Docker, shell: &str, (columns, rows): Size) {
    for _ in 0..TRIES {
        let options = ResizeExecOptionsBuilder::default().w(i32::from(columns)).h(i32::from(rows)).build();
        if docker.resize_exec(shell, options).await.is_ok() {
            return;
        }
        tokio::time::sleep(PAUSE).await;
    }
}
