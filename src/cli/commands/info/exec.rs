//! An exec, an intern or an extern of a run.

use std::fmt::Write;
use std::time::SystemTime;

use base::{Fileset, units};
use store::{ArgumentPlace, LocalStore, LogPlace, Material, TaskKind, TaskRecord};

use super::{Fields, fileset_of_key, time, write_files};
use crate::exit::Exit;
use crate::history::TaskView;

/// What is known of a task: what it does, with what, how it went.
pub(super) fn text(store: &LocalStore, view: &TaskView) -> Result<String, Exit> {
    let task = &view.record;
    let mut fields = Fields::default();
    fields.line("state", view.state.name());
    fields.line("type", task.kind.name());
    what_it_is(&mut fields, task);
    let material = match &task.key {
        Some(key) => store.materials().get(key)?,
        None => None,
    };
    if let Some(material) = &material {
        write_arguments(&mut fields.0, material);
    }
    how_it_went(&mut fields, view);
    let mut text = format!("{} ({})\n{}", task.id.hex(), task.kind.name(), fields.0);
    if let Some(key) = &task.key
        && task.error.is_none()
        && let Some(files) = fileset_of_key(store, key)?
    {
        text.push_str("    result:\n");
        text.push_str(&files);
    }
    Ok(text)
}

fn what_it_is(fields: &mut Fields, task: &TaskRecord) {
    if let Some(uri) = &task.uri {
        fields.line("name", uri);
    }
    fields.line("run", task.run.short());
    if !task.ident.is_empty() {
        fields.line("ident", &task.ident);
    }
    if !task.position.is_empty() {
        fields.line("place", &task.position);
    }
    if let Some(flow) = &task.flow {
        fields.line("flow", flow.short());
    }
    if !task.image.is_empty() {
        fields.line("image", &task.image);
    }
    let name = if task.kind == TaskKind::Exec { "cmd" } else { "url" };
    fields.line(name, types::quote::quote(task.command.as_bytes()));
}

fn how_it_went(fields: &mut Fields, view: &TaskView) {
    let task = &view.record;
    if let Some(start) = task.start.or(task.begin) {
        fields.line("time", time(start));
        let end = if view.state.is_live() { Some(SystemTime::now()) } else { task.end };
        if let Some(elapsed) = end.and_then(|end| end.duration_since(start).ok()) {
            fields.line("elapsed", format!("{:.3}s", elapsed.as_secs_f64()));
        }
    }
    if let Some(live) = &view.live {
        fields.0.push_str("    top:\n");
        for command in &live.commands {
            let _ = writeln!(fields.0, "         {command}");
        }
    }
    if task.kind == TaskKind::Exec {
        fields.line("requested", &task.resources);
    }
    if let Some(cpu) = task.usage.cpu_seconds {
        fields.line("cpu", format!("{cpu:.3}s"));
    }
    if let Some(memory) = task.usage.max_memory {
        fields.line("memory", units::data_size(memory));
    }
    for (name, bytes) in [("read", task.usage.read), ("written", task.usage.written)] {
        if let Some(bytes) = bytes {
            fields.line(name, units::data_size(bytes));
        }
    }
    if let Some(exit) = task.exit {
        fields.line("exit", exit);
    }
    if let Some(error) = &task.error {
        fields.line("error", error);
    }
    for (name, place) in [("stdout", &task.stdout), ("stderr", &task.stderr)] {
        match place {
            None => {}
            Some(LogPlace::Path(path)) => fields.line(name, path.display()),
            Some(LogPlace::Blob(digest)) => fields.line(name, digest),
        }
    }
}

/// The arguments of the command in order; those that hold the same files share the entry of the first.
fn write_arguments(text: &mut String, material: &Material) {
    let mut inputs: Vec<(&Fileset, Vec<usize>)> = Vec::new();
    let mut outputs = Vec::new();
    for (number, argument) in material.recipe.arguments.iter().enumerate() {
        match argument.place {
            ArgumentPlace::Output(output) => outputs.push((number, output)),
            ArgumentPlace::Input(input) => {
                let Some(files) = material.inputs.get(input as usize) else { continue };
                match inputs.iter_mut().find(|(known, _)| *known == files) {
                    Some((_, numbers)) => numbers.push(number),
                    None => inputs.push((files, vec![number])),
                }
            }
        }
    }
    let mut entries: Vec<(usize, String)> = Vec::new();
    for (number, output) in outputs {
        entries.push((number, format!("      arg[{number}]: output {output}\n")));
    }
    for (files, numbers) in inputs {
        let names: Vec<String> = numbers.iter().map(|number| format!("arg[{number}]")).collect();
        let mut entry = format!("      {}:\n", names.join(", "));
        write_files(&mut entry, files, "        ");
        entries.push((numbers[0], entry));
    }
    entries.sort_unstable_by_key(|(number, _)| *number);
    text.extend(entries.into_iter().map(|(_, entry)| entry));
}
