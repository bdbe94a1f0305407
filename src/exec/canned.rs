//! Gives results that were said beforehand instead of running commands: for tests of pipelines.
//!
//! An exec is answered by the first [`CannedResult`] whose pattern matches its label or its command. What no
//! result matches is run by another executor, or fails if there is none. Files of results are in the
//! repository already.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::SystemTime;

use async_trait::async_trait;
use base::config::{ExecConfig, OutputKind};
use base::profile::Profile;
use base::regexp::Regexp;
use base::{Digest, Error, File, Fileset, Kind, Resources};

use crate::cancel::CancelToken;
use crate::executor::{Collected, ExecEvent, ExecReport, ExecRequest, Executor, LogFile, Pull, Usage};
use crate::template::{self, Places};

/// What an exec is said to give.
#[derive(Debug)]
pub struct CannedResult {
    /// Found anywhere in the label of an exec, such as `wordcount.Counts`, or in its command as it would run,
    /// with `/arg/…` and `/return/…` for inputs and outputs.
    pub pattern: Regexp,
    /// The outputs in the order in which the command names them.
    pub outputs: Vec<CannedOutput>,
    used: AtomicBool,
}

/// An output.
#[derive(Clone, Debug, PartialEq)]
pub enum CannedOutput {
    /// A file.
    File(File),
    /// A directory.
    Dir(BTreeMap<String, File>),
}

impl CannedResult {
    /// The result of execs that match `pattern`.
    pub fn new(pattern: Regexp, outputs: Vec<CannedOutput>) -> Self {
        Self { pattern, outputs, used: AtomicBool::new(false) }
    }

    /// Whether it has answered for an exec.
    pub fn was_used(&self) -> bool {
        self.used.load(Ordering::Relaxed)
    }
}

/// What a [`CannedExecutor`] is made of.
pub struct CannedOptions {
    /// The results.
    pub results: Arc<[CannedResult]>,
    /// Keeps the keys of these results apart from all others.
    pub salt: Digest,
    /// Runs what no result matches. It must work on the same repository.
    pub otherwise: Option<Arc<dyn Executor>>,
    /// What to do about an exec that nothing matches, for its error.
    pub advice: String,
}

/// The executor of canned results.
pub struct CannedExecutor(CannedOptions);

impl CannedExecutor {
    /// An executor of these results.
    pub fn new(options: CannedOptions) -> Self {
        Self(options)
    }

    /// The first result that matches.
    fn find(&self, config: &ExecConfig) -> Result<Option<&CannedResult>, Error> {
        let command = template::render(config, &Places::standard())?;
        let matches =
            |result: &&CannedResult| result.pattern.is_match(&config.ident) || result.pattern.is_match(&command);
        Ok(self.0.results.iter().find(matches))
    }

    fn missing(&self, config: &ExecConfig) -> Error {
        let command = template::render(config, &Places::standard()).unwrap_or_else(|_| config.command.clone());
        let message = format!(
            "there is no result for the exec {}, whose command is {:?}: {}",
            config.ident,
            first_line(&command),
            self.0.advice
        );
        Error::new(Kind::NotSupported, message)
    }
}

fn first_line(command: &str) -> String {
    let mut lines = command.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines.next().unwrap_or_default().to_owned();
    if lines.next().is_some() { first + " …" } else { first }
}

/// The outputs as the fileset list of an exec's value; the error says what does not fit.
fn collected(config: &ExecConfig, result: &CannedResult) -> Result<Collected, Error> {
    let wrong = |message: String| {
        let pattern = result.pattern.as_str();
        Error::new(
            Kind::Invalid,
            format!("the result of {pattern:?} does not fit the exec {}: {message}", config.ident),
        )
    };
    let (wanted, given) = (config.outputs.len(), result.outputs.len());
    if wanted != given {
        return Err(wrong(format!("its command names {wanted} outputs, the result has {given}")));
    }
    let mut filesets = Vec::with_capacity(given);
    for (number, (kind, output)) in config.outputs.iter().zip(&result.outputs).enumerate() {
        filesets.push(match (kind, output) {
            (OutputKind::File, CannedOutput::File(file)) => Fileset::of_file(file.clone()),
            (OutputKind::Dir, CannedOutput::Dir(files)) => Fileset::of_map(files.clone()),
            (OutputKind::File, CannedOutput::Dir(_)) => {
                return Err(wrong(format!("output {number} is a file, the result has a directory")));
            }
            (OutputKind::Dir, CannedOutput::File(_)) => {
                return Err(wrong(format!("output {number} is a directory, the result has a file")));
            }
        });
    }
    let fileset = Fileset::of_list(filesets);
    let mut new_blobs: Vec<Digest> = fileset.files().into_iter().filter_map(|file| file.id).collect();
    new_blobs.sort_unstable();
    new_blobs.dedup();
    Ok(Collected { fileset, new_blobs, notes: Vec::new() })
}

#[async_trait]
impl Executor for CannedExecutor {
    fn name(&self) -> &'static str {
        "canned"
    }

    fn salt(&self) -> Option<Digest> {
        Some(self.0.salt)
    }

    /// That of the executor behind; without one, room for anything.
    fn capacity(&self) -> Resources {
        match &self.0.otherwise {
            Some(otherwise) => otherwise.capacity(),
            None => Resources::of(1e9, 1e18, 1e18),
        }
    }

    fn notice(&self) -> Option<String> {
        self.0.otherwise.as_ref().and_then(|otherwise| otherwise.notice())
    }

    /// The text itself: which exec it is for is not known here, and most need no image. An executor behind is
    /// asked when it has to run something.
    async fn resolve_image(&self, image: &str, _pulls: &(dyn Fn(Pull) + Send + Sync)) -> Result<String, Error> {
        Ok(image.to_owned())
    }

    async fn run(
        &self,
        request: &ExecRequest,
        events: &(dyn Fn(ExecEvent) + Send + Sync),
        cancel: &CancelToken,
    ) -> Result<ExecReport, Error> {
        let Some(result) = self.find(&request.config)? else {
            let Some(otherwise) = &self.0.otherwise else { return Err(self.missing(&request.config)) };
            let mut request = request.clone();
            let image = request.config.image.clone();
            let pulls = |pull| events(ExecEvent::Pull { image: image.clone(), pull });
            request.config.image = otherwise.resolve_image(&image, &pulls).await?;
            return otherwise.run(&request, events, cancel).await;
        };
        result.used.store(true, Ordering::Relaxed);
        let now = SystemTime::now();
        let silent = || LogFile { path: PathBuf::new(), size: 0 };
        // What does not fit is the test's mistake, not the command's.
        let collected = collected(&request.config, result)?;
        Ok(ExecReport {
            outcome: Ok(collected),
            usage: Usage::default(),
            profile: Profile::default(),
            status: Some(0),
            stdout: silent(),
            stderr: silent(),
            script: PathBuf::new(),
            started: now,
            ended: now,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::executor::ExecId;

    fn request(ident: &str, command: &str, outputs: &[OutputKind]) -> ExecRequest {
        let config = ExecConfig {
            ident: ident.to_owned(),
            image: "image".to_owned(),
            original_image: "image".to_owned(),
            command: command.to_owned(),
            args: (0..outputs.len()).map(base::config::Arg::Output).collect(),
            outputs: outputs.to_vec(),
            resources: Resources::new(),
            need_aws_credentials: false,
            need_docker_access: false,
        };
        ExecRequest { id: ExecId::new(Digest::of(ident)), config }
    }

    fn file(text: &str) -> CannedOutput {
        CannedOutput::File(File::resolved(Digest::of(text), text.len() as u64))
    }

    fn executor(results: Vec<(&str, Vec<CannedOutput>)>) -> CannedExecutor {
        let results =
            results.into_iter().map(|(pattern, outputs)| CannedResult::new(Regexp::parse(pattern).unwrap(), outputs));
        let salt = Digest::of("salt");
        let advice = "add one".to_owned();
        CannedExecutor::new(CannedOptions { results: results.collect(), salt, otherwise: None, advice })
    }

    fn run(executor: &CannedExecutor, request: &ExecRequest) -> Result<Result<Fileset, String>, String> {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let report = runtime.block_on(executor.run(request, &|_| (), &CancelToken::never()));
        let report = report.map_err(|error| error.to_string())?;
        Ok(report.outcome.map(|collected| collected.fileset).map_err(|error| error.to_string()))
    }

    #[test]
    fn the_first_result_that_matches_answers() {
        let executor = executor(vec![("^m.Sort$", vec![file("a")]), ("sort -n /ret", vec![file("b")]), ("x", vec![])]);
        let of = |text: &str| {
            let CannedOutput::File(file) = file(text) else { unreachable!() };
            Ok(Ok(Fileset::of_list(vec![Fileset::of_file(file)])))
        };
        assert_eq!(run(&executor, &request("m.Sort", "sort -n %s", &[OutputKind::File])), of("a"));
        assert_eq!(run(&executor, &request("m.Other", "sort -n %s", &[OutputKind::File])), of("b"));
        let used: Vec<bool> = executor.0.results.iter().map(CannedResult::was_used).collect();
        assert_eq!(used, [true, true, false]);
    }

    #[test]
    fn what_does_not_fit_is_said() {
        let executor = executor(vec![("two", vec![file("a"), file("b")]), ("dir", vec![file("a")])]);
        let error = |request| run(&executor, &request).unwrap_err();
        let said = error(request("two", "%s", &[OutputKind::File]));
        assert!(said.contains("\"two\"") && said.contains("names 1 outputs, the result has 2"), "{said}");
        let said = error(request("dir", "%s", &[OutputKind::Dir]));
        assert!(said.contains("output 0 is a directory, the result has a file"), "{said}");
        let said = run(&executor, &request("m.Unknown", "\n  sort %s\n  more", &[OutputKind::File])).unwrap_err();
        assert!(said.contains("m.Unknown, whose command is \"sort /return/0 …\": add one"), "{said}");
    }
}
