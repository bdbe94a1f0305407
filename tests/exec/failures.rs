//! Commands that fail, and machinery that does: what is told.

use std::time::{Duration, Instant};

use base::Kind as Failure;
use exec::{DockerExecutor, Endpoint, ExecEvent, Executor as _, Pull, PullProgress};

use crate::bed::{Bed, Exec, Kind, RUNTIME, docker_options, process_options, text};
use crate::{ALL, Case, engine};

const PROCESS: &[Kind] = &[Kind::Process, Kind::Shared];
const DOCKER: &[Kind] = &[Kind::Docker];

pub(crate) const CASES: &[Case] = &[
    ("rt_123_the_status_and_the_last_words", ALL, the_status_and_the_last_words),
    ("within_a_pipe", ALL, within_a_pipe),
    ("rt_123_status_75_is_temporary", ALL, status_75_is_temporary),
    ("rt_123_killed_by_a_signal", ALL, killed_by_a_signal),
    ("the_shell_killed_by_a_signal", PROCESS, the_shell_killed_by_a_signal),
    ("out_of_memory_in_go", ALL, out_of_memory_in_go),
    ("rt_124_out_of_memory", DOCKER, out_of_memory),
    ("processors_are_limited", DOCKER, processors_are_limited),
    ("outputs_of_a_failure_are_not_taken", ALL, outputs_of_a_failure_are_not_taken),
    ("an_image_without_bash", DOCKER, an_image_without_bash),
    ("a_missing_image", DOCKER, a_missing_image),
    ("an_image_that_is_no_name", DOCKER, an_image_that_is_no_name),
    ("images_are_resolved", ALL, images_are_resolved),
    ("rt_134_images_are_pulled", DOCKER, images_are_pulled),
    ("rt_135_an_index_stands_for_its_manifest", DOCKER, an_index_stands_for_its_manifest),
    ("images_are_pulled_with_a_login", DOCKER, images_are_pulled_with_a_login),
    ("nobody_listens", DOCKER, nobody_listens),
    ("credentials_that_nobody_has", ALL, credentials_that_nobody_has),
    ("rt_121_credentials", &[Kind::Process, Kind::Docker], credentials),
];

fn the_status_and_the_last_words(bed: &Bed) {
    let report = bed
        .run(&Exec::new("echo fine; for i in {1..50}; do echo line $i >&2; done; echo 'Error: no luck' >&2; exit 42"));
    let failure = report.outcome.unwrap_err();
    assert_eq!(failure.kind(), Failure::DockerExec);
    assert_eq!(failure.message(), "exited with code 42 (hints from exec logs):\n(stderr) line 51: Error: no luck");
    assert_eq!(report.status, Some(42));
    assert_eq!(report.stderr.tail(23).unwrap(), b"line 50\nError: no luck\n");
    assert_eq!(text(&report.stdout), "fine\n");
    assert!(report.script.exists());
    let failure = bed.failure(&Exec::new("no-such-command-anywhere"));
    assert!(failure.message().starts_with("exited with code 127"), "{failure}");
}

fn within_a_pipe(bed: &Bed) {
    for command in ["false | cat", "false; true", "x=$(false); true", "(exit 1)"] {
        assert_eq!(bed.failure(&Exec::new(command)).message(), "exited with code 1", "{command}");
    }
    bed.collect(&Exec::new("if false | cat; then exit 1; fi; false || true"));
}

fn status_75_is_temporary(bed: &Bed) {
    let failure = bed.failure(&Exec::new("exit 75"));
    assert_eq!(failure.kind(), Failure::Temporary);
    assert_eq!(failure.message(), "exec returned exit code 75 (considered temporary)");
}

fn killed_by_a_signal(bed: &Bed) {
    for (signal, status) in [("KILL", 137), ("TERM", 143), ("SEGV", 139)] {
        let report = bed.run(&Exec::new(&format!("bash -c 'kill -{signal} $$'; true")));
        let failure = report.outcome.unwrap_err();
        // An ordinary kill is no evidence that memory ran out.
        assert_eq!(failure.kind(), Failure::DockerExec, "{signal}");
        assert!(failure.message().starts_with(&format!("exited with code {status}")), "{failure}");
        assert_eq!(report.status, Some(status));
    }
}

fn the_shell_killed_by_a_signal(bed: &Bed) {
    let report = bed.run(&Exec::new("kill -KILL $$"));
    assert_eq!((report.status, report.outcome.unwrap_err().kind()), (Some(137), Failure::DockerExec));
}

fn out_of_memory_in_go(bed: &Bed) {
    let failure = bed.failure(&Exec::new("echo 'fatal error: runtime: out of memory' >&2; exit 2"));
    assert_eq!(failure.kind(), Failure::Oom);
}

fn out_of_memory(bed: &Bed) {
    let limit = f64::from(64 << 20);
    // The shell survives its child: the status is the shell's, the evidence the engine's or the kernel's.
    for command in ["tail /dev/zero", "x=$(head -c 600M /dev/zero | tr '\\0' x)"] {
        let failure = bed.failure(&Exec::new(command).resources(0.0, limit));
        assert_eq!(failure.kind(), Failure::Oom, "{command}: {failure}");
    }
    bed.collect(&Exec::new("x=$(head -c 5M /dev/zero | tr '\\0' x); test ${#x} = $((5 << 20))").resources(0.0, limit));
    // And without a limit there is none.
    bed.collect(&Exec::new("x=$(head -c 100M /dev/zero | tr '\\0' x); test ${#x} = $((100 << 20))"));
}

fn processors_are_limited(bed: &Bed) {
    let spin = "end=$((SECONDS + 3)); while ((SECONDS < end)); do :; done";
    let report = bed.run(&Exec::new(&format!("({spin}) & ({spin}) & wait")).resources(0.2, 0.0));
    let used = report.usage.cpu / report.usage.wall.as_secs_f64();
    assert!(used < 0.4, "{used} of a processor");
}

fn outputs_of_a_failure_are_not_taken(bed: &Bed) {
    let exec = Exec::new("echo half a result > %s; exit 1").file_output();
    assert_eq!(bed.failure(&exec).kind(), Failure::DockerExec);
    assert_eq!(bed.repository.stat(&base::Digest::of("half a result\n")).unwrap(), None);
}

fn an_image_without_bash(bed: &Bed) {
    let report = bed.run(&Exec::new("true").image(engine::BUSYBOX));
    let failure = report.outcome.unwrap_err();
    assert_eq!(failure.kind(), Failure::Invalid);
    assert!(failure.message().contains("the image has no /bin/bash"), "{failure}");
    assert_eq!(report.status, None);
}

fn a_missing_image(bed: &Bed) {
    // With a registry in reach the answer is that there is none; without, that it cannot be found out.
    let image = "reflow-test/no-such-image:ever";
    let told = |error: base::Error| {
        assert!(matches!(error.kind(), Failure::NotExist | Failure::Net | Failure::NotAllowed), "{error}");
        assert!(error.message().contains(image), "{error}");
    };
    told(RUNTIME.block_on(bed.executor.resolve_image(image, &|_| {})).unwrap_err());
    let events = std::sync::Mutex::new(Vec::new());
    let note = |event| events.lock().unwrap().push(event);
    let request = Exec::new("true").image(image).request();
    told(RUNTIME.block_on(bed.executor.run(&request, &note, &exec::CancelToken::never())).unwrap_err());
    let pull = |pull| ExecEvent::Pull { image: image.to_owned(), pull };
    assert_eq!(events.into_inner().unwrap(), [ExecEvent::Staged, pull(Pull::Begun), pull(Pull::Failed)]);

    let id = format!("sha256:{}", base::Digest::of("no image").hex());
    let error = RUNTIME.block_on(bed.executor.resolve_image(&id, &|_| {})).unwrap_err();
    assert_eq!(error.kind(), Failure::NotExist, "{error}");
}

fn an_image_that_is_no_name(bed: &Bed) {
    for image in ["Not An Image", "UPPER/case:x", ":tag", "a b"] {
        let error = RUNTIME.block_on(bed.executor.resolve_image(image, &|_| {})).unwrap_err();
        assert_eq!(error.kind(), Failure::Invalid, "{image}: {error}");
        let error = bed.try_run(&Exec::new("true").image(image)).unwrap_err();
        assert_eq!(error.kind(), Failure::Invalid, "{image}: {error}");
    }
}

fn images_are_resolved(bed: &Bed) {
    let resolved = RUNTIME.block_on(bed.executor.resolve_image(engine::GNU, &|_| {})).unwrap();
    match bed.kind {
        Kind::Process | Kind::Shared => assert_eq!(resolved, engine::GNU),
        Kind::Docker => {
            // Never pushed, so no registry knows it by a digest.
            assert_eq!(resolved, engine::docker(&["image", "inspect", "-f", "{{.Id}}", engine::GNU]));
            bed.collect(&Exec::new("true").image(&resolved));
        }
    }
}

fn images_are_pulled(bed: &Bed) {
    let registry = match engine::Registry::start() {
        Ok(registry) => registry,
        Err(reason) => {
            println!("pulling is not tested: {reason}");
            return;
        }
    };
    let name = format!("{}/reflow-test/gnu", registry.host);
    let (first, second) = (format!("{name}:first"), format!("{name}:second"));
    for name in [&first, &second] {
        engine::docker(&["tag", engine::GNU, name]);
        engine::docker(&["push", "-q", name]);
        engine::docker(&["rmi", name]);
    }
    // Many ask, one pulls; all are told the same.
    let resolve = |image: &str| RUNTIME.block_on(bed.executor.resolve_image(image, &|_| {}));
    let resolved: Vec<String> = std::thread::scope(|scope| {
        let asking: Vec<_> = (0..4).map(|_| scope.spawn(|| resolve(&first).unwrap())).collect();
        asking.into_iter().map(|asking| asking.join().unwrap()).collect()
    });
    let exact = &resolved[0];
    assert!(exact.starts_with(&format!("{name}@sha256:")), "{exact}");
    assert!(resolved.iter().all(|one| one == exact), "{resolved:?}");
    assert_eq!(&resolve(exact).unwrap(), exact);

    // An exec fetches what is missing, by name or by digest.
    engine::docker(&["rmi", &first]);
    for image in [&second, exact] {
        let (events, report) = bed.events(&Exec::new("true").image(image));
        assert!(report.outcome.is_ok());
        let pull = |pull| events.contains(&ExecEvent::Pull { image: image.clone(), pull });
        // Nothing of it had to come over the network: the same image has another name.
        assert!(pull(Pull::Begun) && pull(Pull::Done(PullProgress::default())), "{events:?}");
        engine::docker(&["rmi", image]);
    }

    progress_of_pulls_is_told(bed, &format!("{name}:layers"));
    processes_pull_once(bed, &format!("{name}:shared"));

    let error = resolve(&format!("{name}:third")).unwrap_err();
    assert_eq!(error.kind(), Failure::NotExist, "{error}");
    drop(registry);
    let error = resolve(&second).unwrap_err();
    assert_eq!(error.kind(), Failure::Net, "{error}");
    assert!(error.message().contains(&second) && error.message().contains("cannot fetch it"), "{error}");
}

/// The manifest of this machine's platform stands for an image that is there for several, also when no registry can
/// be asked any more.
fn an_index_stands_for_its_manifest(bed: &Bed) {
    let registry = match engine::Registry::start() {
        Ok(registry) => registry,
        Err(reason) => {
            println!("indexes are not tested: {reason}");
            return;
        }
    };
    let name = format!("{}/reflow-test/many", registry.host);
    let push = |image: &str, tag: &str| {
        let named = format!("{name}:{tag}");
        engine::docker(&["tag", image, &named]);
        engine::docker(&["push", "-q", &named]);
        let known = engine::docker(&["image", "inspect", "-f", "{{join .RepoDigests \"\\n\"}}", &named]);
        engine::docker(&["rmi", &named]);
        known.lines().find_map(|line| line.strip_prefix(&format!("{name}@"))).expect("a digest").to_owned()
    };
    let (own, other) = (push(engine::GNU, "own"), push(engine::BUSYBOX, "other"));
    let own_platform = engine::docker(&["image", "inspect", "-f", "{{.Os}} {{.Architecture}}", engine::GNU]);
    let index = registry.put_index(&name, "many", &[("linux s390x", &other), (&own_platform, &own)]);
    assert!(own != index && own != other);

    let (many, exact) = (format!("{name}:many"), format!("{name}@{own}"));
    let open = |state: &std::path::Path| {
        RUNTIME.block_on(DockerExecutor::connect(docker_options(state, bed.repository.clone()))).unwrap()
    };
    let resolve =
        |executor: &DockerExecutor, image: &str| RUNTIME.block_on(executor.resolve_image(image, &|_| {})).unwrap();
    let first = open(bed.state());
    assert_eq!(resolve(&first, &many), exact);
    assert_eq!(resolve(&first, &format!("{name}@{index}")), exact);
    drop(registry);
    // From here on nobody can be asked. The engine has the image by the digest of the index alone.
    let run = |executor: &DockerExecutor| {
        let request = Exec::new("true").image(&exact).request();
        RUNTIME.block_on(executor.run(&request, &|_| {}, &exec::CancelToken::never())).unwrap().outcome.unwrap();
        RUNTIME.block_on(executor.settle());
    };
    run(&first);
    let second = open(bed.state());
    run(&second);
    assert_eq!((resolve(&second, &many), resolve(&second, &exact)), (exact.clone(), exact.clone()));
    let stranger = bed.state().join("stranger");
    assert_eq!(resolve(&open(&stranger), &many), format!("{name}@{index}"));
    engine::docker(&["rmi", &many]);
}

/// Puts an image into its registry with a layer that this machine does not have, and one that it does.
fn push_with_a_new_layer(bed: &Bed, image: &str) {
    const SIZE: usize = 3_000_000;
    let file = bed.state().join("noise");
    std::fs::write(&file, base::Digest::of(image).hex().repeat(SIZE / 64)).unwrap();
    let container = engine::docker(&["create", engine::GNU]);
    engine::docker(&["cp", file.to_str().unwrap(), &format!("{container}:/noise")]);
    // Without the mark by which the test image is found.
    engine::docker(&["commit", "--change", "LABEL reflow.test.image=", &container, image]);
    engine::docker(&["rm", &container]);
    engine::docker(&["push", "-q", image]);
    engine::docker(&["rmi", image]);
}

/// Executors of several processes, which know nothing of each other but the state folder.
fn processes_pull_once(bed: &Bed, image: &str) {
    push_with_a_new_layer(bed, image);
    let together = std::sync::Barrier::new(3);
    let resolve = || {
        let options = docker_options(bed.state(), bed.repository.clone());
        let executor = RUNTIME.block_on(DockerExecutor::connect(options)).unwrap();
        let pulls = std::sync::Mutex::new(Vec::new());
        together.wait();
        let note = |pull| pulls.lock().unwrap().push(pull);
        let resolved = RUNTIME.block_on(executor.resolve_image(image, &note)).unwrap();
        let has_pulled = |pull: &Pull| matches!(pull, Pull::Done(progress) if progress.layers > 0);
        (resolved, pulls.into_inner().unwrap().iter().any(has_pulled))
    };
    let resolved: Vec<(String, bool)> = std::thread::scope(|scope| {
        let asking: Vec<_> = (0..3).map(|_| scope.spawn(resolve)).collect();
        asking.into_iter().map(|asking| asking.join().unwrap()).collect()
    });
    assert!(resolved.iter().all(|(name, _)| *name == resolved[0].0), "{resolved:?}");
    assert_eq!(resolved.iter().filter(|(_, has_pulled)| *has_pulled).count(), 1, "{resolved:?}");
    engine::docker(&["rmi", image]);
}

/// All who wait for an image hear of it.
fn progress_of_pulls_is_told(bed: &Bed, image: &str) {
    push_with_a_new_layer(bed, image);
    let together = std::sync::Barrier::new(3);
    let told = || {
        let pulls = std::sync::Mutex::new(Vec::new());
        together.wait();
        let note = |pull| pulls.lock().unwrap().push(pull);
        RUNTIME.block_on(bed.executor.resolve_image(image, &note)).unwrap();
        pulls.into_inner().unwrap()
    };
    let mut told: Vec<Vec<Pull>> = std::thread::scope(|scope| {
        let asking: Vec<_> = (0..3).map(|_| scope.spawn(told)).collect();
        asking.into_iter().map(|asking| asking.join().unwrap()).collect()
    });
    // One that is slow to ask may find it here.
    told.retain(|pulls| !matches!(pulls[..], [] | [Pull::Begun, Pull::Done(PullProgress { layers: 0, .. })]));
    assert!(!told.is_empty());
    for pulls in told {
        let [Pull::Begun, .., Pull::Done(progress)] = pulls[..] else { panic!("{pulls:?}") };
        assert_eq!((progress.layers, progress.done), (2, 2), "{progress:?}");
        assert!(progress.known > 0 && progress.bytes == progress.known, "{progress:?}");
        assert!(pulls[1..pulls.len() - 1].iter().all(|pull| matches!(pull, Pull::Going(_))), "{pulls:?}");
    }
    engine::docker(&["rmi", image]);
}

fn images_are_pulled_with_a_login(bed: &Bed) {
    // The password is "secret".
    let user = "somebody:$2b$04$PfnISVlczyMl2iK00TmP1Oji4Z2Ez7ocG7C0/Yi3pVcG4GSxAZo8S";
    let registry = match engine::Registry::start_for(Some(user)) {
        Ok(registry) => registry,
        Err(reason) => {
            println!("pulling with a login is not tested: {reason}");
            return;
        }
    };
    let image = format!("{}/reflow-test/gnu:private", registry.host);
    let folder = bed.state().join("login");
    let docker = |arguments: &[&str]| engine::docker(&[&["--config", folder.to_str().unwrap()], arguments].concat());
    docker(&["login", "-u", "somebody", "-p", "secret", &registry.host]);
    docker(&["tag", engine::GNU, &image]);
    docker(&["push", "-q", &image]);
    docker(&["rmi", &image]);
    let executor = |configuration: Option<std::path::PathBuf>| {
        let options = exec::DockerOptions { configuration, ..docker_options(bed.state(), bed.repository.clone()) };
        RUNTIME.block_on(DockerExecutor::connect(options)).unwrap()
    };
    let resolve = |configuration| RUNTIME.block_on(executor(configuration).resolve_image(&image, &|_| {}));

    let error = resolve(None).unwrap_err();
    assert_eq!(error.kind(), Failure::NotAllowed, "{error}");
    let wrong = bed.state().join("wrong.json");
    // somebody:else
    let text = format!("{{\"auths\": {{\"{}\": {{\"auth\": \"c29tZWJvZHk6ZWxzZQ==\"}}}}}}", registry.host);
    std::fs::write(&wrong, text).unwrap();
    let error = resolve(Some(wrong)).unwrap_err();
    assert_eq!(error.kind(), Failure::NotAllowed, "{error}");
    let exact = resolve(Some(folder.join("config.json"))).unwrap();
    assert!(exact.starts_with(&format!("{}/reflow-test/gnu@sha256:", registry.host)), "{exact}");
    engine::docker(&["rmi", &image]);
}

fn nobody_listens(bed: &Bed) {
    let missing = bed.state().join("no.sock");
    let deaf = bed.state().join("deaf.sock");
    drop(std::os::unix::net::UnixListener::bind(&deaf).unwrap());
    for socket in [missing, deaf] {
        let host = format!("unix://{}", socket.display());
        let endpoint = Endpoint::new(Some(&host));
        let options = exec::DockerOptions { endpoint, ..docker_options(bed.state(), bed.repository.clone()) };
        let before = Instant::now();
        let Err(error) = RUNTIME.block_on(DockerExecutor::connect(options)) else { panic!("{host} answered") };
        assert!(before.elapsed() < Duration::from_secs(5));
        assert_eq!(error.kind(), Failure::Unavailable);
        let message = error.message();
        assert!(message.contains(&host) && message.contains("DOCKER_HOST") && message.contains("-executor process"));
        assert!(!message.contains('\n'), "{message}");
    }
}

fn credentials_that_nobody_has(bed: &Bed) {
    let mut exec = Exec::new("true");
    exec.config.need_aws_credentials = true;
    let error = bed.try_run(&exec).unwrap_err();
    assert_eq!(error.kind(), Failure::Precondition, "{error}");
}

/// Gives out credentials, or fails to.
struct Giver(Option<&'static str>);

#[async_trait::async_trait]
impl exec::Credentials for Giver {
    async fn environment(&self) -> Result<Vec<(String, String)>, base::Error> {
        let names = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];
        let value = self.0.ok_or_else(|| base::Error::new(Failure::NotAllowed, "the token has expired"))?;
        Ok(names.map(|name| (name.to_owned(), format!("{value} of {name}"))).to_vec())
    }
}

fn credentials(bed: &Bed) {
    let with = |giver: Giver| -> std::sync::Arc<dyn exec::Executor> {
        let credentials: Option<std::sync::Arc<dyn exec::Credentials>> = Some(std::sync::Arc::new(giver));
        let repository = bed.repository.clone();
        match bed.kind {
            Kind::Docker => {
                let options = exec::DockerOptions { credentials, ..docker_options(bed.state(), repository) };
                std::sync::Arc::new(RUNTIME.block_on(DockerExecutor::connect(options)).unwrap())
            }
            Kind::Process | Kind::Shared => {
                let options = exec::ProcessOptions { credentials, ..process_options(bed.state(), repository) };
                std::sync::Arc::new(RUNTIME.block_on(exec::ProcessExecutor::open(options)).unwrap())
            }
        }
    };
    let run = |giver: Giver, wanted: bool| {
        let mut exec = Exec::new("env | grep ^AWS_ | sort > %s || true").file_output();
        exec.config.need_aws_credentials = wanted;
        let executor = with(giver);
        let report = RUNTIME.block_on(executor.run(&exec.request(), &|_| {}, &exec::CancelToken::never()));
        RUNTIME.block_on(executor.settle());
        report.map(|report| bed.content(&report.outcome.unwrap().fileset.list[0]))
    };
    let three = "AWS_ACCESS_KEY_ID=x y of AWS_ACCESS_KEY_ID\nAWS_SECRET_ACCESS_KEY=x y of AWS_SECRET_ACCESS_KEY\n\
                 AWS_SESSION_TOKEN=x y of AWS_SESSION_TOKEN\n";
    assert_eq!(run(Giver(Some("x y")), true).unwrap(), three);
    assert_eq!(run(Giver(Some("x y")), false).unwrap(), "");
    let error = run(Giver(None), true).unwrap_err();
    assert_eq!(error.kind(), Failure::Temporary, "{error}");
    assert!(error.to_string().contains("the token has expired"), "{error}");
    assert!(run(Giver(None), false).is_ok());
}
