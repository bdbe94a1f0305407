//! Putting files under a folder by paths that came from elsewhere.
//!
//! Paths inside filesets are written by programs and by other machines; none may lead out of the folder
//! that they are meant for, neither by their text nor by a symbolic link that lies in their way.

use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use base::{Error, Kind};
use rustix::fs::{CWD, Mode, OFlags};
use rustix::io::Errno;

use crate::located::Located;

/// Joins a path that is not trusted to a folder.
///
/// `Invalid` for absolute paths, `.` and `..`, empty components and NUL; only the path `.` alone is fine
/// and names the folder itself. Looks at the text alone: whoever writes there must not follow symbolic
/// links (see [`FileRepository::materialize_under`](crate::FileRepository::materialize_under)).
pub fn safe_join(root: &Path, relative: &str) -> Result<PathBuf, Error> {
    if relative == "." {
        return Ok(root.to_owned());
    }
    check(relative)?;
    Ok(root.join(relative))
}

fn check(relative: &str) -> Result<(), Error> {
    let is_bad = |component: &str| matches!(component, "" | "." | "..") || component.contains('\0');
    if relative.split('/').any(is_bad) {
        return Err(unsafe_path(relative, "it is not a plain relative path"));
    }
    Ok(())
}

fn unsafe_path(relative: &str, why: &str) -> Error {
    Error::new(Kind::Invalid, format!("path {relative:?} is refused: {why}"))
}

/// Opens a folder that is trusted.
pub(crate) fn open_folder(path: &Path) -> Result<OwnedFd, Error> {
    let path = if path.as_os_str().is_empty() { Path::new(".") } else { path };
    rustix::fs::openat(CWD, path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())
        .at("open folder", path)
}

/// Opens the folder below `root` in which the last component of `relative` belongs, making what is
/// missing. Each step is taken from the folder before, so nobody can put a link in between.
pub(crate) fn open_parent<'a>(root: &Path, relative: &'a str) -> Result<(OwnedFd, &'a str), Error> {
    check(relative)?;
    let mut folder = open_folder(root)?;
    let Some((parents, name)) = relative.rsplit_once('/') else { return Ok((folder, relative)) };
    for component in parents.split('/') {
        folder = match open_step(&folder, component) {
            Err(Errno::NOENT) => match rustix::fs::mkdirat(&folder, component, Mode::from_raw_mode(0o777)) {
                Ok(()) | Err(Errno::EXIST) => open_step(&folder, component),
                Err(error) => Err(error),
            },
            other => other,
        }
        .map_err(|error| match error {
            Errno::LOOP | Errno::NOTDIR => unsafe_path(relative, &format!("{component:?} is not a folder")),
            error => Error::from(std::io::Error::from(error)).during(format!("open {}", root.join(relative).display())),
        })?;
    }
    Ok((folder, name))
}

fn open_step(folder: &OwnedFd, component: &str) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    rustix::fs::openat(folder, component, flags, Mode::empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_paths_are_joined() {
        let root = Path::new("/root/of");
        for (relative, joined) in
            [("a", "/root/of/a"), ("a/b.c/..d", "/root/of/a/b.c/..d"), (".", "/root/of"), (" ", "/root/of/ ")]
        {
            assert_eq!(safe_join(root, relative), Ok(PathBuf::from(joined)));
        }
    }

    #[test]
    fn hostile_paths_are_invalid() {
        for relative in ["", "/", "/etc/passwd", "..", "a/..", "a/../b", "a//b", "a/", "./a", "a/.", "a\0b", "//x"] {
            let kind = safe_join(Path::new("/root"), relative).map_err(|error| error.kind());
            assert_eq!(kind, Err(Kind::Invalid), "{relative:?}");
        }
    }
}
