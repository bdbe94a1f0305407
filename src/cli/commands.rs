//! The commands, one room each.

mod audit;
mod bundle;
mod cat;
mod check;
mod check_store;
mod collect;
mod config;
mod doc;
mod eval;
mod explain;
mod format;
mod images;
mod info;
mod kill;
mod list;
mod logs;
mod named;
mod plan;
mod pred;
mod program;
mod ps;
mod repair;
mod replay;
mod rmcache;
mod root;
mod run;
mod shell;
mod sync;
mod test;
mod version;
mod why;

use std::rc::Rc;

use lang::session::Session;
use syntax::diagnostic::{Code, Diagnostic};

use crate::arguments::{Arguments, CommandLine, Global};
use crate::configuration;
use crate::exit::Exit;
use crate::local_sources::LocalSources;
use crate::terminal;

/// Runs the command that the arguments name.
pub(crate) fn run(arguments: Arguments) -> Exit {
    let Arguments { global, command } = arguments;
    terminal::choose_format(global.error_format);
    let (file, overrides) = (global.config.as_deref(), global.overrides.given());
    if let Err(exit) = configuration::load(file, &overrides, global.log.name()) {
        return exit.prefixed();
    }
    if let Err(exit) = diagnostics(&global) {
        return exit.prefixed();
    }
    let (name, done) = match command {
        CommandLine::Repl(flags) => ("repl", crate::repl::run(&global, &flags)),
        CommandLine::Run(flags) => ("run", run::run(&global, &flags)),
        CommandLine::Test(flags) => ("test", test::run(&global, &flags)),
        CommandLine::Check(flags) => ("check", check::run(&flags)),
        CommandLine::Fmt(flags) => ("fmt", format::run(&flags)),
        CommandLine::Doc(flags) => ("doc", doc::run(&flags)),
        CommandLine::Bundle(flags) => ("bundle", bundle::run(&flags)),
        CommandLine::Images(flags) => ("images", images::run(&global, &flags)),
        CommandLine::Eval(flags) => ("eval", eval::run(&global, &flags)),
        CommandLine::Explain(flags) => ("explain", explain::run(&flags)),
        CommandLine::Info(flags) => ("info", info::run(&flags)),
        CommandLine::Ps(flags) => ("ps", ps::run(&flags)),
        CommandLine::List(flags) => ("list", list::run(&flags)),
        CommandLine::Shell(flags) => ("shell", shell::run(&flags)),
        CommandLine::Kill(flags) => ("kill", kill::run(&flags)),
        CommandLine::Logs(flags) => ("logs", logs::run(&flags)),
        CommandLine::Replay(flags) => ("replay", replay::run(&flags)),
        CommandLine::Audit(flags) => ("audit", audit::run(&flags)),
        CommandLine::Plan(flags) => ("plan", plan::run(&global, &flags)),
        CommandLine::Why(flags) => ("why", why::run(&flags)),
        CommandLine::Cat(flags) => ("cat", cat::run(&flags)),
        CommandLine::CheckStore(flags) => ("check-store", check_store::run(&flags)),
        CommandLine::Collect(flags) => ("collect", collect::run(&flags)),
        CommandLine::Repair(flags) => ("repair", repair::run(&global, &flags)),
        CommandLine::Root(flags) => ("root", root::run(&flags)),
        CommandLine::Sync(flags) => ("sync", sync::run(&global, &flags)),
        CommandLine::Rmcache(flags) => ("rmcache", rmcache::run(&flags)),
        CommandLine::Pred(flags) => ("pred", pred::run(&flags)),
        CommandLine::Config(flags) => ("config", config::run(&flags)),
        CommandLine::Upgrade(_) => ("upgrade", config::upgrade()),
        CommandLine::Version(_) => ("version", version::run()),
    };
    match done {
        Ok(()) => Exit::Success,
        Err(exit) => exit.named(name),
    }
}

/// What is asked for about the program itself (CLI spec §2).
fn diagnostics(global: &Global) -> Result<(), Exit> {
    if !global.http.is_empty() {
        return Err(Exit::failed(format!("-http {}: this build has no server of diagnostics", global.http)));
    }
    for path in [&global.cpuprofile, &global.memprofile].into_iter().filter(|path| !path.is_empty()) {
        std::fs::File::create(path).map_err(|error| Exit::failed(format!("{path}: {error}")))?;
    }
    Ok(())
}

/// A session over the file system that traces to standard error.
pub(crate) fn session() -> Rc<Session> {
    Session::new(Rc::new(LocalSources), terminal::say)
}

/// What is said of a program that is used, not checked: unused names and the like are left to `check` and
/// `bundle` (language spec §3.7).
pub(crate) fn without_advice(mut diagnostics: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let is_advice = |code| (Code(1000)..Code(2000)).contains(&code);
    diagnostics.retain(|diagnostic| diagnostic.is_error() || !is_advice(diagnostic.code));
    diagnostics
}

/// Prints a result; a pipe that nobody reads any more is no failure of ours.
pub(crate) fn answer(text: impl AsRef<[u8]>) -> Result<(), Exit> {
    match terminal::answer(text.as_ref()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Exit::failed(format!("cannot write to standard output: {error}")))
        }
        _ => Ok(()),
    }
}
