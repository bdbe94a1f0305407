//! What running containers use now.

use bollard::Docker;
use bollard::query_parameters::{StatsOptionsBuilder, TopOptionsBuilder};
use futures_util::StreamExt;
use futures_util::future::join_all;

use super::{Endpoint, statistics};
use crate::live::Live;

/// What each container uses; `None` for one that does not run.
pub(crate) async fn look(endpoint: &Endpoint, names: &[&str]) -> Vec<Option<Live>> {
    match endpoint.connect().await {
        Ok(docker) => join_all(names.iter().map(|name| of(&docker, name))).await,
        Err(_) => vec![None; names.len()],
    }
}

async fn of(docker: &Docker, name: &str) -> Option<Live> {
    // The engine takes two samples, a second apart, so that the use of cores is that of the moment.
    let options = StatsOptionsBuilder::default().stream(false).one_shot(false).build();
    let mut stats = Box::pin(docker.stats(name, Some(options)));
    let top = docker.top_processes(name, Some(TopOptionsBuilder::default().ps_args("auwx").build()));
    let (stats, top) = tokio::join!(stats.next(), top);
    let sample = statistics::sample(&stats?.ok()?)?;
    let top = top.ok().unwrap_or_default();
    let mut commands: Vec<String> =
        top.processes.iter().flatten().filter_map(|process| base_name(process.last()?)).collect();
    commands.sort_unstable();
    Some(Live { memory: sample.memory as u64, cpu: sample.cores.unwrap_or(0.0), io: sample.transferred, commands })
}

/// The base name of the program in a command line.
fn base_name(line: &str) -> Option<String> {
    let program = line.split_whitespace().next()?;
    Some(program.rsplit('/').next().unwrap_or(program).to_owned())
}
