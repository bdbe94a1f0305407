//! The world that programs of tests see: their own files, objects under URLs, and execs that only say
//! what they would have run.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fmt::Write;

use base::Fileset;
use base::config::OutputKind;
use base::digest::Digest;
use base::failure::{Error, Kind};
use base::file::{File, Origin};
use flow::node::{ArgRef, Exec};

/// Objects by URL, and what execs come to.
#[derive(Default)]
pub(crate) struct World {
    objects: BTreeMap<String, Vec<u8>>,
    /// How often an exec of the image `random` has run: it never gives the same output twice.
    random: Cell<u32>,
}

impl World {
    pub(crate) fn new(objects: impl IntoIterator<Item = (String, Vec<u8>)>) -> Self {
        Self { objects: objects.into_iter().collect(), random: Cell::new(0) }
    }

    /// The fileset under a URL. Objects of `s3:` are references unless they must be resolved, as stores
    /// in the cloud give them; all others are resolved.
    pub(crate) fn intern(&self, url: &str, must_resolve: bool) -> Result<Fileset, Error> {
        let file = |url: &str, data: &[u8]| {
            if must_resolve || !url.starts_with("s3:") {
                return File::resolved(Digest::of(data), data.len() as u64);
            }
            let etag = Digest::of(data).short();
            File::reference(data.len() as u64, Origin { source: url.to_owned(), etag, ..Origin::default() })
        };
        if let Some(data) = self.objects.get(url) {
            return Ok(Fileset::of_file(file(url, data)));
        }
        let below = self.objects.iter().filter_map(|(found, data)| {
            let path = found.strip_prefix(url).filter(|_| url.ends_with('/'))?;
            Some((path.to_owned(), file(found, data)))
        });
        let map: BTreeMap<_, _> = below.collect();
        if map.is_empty() {
            return Err(Error::new(Kind::NotExist, url));
        }
        Ok(Fileset::of_map(map))
    }

    /// What an exec gives: every output is a file, or a directory of one file, that holds the command. One
    /// without declared outputs gives one file.
    pub(crate) fn run(&self, exec: &Exec) -> Fileset {
        let mut data = format!("{}: {}", exec.image, command(exec));
        if &*exec.image == "random" {
            self.random.set(self.random.get() + 1);
            let _ = write!(data, " #{}", self.random.get());
        }
        let output = |(number, kind): (usize, &OutputKind)| {
            let data = format!("{number} of {data}");
            let file = File::resolved(Digest::of(&data), data.len() as u64);
            match kind {
                OutputKind::File => Fileset::of_file(file),
                _ => Fileset::of_map([("made".to_owned(), file)].into()),
            }
        };
        match exec.outputs.as_deref() {
            Some(outputs) => Fileset::of_list(outputs.iter().enumerate().map(output).collect()),
            None => output((0, &OutputKind::File)),
        }
    }
}

/// The command with the names of its arguments in place.
fn command(exec: &Exec) -> String {
    let mut text = String::new();
    let mut names = exec.arg_names.iter();
    let mut rest = exec.command.as_ref();
    while let Some((before, behind)) = rest.split_once('%') {
        text.push_str(before);
        match behind.strip_prefix('s') {
            Some(_) => text.push_str(names.next().map_or("?", |name| name)),
            None => text.push('%'),
        }
        rest = behind.get(1..).unwrap_or("");
    }
    text + rest
}

/// An exec as lines for people.
pub(crate) fn describe(exec: &Exec, ident: &str, deps: &[String]) -> String {
    let mut text = format!("exec{ident}\n  image {}\n  command {:?}\n", exec.image, command(exec));
    let _ = writeln!(text, "  format {:?}", exec.command);
    let arg = |arg: &ArgRef| match arg {
        ArgRef::Input(index) => format!("input {index}"),
        ArgRef::Output(number) => format!("output {number}"),
    };
    let args: Vec<_> = exec.args.as_deref().unwrap_or_default().iter().map(arg).collect();
    let _ = writeln!(text, "  args {}", if args.is_empty() { "none".to_owned() } else { args.join(", ") });
    for dep in deps {
        let _ = writeln!(text, "  input {dep}");
    }
    let kind = |kind: &OutputKind| match kind {
        OutputKind::File => "file",
        OutputKind::Dir => "dir",
    };
    let outputs: Vec<_> = exec.outputs.as_deref().unwrap_or_default().iter().map(kind).collect();
    let _ = writeln!(text, "  outputs {}", outputs.join(", "));
    let resources: Vec<_> = exec.resources.iter().map(|(label, amount)| format!("{label} {amount}")).collect();
    let _ = writeln!(text, "  resources {}", resources.join(", "));
    if exec.nondeterministic {
        text.push_str("  nondeterministic\n");
    }
    text
}
