//! What differs between two execs: the parts of their keys, one by one.

use std::collections::BTreeSet;

use base::{File, Fileset};
use store::{ArgumentPlace, Material, Recipe};

use crate::describe;

/// A part of an exec's key that is not what it was.
#[derive(Clone, Debug, PartialEq)]
pub enum Difference {
    /// Another image, or the same name that stands for another image now.
    Image {
        /// The program's text, then and now.
        text: (String, String),
        /// What ran, then and now.
        image: (String, String),
    },
    /// Another command; with the program's names in place of arguments.
    Command {
        /// Then.
        from: String,
        /// Now.
        to: String,
    },
    /// An input with another content.
    Input {
        /// The program's name for it, such as `{{reads}}`.
        argument: String,
        /// Its number among the inputs now.
        number: usize,
        /// What of it changed, in order of path.
        changes: Vec<FileChange>,
    },
    /// An input that was not there.
    InputAdded {
        /// The program's name for it.
        argument: String,
        /// Its number among the inputs now.
        number: usize,
    },
    /// An input that is there no more.
    InputRemoved {
        /// The program's name for it.
        argument: String,
    },
    /// Arguments of the same command stand for others, or outputs became files or folders.
    Arguments,
    /// Another executor: what one ran does not answer for the other.
    Executor {
        /// Then.
        from: String,
        /// Now.
        to: String,
    },
    /// Another namespace of results.
    Universe {
        /// Then.
        from: String,
        /// Now.
        to: String,
    },
    /// A repetition that is kept apart on purpose.
    Repetition,
}

/// A file of an input that is not what it was.
#[derive(Clone, Debug, PartialEq)]
pub struct FileChange {
    /// Its path in the input, such as `genome.fa`, `[2]` for an element of a list; empty for an input that is
    /// one file.
    pub path: String,
    /// The file then; none if it is new.
    pub from: Option<File>,
    /// The file now; none if it is gone.
    pub to: Option<File>,
}

/// The differences from one exec to another.
pub fn compare(from: &Material, to: &Material) -> Vec<Difference> {
    let (old, new) = (&from.recipe, &to.recipe);
    let mut found = Vec::new();
    if old.executor != new.executor {
        found.push(Difference::Executor { from: old.executor.clone(), to: new.executor.clone() });
    }
    if old.universe != new.universe {
        found.push(Difference::Universe { from: old.universe.clone(), to: new.universe.clone() });
    }
    if old.image != new.image {
        let text = (old.program_image.clone(), new.program_image.clone());
        found.push(Difference::Image { text, image: (old.image.clone(), new.image.clone()) });
    }
    if old.command != new.command {
        found.push(Difference::Command { from: shown(old), to: shown(new) });
    } else if places(old) != places(new) || old.outputs != new.outputs {
        found.push(Difference::Arguments);
    }
    if old.repetition != new.repetition {
        found.push(Difference::Repetition);
    }
    compare_inputs(from, to, &mut found);
    found
}

fn shown(recipe: &Recipe) -> String {
    describe::named(&recipe.command, recipe.arguments.iter().map(|argument| argument.name.as_str()))
}

fn places(recipe: &Recipe) -> Vec<ArgumentPlace> {
    recipe.arguments.iter().map(|argument| argument.place).collect()
}

/// The inputs of a material, each with the first name that the program has for it.
pub fn named_inputs(material: &Material) -> Vec<(&str, &Fileset)> {
    let name = |number: usize| {
        let is_it = |place: ArgumentPlace| place == ArgumentPlace::Input(number as u32);
        let argument = material.recipe.arguments.iter().find(|argument| is_it(argument.place));
        argument.map_or("", |argument| argument.name.as_str())
    };
    material.inputs.iter().enumerate().map(|(number, fileset)| (name(number), fileset)).collect()
}

/// Pairs inputs of the same name in order, and what is left over in order; a change of names means nothing.
fn compare_inputs(from: &Material, to: &Material, found: &mut Vec<Difference>) {
    let (old, new) = (named_inputs(from), named_inputs(to));
    let mut free: Vec<usize> = (0..old.len()).collect();
    let mut partner: Vec<Option<usize>> = new
        .iter()
        .map(|(name, _)| {
            let at = free.iter().position(|number| old[*number].0 == *name)?;
            Some(free.remove(at))
        })
        .collect();
    let mut rest = free.into_iter();
    for slot in partner.iter_mut().filter(|slot| slot.is_none()) {
        *slot = rest.next();
    }
    for (number, ((name, now), partner)) in new.iter().zip(partner).enumerate() {
        let argument = (*name).to_owned();
        match partner.map(|partner| old[partner].1) {
            None => found.push(Difference::InputAdded { argument, number }),
            Some(then) => {
                let mut changes = Vec::new();
                compare_filesets(then, now, "", &mut changes);
                if !changes.is_empty() {
                    found.push(Difference::Input { argument, number, changes });
                }
            }
        }
    }
    found.extend(rest.map(|number| Difference::InputRemoved { argument: old[number].0.to_owned() }));
}

/// The files that differ, with their paths behind `prefix`.
pub fn compare_filesets(from: &Fileset, to: &Fileset, prefix: &str, changes: &mut Vec<FileChange>) {
    let paths: BTreeSet<&String> = from.map.keys().chain(to.map.keys()).collect();
    for path in paths {
        let (then, now) = (from.map.get(path), to.map.get(path));
        if then.map(File::digest) != now.map(File::digest) {
            let path = match path.as_str() {
                Fileset::ROOT => prefix.to_owned(),
                path if prefix.is_empty() => path.to_owned(),
                path => format!("{prefix}/{path}"),
            };
            changes.push(FileChange { path, from: then.cloned(), to: now.cloned() });
        }
    }
    let empty = Fileset::new();
    for i in 0..from.list.len().max(to.list.len()) {
        let (then, now) = (from.list.get(i).unwrap_or(&empty), to.list.get(i).unwrap_or(&empty));
        compare_filesets(then, now, &format!("{prefix}[{i}]"), changes);
    }
}

#[cfg(test)]
mod tests {
    use base::Digest;
    use store::Argument;

    use super::*;

    fn file(content: &str) -> Fileset {
        Fileset::of_file(File::resolved(Digest::of(content), content.len() as u64))
    }

    fn material(command: &str, inputs: &[(&str, Fileset)]) -> Material {
        let argument = |(number, (name, _)): (usize, &(&str, Fileset))| Argument {
            name: (*name).to_owned(),
            place: ArgumentPlace::Input(number as u32),
        };
        Material {
            recipe: Recipe {
                image: "debian@sha256:1".to_owned(),
                program_image: "debian:12".to_owned(),
                command: command.to_owned(),
                arguments: inputs.iter().enumerate().map(argument).collect(),
                outputs: Vec::new(),
                executor: "docker".to_owned(),
                universe: String::new(),
                repetition: None,
                nondeterministic: false,
            },
            inputs: inputs.iter().map(|(_, fileset)| fileset.clone()).collect(),
        }
    }

    #[test]
    fn equal_materials_do_not_differ() {
        let one = material("cat %s", &[("{{a}}", file("1"))]);
        assert_eq!(compare(&one, &one), []);
        // Names mean nothing.
        assert_eq!(compare(&one, &material("cat %s", &[("{{b}}", file("1"))])), []);
    }

    #[test]
    fn inputs_are_paired_by_name_then_by_order() {
        let from = material("paste %s %s", &[("{{a}}", file("1")), ("{{b}}", file("2"))]);
        let to = material("paste -s %s %s", &[("{{b}}", file("2")), ("{{c}}", file("3"))]);
        let found = compare(&from, &to);
        assert_eq!(
            found[0],
            Difference::Command { from: "paste {{a}} {{b}}".to_owned(), to: "paste -s {{b}} {{c}}".to_owned() }
        );
        let Difference::Input { argument, number: 1, changes } = &found[1] else { panic!("{found:?}") };
        assert_eq!((argument.as_str(), changes.len(), found.len()), ("{{c}}", 1, 2));
        let fewer = material("paste %s", &[("{{b}}", file("2"))]);
        assert_eq!(compare(&from, &fewer)[1], Difference::InputRemoved { argument: "{{a}}".to_owned() });
        let more = compare(&fewer, &from);
        assert_eq!(more[1], Difference::InputAdded { argument: "{{a}}".to_owned(), number: 0 });
    }

    #[test]
    fn files_of_folders_and_lists_have_paths() {
        let tree = |content: &str| {
            let leaf = |content: &str| File::resolved(Digest::of(content), 1);
            Fileset::of_map([("a/b".to_owned(), leaf(content)), ("c".to_owned(), leaf("same"))].into())
        };
        let list = |content: &str| Fileset::of_list(vec![file("x"), tree(content)]);
        let found = compare(&material("%s", &[("{{l}}", list("1"))]), &material("%s", &[("{{l}}", list("2"))]));
        let [Difference::Input { changes, .. }] = found.as_slice() else { panic!("{found:?}") };
        let paths: Vec<&str> = changes.iter().map(|change| change.path.as_str()).collect();
        assert_eq!(paths, ["[1]/a/b"]);
        let gone = compare(
            &material("%s", &[("{{l}}", list("1"))]),
            &material("%s", &[("{{l}}", Fileset::of_list(vec![file("x")]))]),
        );
        let [Difference::Input { changes, .. }] = gone.as_slice() else { panic!("{gone:?}") };
        assert!(changes.len() == 2 && changes.iter().all(|change| change.to.is_none()), "{changes:?}");
    }

    #[test]
    fn every_other_part_is_told() {
        let one = material("cat", &[]);
        let mut other = one.clone();
        other.recipe.image = "debian@sha256:2".to_owned();
        other.recipe.executor = "process".to_owned();
        other.recipe.universe = "u".to_owned();
        other.recipe.repetition = Some(Digest::of("2"));
        other.recipe.outputs = vec![base::config::OutputKind::Dir];
        let found = compare(&one, &other);
        assert!(matches!(
            found.as_slice(),
            [
                Difference::Executor { .. },
                Difference::Universe { .. },
                Difference::Image { .. },
                Difference::Arguments,
                Difference::Repetition
            ]
        ));
    }
}
