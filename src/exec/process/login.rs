//! What the login files of this machine give to commands, found out once for all commands of a run.
//!
//! Commands are to find what a login shell finds (runtime spec §6.3). A login shell takes longer to start than
//! many a command runs, and what its files export is the same each time. So a first shell tells what it found, and
//! the others are given it. Where the files do more than export variables every command reads them itself.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use base::Error;

use super::launch::Launched;
use super::silent;
use crate::blocking::blocking;
use crate::launcher::order::Order;
use crate::scratch::Scratch;
use crate::site::Site;

/// How commands come by what login files give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Login {
    /// Each is a login shell.
    Each,
    /// They are given these variables, over those that every command has.
    Exported(Vec<(String, String)>),
}

/// Variables that a shell sets for itself.
const OWN: [&str; 5] = ["_", "OLDPWD", "PATH", "PWD", "SHLVL"];

/// Writes down what there is after the login files were read. Functions that are not exported reach nobody else.
const TELL: &str = "cat /proc/self/environ > /return/environment; cat /proc/self/limits > /return/limits; \
                    umask > /return/mask; declare -F | grep -v ' -fx ' > /return/functions || true";

/// The mode bits that commands start with.
const MASK: &str = "0022";

/// Has a first login shell tell. `environment` is what every command has, `launch` gives an order to the launcher.
pub(super) async fn find_out<L>(
    site: &Site,
    environment: Vec<(String, String)>,
    launch: impl FnOnce(Order) -> L,
) -> Result<Login, Error>
where
    L: Future<Output = Result<Launched, Error>>,
{
    let execs = site.execs().to_owned();
    let scratch = blocking(move || Scratch::claim_for(&execs, "login")).await?;
    let arguments = ["-e", "-l", "-o", "pipefail", "-c", TELL];
    let mut launched = launch(silent(&arguments, environment.clone(), &scratch)).await?;
    let has_told = launched.end().await?.is_ok_and(|ended| ended.status == 0);
    blocking(move || {
        let told = has_told.then(|| read(&scratch.output(), &environment)).flatten();
        Ok(told.map_or(Login::Each, Login::Exported))
    })
    .await
}

/// The variables that were told of, unless there is more to it than variables.
fn read(folder: &Path, environment: &[(String, String)]) -> Option<Vec<(String, String)>> {
    let told = |name: &str| fs::read_to_string(folder.join(name)).ok();
    let is_plain = told("functions")?.is_empty()
        && told("mask")?.trim() == MASK
        && told("limits")? == fs::read_to_string("/proc/self/limits").ok()?;
    is_plain.then(|| exported(&told("environment")?, environment)).flatten()
}

/// What of `told`, variables that end with a zero byte each, is not in `environment`. `None` if it lacks some of
/// that: only a login shell can take variables away.
fn exported(told: &str, environment: &[(String, String)]) -> Option<Vec<(String, String)>> {
    let told: BTreeMap<&str, &str> =
        told.split_terminator('\0').map(|pair| pair.split_once('=')).collect::<Option<_>>()?;
    if environment.iter().any(|(name, _)| !told.contains_key(name.as_str())) {
        return None;
    }
    let is_known = |name: &str, value: &str| environment.iter().any(|(known, has)| known == name && has == value);
    let new = told.into_iter().filter(|(name, value)| !OWN.contains(name) && !is_known(name, value));
    Some(new.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn variables(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
    }

    #[test]
    fn what_is_new_is_exported() {
        let known = variables(&[("HOME", "/tmp"), ("PATH", "/bin"), ("tmp", "/tmp")]);
        let told = "HOME=/tmp\0PATH=/usr/bin\0PWD=/\0SHLVL=1\0_=/usr/bin/cat\0tmp=/tmp\0";
        assert_eq!(exported(told, &known), Some(Vec::new()));
        let more = format!("{told}MODULES=a=b\nc\0BASH_FUNC_m%%=() {{  :\n}}\0");
        let new = variables(&[("BASH_FUNC_m%%", "() {  :\n}"), ("MODULES", "a=b\nc")]);
        assert_eq!(exported(&more, &known), Some(new));
        let other = told.replace("HOME=/tmp", "HOME=/home");
        assert_eq!(exported(&other, &known), Some(variables(&[("HOME", "/home")])));
    }

    #[test]
    fn what_is_gone_cannot_be_told() {
        let known = variables(&[("HOME", "/tmp"), ("tmp", "/tmp")]);
        assert_eq!(exported("HOME=/tmp\0", &known), None);
        assert_eq!(exported("HOME=/tmp\0tmp=/tmp\0garbage\0", &known), None);
    }

    #[test]
    fn more_than_variables_is_not_passed_on() {
        let folder = tempfile::tempdir().unwrap();
        let tell = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        let limits = fs::read_to_string("/proc/self/limits").unwrap();
        let plain = [("functions", ""), ("mask", "0022\n"), ("limits", limits.as_str()), ("environment", "A=1\0")];
        let others = [("functions", "declare -f module\n"), ("mask", "0077\n"), ("limits", "Max nothing\n")];
        for (name, text) in plain {
            assert_eq!(read(folder.path(), &[]), None);
            tell(name, text);
        }
        assert_eq!(read(folder.path(), &[]), Some(variables(&[("A", "1")])));
        for (name, text) in others {
            tell(name, text);
            assert_eq!(read(folder.path(), &[]), None);
            plain.iter().for_each(|(name, text)| tell(name, text));
        }
    }
}
