//! How commands end, what is told of it and what is kept.

#![allow(clippy::panic, clippy::expect_used, clippy::unwrap_used, reason = "a test that goes wrong panics")]

use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use base::config::Arg;
use base::{Digest, Error, Kind, Resources};
use engine::{Config, Event};
use exec::{CancelHandle, CancelToken, ExecEvent, ExecReport, ExecRequest, Executor, Pull};
use flow::Graph;
use flow::node::{Op, Place};
use store::{FileRepository, LogPlace, TaskKind, TaskQuery};

use crate::Case;
use crate::home::{Home, exec};

pub(crate) const CASES: &[Case] = &[
    ("rt_65_a_failure_shows_the_commands_own_words_and_is_not_stored", failure),
    ("what_succeeded_before_a_failure_is_kept", kept),
    ("a_run_is_stopped_on_request", stopped),
    ("status_75_is_tried_again", temporary),
    ("the_history_knows_every_exec", history),
    ("the_history_knows_what_goes_on_and_that_it_was_stopped", going_on),
    ("a_lost_blob_is_made_again", lost_blob),
    ("rt_101_inputs_that_change_meanwhile_are_noticed", spoilt),
];

/// An executor during whose commands the first input is written over.
struct Spoiler {
    executor: Arc<dyn Executor>,
    repository: FileRepository,
}

#[async_trait]
impl Executor for Spoiler {
    fn name(&self) -> &'static str {
        self.executor.name()
    }

    fn salt(&self) -> Option<Digest> {
        self.executor.salt()
    }

    fn capacity(&self) -> Resources {
        self.executor.capacity()
    }

    async fn resolve_image(&self, image: &str, pulls: &(dyn Fn(Pull) + Send + Sync)) -> Result<String, Error> {
        self.executor.resolve_image(image, pulls).await
    }

    async fn run(
        &self,
        request: &ExecRequest,
        events: &(dyn Fn(ExecEvent) + Send + Sync),
        cancel: &CancelToken,
    ) -> Result<ExecReport, Error> {
        let report = self.executor.run(request, events, cancel).await;
        if let Some(Arg::Input(input)) = request.config.args.first() {
            let path = self.repository.path(&input.map["."].id.expect("a resolved file"));
            std::fs::remove_file(&path).expect("removed");
            std::fs::write(&path, "spoilt!").expect("written");
        }
        report
    }
}

fn spoilt() {
    for check_inputs in [true, false] {
        let home = Home::new();
        let spoiler = Spoiler { executor: home.config().executor, repository: home.store.repository.clone() };
        let mut graph = Graph::default();
        let input = graph.add(Op::Data((*b"content").into()), []);
        let root = exec(&mut graph, "cat %s > %s", vec![input]);
        let config = Config { executor: Arc::new(spoiler), check_inputs, ..home.config() };
        let outcome = home.run_with(&mut graph, root, config, &mut |_| ());
        assert_eq!(outcome.value.is_ok(), !check_inputs);
        if let Err(failures) = outcome.value {
            assert_eq!(failures.kind(), Kind::Integrity);
            assert!(failures.to_string().contains("inputs changed while the command ran"), "{failures}");
            // The bad content is gone, and nothing was stored: the next run is a good one.
            let again = home.run(&mut graph, root);
            assert_eq!((again.counts.executed, home.content(&again, ".")), (1, "content".to_owned()));
        }
    }
}

fn failure() {
    let home = Home::new();
    let mut graph = Graph::default();
    let input = graph.add(Op::Data((*b"content").into()), []);
    let command = "\n\tcat %s >&2; for i in $(seq 100); do echo line $i >&2; done; exit 3 # 100%% %s\n";
    let root = exec(&mut graph, command, vec![input]);
    graph.label(root, &Rc::from("m.step"));
    graph.set_place(root, Place { file: "m.rf".into(), line: 4, column: 2 });
    let outcome = home.run(&mut graph, root);
    assert_eq!((outcome.counts.executed, outcome.counts.failed), (1, 1));
    let failures = outcome.value.unwrap_err();
    assert_eq!(failures.kind(), Kind::DockerExec);
    let failure = &failures.nodes()[0];
    assert!(failure.to_string().starts_with("m.step ") && failure.to_string().contains('3'), "{failure}");
    let details = failure.exec.as_ref().expect("details");
    assert!(details.command.contains("cat {{in0}} >&2") && details.command.contains("# 100% {{out}}"));
    assert_eq!(home.store.lookup(&[vec![details.key], vec![graph.digest(root)]]).expect("a cache"), [None, None]);
    assert_eq!(details.inputs.len(), 1);
    assert_eq!(details.inputs[0].0, "{{in0}}");
    let run = details.run.as_ref().expect("a run");
    assert_eq!(run.status, Some(3));
    assert_eq!(run.stderr.lines.last().map(String::as_str), Some("line 100"));
    assert!(run.stderr.cut && run.stderr.lines.len() == 20);
    let whole = std::fs::read_to_string(&run.stderr.path).expect("the whole log");
    assert!(whole.starts_with("content"), "{whole}");
    assert!(run.script.exists() && run.stdout.size == 0);
}

fn kept() {
    let home = Home::new();
    let mut graph = Graph::default();
    let good = exec(&mut graph, "echo good > %s", vec![]);
    let flag = graph.intern("localfile://flag", false);
    let bad = exec(&mut graph, "grep -q yes %s && cp %s /return/0 # %s", vec![flag, good]);
    home.write("flag", "no");
    let first = home.run(&mut graph, bad);
    assert!(first.value.is_err());
    assert_eq!((first.counts.executed, first.counts.cached), (2, 0));
    home.write("flag", "yes");
    let second = home.run(&mut graph, bad);
    assert_eq!((second.counts.executed, second.counts.cached), (1, 1));
    assert_eq!(home.content(&second, "."), "good\n");
}

fn stopped() {
    let home = Home::new();
    let mut graph = Graph::default();
    let execs: Vec<_> = (0..8).map(|number| exec(&mut graph, &format!("sleep 100{number} # %s"), vec![])).collect();
    let root = graph.add(Op::Merge, execs);
    let (handle, cancel) = CancelHandle::new();
    let start = Instant::now();
    let config = Config { cancel, ..home.config() };
    let mut started = 0;
    let outcome = home.run_with(&mut graph, root, config, &mut |event| {
        if let Event::ExecStarted { .. } = event {
            started += 1;
            handle.cancel();
        }
    });
    let failures = outcome.value.unwrap_err();
    assert!(failures.is_canceled() && failures.nodes().is_empty(), "{failures}");
    assert!(started >= 1 && start.elapsed() < Duration::from_secs(30), "{started} {:?}", start.elapsed());
    assert_eq!(std::fs::read_dir(home.root().join("home/execs")).map(Iterator::count).unwrap_or(0), 0);
}

fn temporary() {
    let home = Home::new();
    let mut graph = Graph::default();
    let root = exec(&mut graph, "exit 75 # %s", vec![]);
    let mut tries = 1;
    let config = home.config();
    let outcome = home.run_with(&mut graph, root, config, &mut |event| {
        if let Event::ExecRetried { .. } = event {
            tries += 1;
        }
    });
    let failures = outcome.value.unwrap_err();
    assert_eq!((failures.kind(), tries, outcome.counts.executed), (Kind::Temporary, 4, 1));
}

fn history() {
    let home = Home::new();
    let mut graph = Graph::default();
    let good = exec(&mut graph, "echo good > %s; echo told", vec![]);
    let bad = exec(&mut graph, "cat %s; exit 9 # %s", vec![good]);
    graph.label(bad, &Rc::from("m.bad"));
    graph.set_place(bad, Place { file: "m.rf".into(), line: 4, column: 2 });
    let config = home.config();
    let run = config.run;
    let outcome = home.run_with(&mut graph, bad, config, &mut |_| ());
    assert!(outcome.value.is_err());
    let query = |failed| TaskQuery { run: Some(run), failed, ..TaskQuery::default() };
    let tasks = home.store.tasks().list(&query(false)).expect("tasks");
    assert_eq!(tasks.len(), 2);
    let tasks = home.store.tasks().list(&query(true)).expect("tasks");
    let [task] = tasks.as_slice() else { panic!("{tasks:?}") };
    assert_eq!((task.ident.as_str(), task.kind, task.exit), ("m.bad", TaskKind::Exec, Some(9)));
    assert_eq!((task.flow, task.position.as_str()), (Some(graph.digest(bad)), "m.rf:4:2"));
    assert_eq!((task.image.as_str(), task.command.as_str()), ("tools:1", "cat {{in0}}; exit 9 # {{out}}"));
    let Some(LogPlace::Path(stdout)) = &task.stdout else { panic!("{task:?}") };
    assert_eq!(std::fs::read_to_string(stdout).expect("a log"), "good\n");
    assert!(task.stderr.is_none() && task.error.is_some() && task.end >= task.start);
}

fn going_on() {
    let home = Home::new();
    let mut graph = Graph::default();
    let root = exec(&mut graph, "sleep 1000 > %s", vec![]);
    let (handle, cancel) = exec::CancelHandle::new();
    let config = Config { alloc: "box/0061a20f88f57386".to_owned(), cancel, ..home.config() };
    let run = config.run;
    let record =
        || home.store.tasks().list(&TaskQuery { run: Some(run), ..TaskQuery::default() }).expect("tasks").pop();
    let mut seen = None;
    let outcome = home.run_with(&mut graph, root, config, &mut |event| {
        let Event::ExecStarted { pid, .. } = event else { return };
        let patience = Instant::now();
        let noted = loop {
            match record() {
                Some(noted) if noted.start.is_some() => break noted,
                _ => assert!(patience.elapsed() < Duration::from_secs(20), "the exec was not noted"),
            }
            std::thread::sleep(Duration::from_millis(10));
        };
        assert_eq!((noted.process, noted.end, noted.error.clone()), (*pid, None, None));
        let key = noted.key.expect("a key");
        assert_eq!(noted.uri, Some(format!("box/0061a20f88f57386/{}", key.hex())));
        assert!(noted.begin <= noted.start);
        seen = Some(noted);
        handle.cancel();
    });
    assert_eq!(outcome.value.expect_err("stopped").kind(), Kind::Canceled);
    home.store.committer().flush();
    let (seen, ended) = (seen.expect("a start"), record().expect("a record"));
    assert_eq!((ended.id, ended.begin, ended.uri), (seen.id, seen.begin, seen.uri));
    assert_eq!(ended.process, None, "a process that has ended is nobody's");
    assert!(ended.end.is_some() && ended.error.is_some_and(|error| error.contains("stopped")));
}

fn lost_blob() {
    let home = Home::new();
    let run = || {
        let mut graph = Graph::default();
        let root = exec(&mut graph, "echo made > %s", vec![]);
        home.run(&mut graph, root)
    };
    let first = run();
    let id = crate::home::fileset(&first).list[0].map["."].id.expect("a resolved file");
    assert!(home.store.repository.remove(&id).expect("removed"));
    let second = run();
    assert_eq!(second.counts.executed, 1);
    assert_eq!(home.content(&second, "."), "made\n");
    assert_eq!(run().counts.cached, 1);
}
