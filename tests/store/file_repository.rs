//! Blobs as files: how they come in, how they get out, how damage is found.

use std::fs;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use base::{Digest, File, Kind};
use reflow_store::FileRepository;
use reflow_store::file_repository::Verdict;
use tempfile::TempDir;

/// A repository and a folder beside it for everything else.
struct Bed {
    folder: TempDir,
    repository: FileRepository,
}

impl Bed {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let repository = FileRepository::open(&folder.path().join("repository")).unwrap();
        Self { folder, repository }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn file(&self, name: &str, content: &str) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, content).unwrap();
        path
    }

    fn content(&self, file: &File) -> String {
        fs::read_to_string(self.repository.path(&file.digest())).unwrap()
    }

    fn assert_nothing_temporary(&self) {
        let left: Vec<_> = fs::read_dir(self.path("repository/tmp")).unwrap().collect();
        assert!(left.is_empty(), "{left:?}");
    }
}

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777
}

fn inode(path: &Path) -> u64 {
    fs::symlink_metadata(path).unwrap().ino()
}

fn expect(content: &str) -> File {
    File::resolved(Digest::of(content), content.len() as u64)
}

#[test]
fn rt_136_blobs_lie_under_their_digests() {
    let bed = Bed::new();
    let file = bed.repository.put_bytes(b"foo").unwrap();
    let path = bed.path("repository/2c/26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae");
    assert_eq!(bed.repository.path(&file.digest()), path);
    assert_eq!(fs::read_to_string(path).unwrap(), "foo");
    assert_eq!(bed.repository.stat(&file.digest()), Ok(Some(3)));
    assert_eq!(bed.repository.holds(&file), Ok(true));
    assert_eq!(bed.repository.holds(&File::resolved(file.digest(), 4)), Ok(false));
    let again = FileRepository::open(&bed.path("repository")).unwrap();
    assert_eq!(again.stat(&file.digest()), Ok(Some(3)));
    bed.assert_nothing_temporary();
}

#[test]
fn a_blob_is_read_only_once_it_is_synced() {
    let bed = Bed::new();
    let file = bed.repository.put_bytes(b"foo").unwrap();
    let path = bed.repository.path(&file.digest());
    assert_eq!(mode(&path), 0o644);
    bed.repository.sync(&[file.digest(), file.digest()]).unwrap();
    assert_eq!(mode(&path), 0o444);
    assert_eq!(bed.repository.sync(&[Digest::of("absent")]).unwrap_err().kind(), Kind::NotExist);
    // Bringing it again does not unseal it.
    bed.repository.put_bytes(b"foo").unwrap();
    bed.repository.put_reader(&mut &b"foo"[..]).unwrap();
    bed.repository.adopt(&bed.file("output", "foo")).unwrap();
    assert_eq!(mode(&path), 0o444);
    bed.assert_nothing_temporary();
}

#[test]
fn many_blobs_are_synced_together() {
    let bed = Bed::new();
    let files: Vec<File> =
        (0..700).map(|i| bed.repository.put_bytes(format!("content {i}").as_bytes()).unwrap()).collect();
    let digests: Vec<Digest> = files.iter().map(File::digest).collect();
    bed.repository.sync(&digests).unwrap();
    assert!(digests.iter().all(|digest| mode(&bed.repository.path(digest)) == 0o444));
    let mut listed: Vec<_> = bed.repository.iter().collect::<Result<_, _>>().unwrap();
    listed.sort_unstable();
    let mut expected: Vec<_> = files.iter().map(|file| (file.digest(), file.size)).collect();
    expected.sort_unstable();
    assert_eq!(listed, expected);
}

#[test]
fn adopting_moves() {
    let bed = Bed::new();
    let path = bed.file("output", "foo");
    let before = inode(&path);
    let file = bed.repository.adopt(&path).unwrap();
    assert_eq!((file.id, file.size), (Some(Digest::of("foo")), 3));
    assert!(!path.exists());
    assert_eq!(inode(&bed.repository.path(&file.digest())), before, "moved, not copied");
    let second = bed.file("output", "foo");
    bed.repository.adopt(&second).unwrap();
    assert!(!second.exists(), "what is there already is removed");
    assert_eq!(inode(&bed.repository.path(&file.digest())), before);
}

#[test]
fn adopting_takes_files_of_any_mode() {
    let bed = Bed::new();
    for (i, wanted) in [0o000, 0o200, 0o444, 0o777].into_iter().enumerate() {
        let content = format!("content {i}");
        let path = bed.file("output", &content);
        fs::set_permissions(&path, fs::Permissions::from_mode(wanted)).unwrap();
        assert_eq!(bed.repository.adopt(&path), Ok(expect(&content)));
        assert!(!path.exists());
    }
}

#[test]
fn adopting_across_devices_copies() {
    let bed = Bed::new();
    let Ok(elsewhere) = tempfile::tempdir_in("/dev/shm") else {
        return eprintln!("skipped: there is no second file system at /dev/shm");
    };
    let path = elsewhere.path().join("output");
    fs::write(&path, "foo").unwrap();
    if fs::metadata(&path).unwrap().dev() == fs::metadata(bed.folder.path()).unwrap().dev() {
        return eprintln!("skipped: /dev/shm is on the same device as the temporary folder");
    }
    let file = bed.repository.adopt(&path).unwrap();
    assert!(!path.exists());
    assert_eq!(bed.content(&file), "foo");
    let out = elsewhere.path().join("input");
    bed.repository.materialize(&file, &out).unwrap();
    assert_eq!(fs::read_to_string(&out).unwrap(), "foo");
    assert_eq!(mode(&out), 0o444);
    bed.assert_nothing_temporary();
}

#[test]
fn adopting_never_takes_what_somebody_else_can_write_to() {
    let bed = Bed::new();
    let path = bed.file("output", "foo");
    let other = bed.path("other name");
    fs::hard_link(&path, &other).unwrap();
    let file = bed.repository.adopt(&path).unwrap();
    assert!(!path.exists());
    fs::write(&other, "changed").unwrap();
    assert_eq!(bed.content(&file), "foo");
    // A command that links its input to its output leaves a second name of the blob itself.
    bed.repository.sync(&[file.digest()]).unwrap();
    let linked = bed.path("linked");
    bed.repository.materialize(&file, &linked).unwrap();
    assert_eq!(bed.repository.adopt(&linked), Ok(file.clone()));
    assert!(!linked.exists());
    assert_eq!(bed.content(&file), "foo");
    assert_eq!(mode(&bed.repository.path(&file.digest())), 0o444);
}

#[test]
fn adopting_takes_files_away_from_other_users_and_their_privileges() {
    const NOBODY: u32 = 65534;
    /// Version 2 of capabilities of files (capabilities(7)), effective: that to change others' files.
    const PRIVILEGED: [u8; 20] = [1, 0, 0, 2, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let bed = Bed::new();
    let path = bed.file("program", "hello");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    if std::os::unix::fs::chown(&path, Some(NOBODY), Some(NOBODY)).is_err() {
        eprintln!("skipped: only root may give files away");
        return;
    }
    let capability = "security.capability";
    rustix::fs::setxattr(&path, capability, &PRIVILEGED, rustix::fs::XattrFlags::empty()).unwrap();
    let blob = bed.repository.path(&bed.repository.adopt(&path).unwrap().digest());
    let owner = fs::metadata(&blob).unwrap();
    assert_eq!((owner.uid(), mode(&blob) & 0o111), (rustix::process::geteuid().as_raw(), 0o111));
    assert_eq!(rustix::fs::getxattr(&blob, capability, &mut [0_u8; 32][..]), Err(rustix::io::Errno::NODATA));
}

#[test]
fn adopting_refuses_what_is_not_a_file() {
    let bed = Bed::new();
    let secret = bed.file("secret", "secret");
    let link = bed.path("link");
    symlink(&secret, &link).unwrap();
    let dangling = bed.path("dangling");
    symlink("nowhere", &dangling).unwrap();
    let folder = bed.path("folder");
    fs::create_dir(&folder).unwrap();
    let pipe = bed.path("pipe");
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o644.into(), 0).unwrap();
    for path in [&link, &dangling, &folder, &pipe] {
        assert_eq!(bed.repository.adopt(path).unwrap_err().kind(), Kind::Invalid, "{}", path.display());
        assert!(fs::symlink_metadata(path).is_ok(), "it stays where it was");
    }
    assert_eq!(bed.repository.adopt(&bed.path("absent")).unwrap_err().kind(), Kind::NotExist);
    assert_eq!(bed.repository.iter().count(), 0);
}

#[test]
fn installing_leaves_the_file_to_its_owner() {
    let bed = Bed::new();
    let path = bed.file("input", "foo");
    let link = bed.path("link");
    symlink("input", &link).unwrap();
    for path in [&path, &link] {
        let file = bed.repository.install(path).unwrap();
        assert_eq!(file, expect("foo"));
        assert_ne!(inode(&bed.repository.path(&file.digest())), inode(&bed.path("input")));
    }
    fs::write(&path, "changed").unwrap();
    assert_eq!(bed.content(&expect("foo")), "foo");
    assert_eq!(bed.repository.install(&bed.path("absent")).unwrap_err().kind(), Kind::NotExist);
    assert_eq!(bed.repository.install(bed.folder.path()).unwrap_err().kind(), Kind::Invalid);
    bed.assert_nothing_temporary();
}

#[test]
fn programs_stay_runnable() {
    let bed = Bed::new();
    let plain = bed.repository.put_bytes(b"#!/bin/sh\n").unwrap();
    bed.repository.sync(&[plain.digest()]).unwrap();
    let path = bed.file("program", "#!/bin/sh\n");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    bed.repository.adopt(&path).unwrap();
    let out = bed.path("out");
    bed.repository.materialize(&plain, &out).unwrap();
    assert_eq!(mode(&out), 0o555);
    let other = bed.file("other", "#!/bin/bash\n");
    fs::set_permissions(&other, fs::Permissions::from_mode(0o700)).unwrap();
    let file = bed.repository.install(&other).unwrap();
    bed.repository.sync(&[file.digest()]).unwrap();
    assert_eq!(mode(&bed.repository.path(&file.digest())), 0o555);
}

#[test]
fn large_content_is_hashed_in_pieces() {
    let bed = Bed::new();
    let content = "0123456789abcdef".repeat(700_000);
    let path = bed.file("large", &content);
    assert_eq!(bed.repository.install(&path), Ok(expect(&content)));
    assert_eq!(bed.repository.put_reader(&mut content.as_bytes()), Ok(expect(&content)));
    assert_eq!(bed.repository.adopt(&path), Ok(expect(&content)));
    let mut writer = bed.repository.writer().unwrap();
    for piece in content.as_bytes().chunks(100_001) {
        writer.write_all(piece).unwrap();
    }
    assert_eq!(writer.size(), content.len() as u64);
    assert_eq!(writer.finish(), Ok(expect(&content)));
    assert_eq!(bed.repository.verify(&Digest::of(&content)), Ok(Verdict::Intact { size: content.len() as u64 }));
    drop(bed.repository.writer().unwrap());
    bed.assert_nothing_temporary();
}

#[test]
fn rt_136_materialized_blobs_are_hard_links() {
    let bed = Bed::new();
    let file = bed.repository.put_bytes(b"foo").unwrap();
    let early = bed.path("early");
    bed.repository.materialize(&file, &early).unwrap();
    assert_ne!(inode(&early), inode(&bed.repository.path(&file.digest())), "one that is still writable is copied");
    assert_eq!((fs::read_to_string(&early).unwrap().as_str(), mode(&early)), ("foo", 0o444));
    bed.repository.sync(&[file.digest()]).unwrap();
    let out = bed.path("out");
    bed.repository.materialize(&file, &out).unwrap();
    assert_eq!(inode(&out), inode(&bed.repository.path(&file.digest())));
}

#[test]
fn materializing_replaces_what_is_there() {
    let bed = Bed::new();
    let file = bed.repository.put_bytes(b"foo").unwrap();
    let precious = bed.file("precious", "precious");
    let out = bed.path("out");
    for is_sealed in [false, true] {
        if is_sealed {
            bed.repository.sync(&[file.digest()]).unwrap();
        }
        symlink(&precious, bed.path("fresh")).unwrap();
        fs::rename(bed.path("fresh"), &out).unwrap();
        bed.repository.materialize(&file, &out).unwrap();
        assert_eq!(fs::read_to_string(&out).unwrap(), "foo");
        assert!(fs::symlink_metadata(&out).unwrap().is_file());
        bed.repository.materialize(&file, &out).unwrap();
    }
    assert_eq!(fs::read_to_string(&precious).unwrap(), "precious", "a link that was in the way is not followed");
    fs::create_dir(bed.path("folder")).unwrap();
    assert!(bed.repository.materialize(&file, &bed.path("folder")).is_err());
}

#[test]
fn absent_and_damaged_blobs_are_not_materialized() {
    let bed = Bed::new();
    let file = bed.repository.put_bytes(b"foo").unwrap();
    let out = bed.path("out");
    for (file, kind) in [
        (expect("absent"), Kind::NotExist),
        (File::resolved(file.digest(), 4), Kind::Integrity),
        (File::reference(3, base::file::Origin::default()), Kind::Precondition),
    ] {
        assert_eq!(bed.repository.materialize(&file, &out).unwrap_err().kind(), kind);
        assert!(!out.exists());
    }
    assert_eq!(bed.repository.open_blob(&Digest::of("absent")).unwrap_err().kind(), Kind::NotExist);
}

#[test]
fn hostile_paths_do_not_lead_out() {
    let bed = Bed::new();
    let file = bed.repository.put_bytes(b"foo").unwrap();
    bed.repository.sync(&[file.digest()]).unwrap();
    let root = bed.path("root");
    let outside = bed.path("outside");
    fs::create_dir(&root).unwrap();
    fs::create_dir(&outside).unwrap();
    fs::create_dir(root.join("real")).unwrap();
    fs::write(root.join("file"), "file").unwrap();
    symlink(&outside, root.join("link")).unwrap();
    symlink("real", root.join("inner")).unwrap();
    symlink(outside.join("new"), root.join("last")).unwrap();
    for relative in ["../x", "/x", "a/../../x", "link/x", "link/a/b", "real/../../x", "inner/x", "file/x", "", "."] {
        let result = bed.repository.materialize_under(&file, &root, relative);
        assert_eq!(result.map_err(|error| error.kind()), Err(Kind::Invalid), "{relative:?}");
    }
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 0);
    for relative in ["x", "real/x", "a/b/c", "a/b/d", "last"] {
        bed.repository.materialize_under(&file, &root, relative).unwrap();
        assert_eq!(fs::read_to_string(root.join(relative)).unwrap(), "foo");
    }
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 0, "a link in the last place is replaced");
}

#[test]
fn leftovers_of_a_crash_are_not_trusted() {
    let bed = Bed::new();
    let file = expect("good content");
    let path = bed.repository.path(&file.digest());
    // Neither of them is sealed: one is empty, one has the right size and wrong content.
    fs::create_dir(path.parent().unwrap()).unwrap();
    for leftover in ["", "evil content"] {
        fs::write(&path, leftover).unwrap();
        bed.repository.put_bytes(b"good content").unwrap();
        assert_eq!(bed.content(&file), "good content");
        fs::write(&path, leftover).unwrap();
        bed.repository.adopt(&bed.file("output", "good content")).unwrap();
        assert_eq!(bed.content(&file), "good content");
        fs::write(&path, leftover).unwrap();
        bed.repository.install(&bed.file("input", "good content")).unwrap();
        assert_eq!(bed.content(&file), "good content");
    }
    // A sealed one of the wrong size has been cut off by somebody.
    bed.repository.sync(&[file.digest()]).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    fs::write(&path, "good").unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o444)).unwrap();
    assert_eq!(bed.repository.holds(&file), Ok(false));
    bed.repository.put_bytes(b"good content").unwrap();
    assert_eq!(bed.content(&file), "good content");
    bed.assert_nothing_temporary();
}

#[test]
fn a_removed_folder_of_blobs_is_made_anew() {
    let bed = Bed::new();
    bed.repository.put_bytes(b"foo").unwrap();
    fs::remove_dir_all(bed.path("repository/2c")).unwrap();
    assert_eq!(bed.repository.stat(&Digest::of("foo")), Ok(None));
    bed.repository.put_bytes(b"foo").unwrap();
    assert_eq!(bed.content(&expect("foo")), "foo");
}

#[test]
fn every_damage_is_found() {
    let bed = Bed::new();
    let files: Vec<File> =
        (0..100).map(|i| bed.repository.put_bytes(format!("content {i}").as_bytes()).unwrap()).collect();
    let digests: Vec<Digest> = files.iter().map(File::digest).collect();
    bed.repository.sync(&digests[10..]).unwrap();
    let sound = bed.repository.check_all(&|_| {}).unwrap();
    assert_eq!((sound.count, sound.unsealed, sound.bytes), (100, 10, 990));
    assert!(sound.corrupt.is_empty() && sound.misnamed.is_empty() && sound.unreadable.is_empty());

    let (flipped, cut) = (bed.repository.path(&digests[50]), bed.repository.path(&digests[60]));
    for (path, content) in [(&flipped, "Content 50"), (&cut, "")] {
        fs::set_permissions(path, fs::Permissions::from_mode(0o644)).unwrap();
        fs::write(path, content).unwrap();
    }
    fs::create_dir_all(bed.path("repository/ab")).unwrap();
    fs::write(bed.path("repository/ab/short"), "").unwrap();
    fs::create_dir(bed.path("repository/ab/folder")).unwrap();
    fs::write(bed.path("repository/stray"), "").unwrap();
    let mut corrupt = vec![digests[50], digests[60]];
    corrupt.sort_unstable();
    let seen = std::sync::atomic::AtomicU64::new(0);
    let report = bed
        .repository
        .check_all(&|size| {
            seen.fetch_add(size, std::sync::atomic::Ordering::Relaxed);
        })
        .unwrap();
    assert_eq!(report.corrupt, corrupt);
    let misnamed = ["repository/ab/folder", "repository/ab/short", "repository/stray"].map(|name| bed.path(name));
    assert_eq!(report.misnamed, misnamed);
    assert_eq!(report.bytes, seen.into_inner());
    assert_eq!(
        bed.repository.verify(&digests[50]),
        Ok(Verdict::Corrupt { size: 10, actual: Digest::of("Content 50") })
    );
    for digest in corrupt {
        assert_eq!(bed.repository.remove(&digest), Ok(true));
        assert_eq!(bed.repository.remove(&digest), Ok(false));
        assert_eq!(bed.repository.verify(&digest), Ok(Verdict::Missing));
    }
}

#[test]
fn only_old_leftovers_are_swept() {
    let bed = Bed::new();
    let (old, young) = (bed.file("repository/tmp/old", ""), bed.file("repository/tmp/young", ""));
    let past = std::time::SystemTime::now() - std::time::Duration::from_secs(3600);
    fs::File::options().write(true).open(&old).unwrap().set_modified(past).unwrap();
    assert_eq!(bed.repository.sweep(std::time::Duration::from_secs(1800)), Ok(1));
    assert!(!old.exists() && young.exists());
}

#[test]
fn names_need_not_be_text() {
    use std::os::unix::ffi::OsStrExt;
    let bed = Bed::new();
    let file = bed.repository.put_bytes(b"foo").unwrap();
    let to = bed.folder.path().join(std::ffi::OsStr::from_bytes(b"\xff\xfe"));
    bed.repository.materialize(&file, &to).unwrap();
    assert_eq!(fs::read_to_string(&to).unwrap(), "foo");
    assert_eq!(bed.repository.materialize(&file, Path::new("/")).unwrap_err().kind(), Kind::Invalid);
}

#[test]
fn an_unusable_folder_is_named() {
    let bed = Bed::new();
    let file = bed.file("file", "");
    let error = FileRepository::open(&file.join("repository")).unwrap_err();
    assert!(error.to_string().contains(file.to_str().unwrap()), "{error}");
}

#[test]
fn blobs_are_found_by_the_beginning_of_their_digests() {
    let bed = Bed::new();
    let partial = |text: &str| base::digest::PartialDigest::parse(text).unwrap();
    let mut files: Vec<File> = Vec::new();
    // As many as it takes for two that begin with the same byte.
    let pair = (0..).find_map(|number: u32| {
        let file = bed.repository.put_bytes(&number.to_le_bytes()).unwrap();
        let byte = file.digest().hex_n(1);
        files.push(file);
        (files.iter().filter(|other| other.digest().hex_n(1) == byte).count() > 1).then_some(byte)
    });
    assert_eq!(bed.repository.find(&partial(&pair.unwrap())).unwrap_err().kind(), Kind::Invalid);
    for file in &files {
        for digits in [16, 64] {
            assert_eq!(bed.repository.find(&partial(&file.digest().hex()[..digits])), Ok(file.digest()));
        }
    }
    for absent in ["00000000", &Digest::of("absent").hex()] {
        assert_eq!(bed.repository.find(&partial(absent)).unwrap_err().kind(), Kind::NotExist);
    }
}
