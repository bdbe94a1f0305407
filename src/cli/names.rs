//! Names of what there is while programs run (CLI spec §8): `HOST/ALLOC` and `HOST/ALLOC/EXEC`.
//!
//! On one machine, an alloc is the room that one run holds: it is called after the first 16 digits of the run's
//! id. An exec is called after the key of its result, all 64 digits, as its folder and its logs are.

use base::Digest;
use base::digest::PartialDigest;

/// This machine.
pub(crate) fn host() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// Digits of a run's id that name its alloc.
const ALLOC_DIGITS: usize = 16;

/// The name of the room that a run on `host` holds.
pub(crate) fn alloc(host: &str, run: &Digest) -> String {
    format!("{host}/{}", &run.hex()[..ALLOC_DIGITS])
}

/// What a word on the command line names.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Name {
    /// A run, a task, a cached fileset or an object, perhaps abbreviated.
    Id(PartialDigest),
    /// The room of the run whose id begins so.
    Alloc(PartialDigest),
    /// An exec of the run whose id begins so, by the key of its result.
    Exec(PartialDigest, PartialDigest),
}

impl Name {
    /// Understands `[sha256:]HEX`, `HOST/ALLOC`, `HOST/ALLOC/EXEC` and `ALLOC/EXEC`; the error is for people.
    /// The host must be this one, its port is not looked at.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        if text.starts_with('-') {
            return Err(format!("{text} stands behind an argument; flags come first"));
        }
        let parts: Vec<&str> = text.split('/').collect();
        let part = |hex: &str| {
            let named = PartialDigest::parse(hex).ok().filter(|_| !hex.starts_with("sha256:"));
            named.ok_or_else(|| {
                format!("{text:?} names nothing: {hex:?} is not an even number of lower-case hex digits")
            })
        };
        match parts[..] {
            [id] => PartialDigest::parse(id).map(Self::Id).map_err(|error| error.to_string()),
            [alloc, exec] if PartialDigest::parse(alloc).is_ok() => Ok(Self::Exec(part(alloc)?, part(exec)?)),
            [host, alloc] => known_host(host).and_then(|()| part(alloc)).map(Self::Alloc),
            [host, alloc, exec] => {
                known_host(host)?;
                Ok(Self::Exec(part(alloc)?, part(exec)?))
            }
            _ => Err(format!("{text:?} names nothing: names are ID, HOST/ALLOC or HOST/ALLOC/EXEC")),
        }
    }
}

fn known_host(name: &str) -> Result<(), String> {
    let here = host();
    let bare = name.split_once(':').map_or(name, |(bare, _)| bare);
    if bare == here || bare == "localhost" {
        return Ok(());
    }
    Err(format!("{name} is another machine than this one, {here}; only what runs here can be looked at"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(text: &str) -> PartialDigest {
        PartialDigest::parse(text).unwrap()
    }

    #[test]
    fn names_have_one_to_three_parts() {
        let here = host();
        let table = [
            ("12345678".to_owned(), Name::Id(hex("12345678"))),
            ("sha256:1234".to_owned(), Name::Id(hex("1234"))),
            (format!("{here}/00ff"), Name::Alloc(hex("00ff"))),
            (format!("{here}:9000/00ff"), Name::Alloc(hex("00ff"))),
            (format!("{here}/00ff/1234"), Name::Exec(hex("00ff"), hex("1234"))),
            ("00ff/1234".to_owned(), Name::Exec(hex("00ff"), hex("1234"))),
        ];
        for (text, name) in table {
            assert_eq!(Name::parse(&text), Ok(name), "{text}");
        }
    }

    #[test]
    fn other_words_name_nothing() {
        for (text, reason) in [
            ("123", "not a digest"),
            ("-full", "flags come first"),
            ("nosuch.example/00ff", "another machine"),
            ("nosuch.example:9000/00ff/1234", "another machine"),
            ("00ff/xyz", "\"xyz\" is not an even number"),
            ("00ff/sha256:1234", "is not an even number"),
            ("localhost/0", "\"0\" is not an even number"),
            ("a/b/c/d", "names nothing"),
            ("", "not a digest"),
        ] {
            let error = Name::parse(text).unwrap_err();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }
}
