//! Content of references, brought in for the step that needs it and not before (runtime spec §3.7 *lazy
//! retrieval*): a step that the cache answers moves nothing.

use std::collections::HashMap;
use std::sync::Arc;

use base::{Digest, Error, File, Fileset, Kind};
use exec::blocking;

use super::Tools;
use crate::local_files::in_parallel;

/// References fetched at a time for one step.
const AT_ONCE: usize = 16;

/// The same filesets without references, whose content is in the repository; also that of local files which was
/// not needed before.
pub(super) async fn resolved(tools: &Arc<Tools>, filesets: Vec<Fileset>) -> Result<Vec<Fileset>, Error> {
    let is_lent = |file: &File| file.id.is_some_and(|id| tools.store.is_lent(&id));
    let entries = filesets.iter().flat_map(Fileset::entries).map(|(_, file)| file);
    let lent: Vec<File> = entries.filter(|file| is_lent(file)).cloned().collect();
    if !lent.is_empty() {
        let tools = tools.clone();
        blocking(move || in_parallel(&lent, &tools.cancel, |file| tools.store.bring(file))).await?;
    }
    let mut wanted: HashMap<Digest, File> = HashMap::new();
    for (_, file) in filesets.iter().flat_map(Fileset::entries).filter(|(_, file)| file.is_reference()) {
        wanted.insert(file.digest(), file.clone());
    }
    if wanted.is_empty() {
        return Ok(filesets);
    }
    let mut found = HashMap::new();
    let mut wanted = wanted.into_iter();
    loop {
        let mut fetches = tokio::task::JoinSet::new();
        for (digest, file) in wanted.by_ref().take(AT_ONCE) {
            let tools = tools.clone();
            fetches.spawn(async move { fetch(&tools, file).await.map(|file| (digest, file)) });
        }
        if fetches.is_empty() {
            break;
        }
        while let Some(done) = fetches.join_next().await {
            let lost = |error| Error::new(Kind::Fatal, format!("fetching was given up: {error}"));
            let (digest, file) = done.map_err(lost)??;
            found.insert(digest, file);
        }
    }
    Ok(filesets.iter().map(|fileset| fileset.subst(&found).0).collect())
}

async fn fetch(tools: &Tools, reference: File) -> Result<File, Error> {
    let during = |error: Error| error.during(format!("fetch {}", reference.source()));
    let source = tools.sources.find(reference.source()).map_err(during)?;
    let file = source.fetch(&reference, &tools.cancel).await.map_err(during)?;
    let is_other_size = reference.size > 0 && file.size != reference.size;
    let is_other_content = reference.content_hash().is_some_and(|hash| file.id != Some(hash));
    if is_other_size || is_other_content || file.is_reference() {
        let message = format!("expected {reference}, got {file}");
        return Err(during(Error::new(Kind::Integrity, message)));
    }
    Ok(file.with_assertions(&reference.assertions()))
}
