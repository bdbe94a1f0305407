//! State folders on file systems that are full or read-only. Only root can make these; otherwise a test
//! says so and is skipped.

use std::ffi::CString;
use std::fs;
use std::path::{Path, PathBuf};

use rustix::mount::{MountFlags, UnmountFlags};

use crate::bed::Bed;

/// A file system in memory, gone when this is dropped.
struct Mount(PathBuf);

impl Mount {
    fn new(target: &Path, size: &str) -> Option<Self> {
        fs::create_dir_all(target).unwrap();
        let options = CString::new(format!("size={size}")).unwrap();
        match rustix::mount::mount("tmpfs", target, "tmpfs", MountFlags::empty(), Some(options.as_c_str())) {
            Ok(()) => Some(Self(target.to_owned())),
            Err(error) => {
                eprintln!("skipped: no file system can be mounted: {error}");
                None
            }
        }
    }

    fn make_read_only(&self) {
        rustix::mount::mount_remount(&self.0, MountFlags::RDONLY, c"").unwrap();
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        let _ = rustix::mount::unmount(&self.0, UnmountFlags::DETACH);
    }
}

#[test]
fn a_read_only_state_folder_is_one_clear_message() {
    let bed = Bed::new();
    let target = bed.root().join("read-only");
    let Some(mount) = Mount::new(&target, "1m") else { return };
    mount.make_read_only();
    bed.write("main.rf", r#"val Main = exec(image := "tools") (out file) {" echo a > {{out}} "}"#);
    let home = target.join("state");
    let flag = format!("-localdir={}", home.display());
    let ended = bed.run(&["run", "-executor=process", &flag, "main.rf"]);
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""));
    let reason = format!("reflow run: the state folder {} cannot be used: ", home.display());
    assert!(ended.stderr.starts_with(&reason), "{}", ended.stderr);
    assert!(ended.stderr.contains("is on a read-only file system"), "{}", ended.stderr);
    assert_eq!(ended.stderr.lines().count(), 2, "{}", ended.stderr);
}

#[test]
fn a_full_disk_is_one_clear_message_and_costs_no_result() {
    let bed = Bed::new();
    let target = bed.root().join("full");
    let Some(_mount) = Mount::new(&target, "8m") else { return };
    let program = r#"
param size = 1
val Small = exec(image := "tools", mem := 1*MiB) (out file) {" echo small > {{out}} "}
val Main = exec(image := "tools", mem := 1*MiB) (out file) {"
    cat {{Small}} > /dev/null
    head -c {{size}} /dev/zero > {{out}}
"}
"#;
    bed.write("main.rf", program);
    let flag = format!("-localdir={}", target.join("state").display());
    let ended = bed.run(&["run", "-json", "-executor=process", &flag, "main.rf", "-size=64000000"]);
    assert!(matches!(ended.code, Some(1 | 10 | 11)), "{:?}: {}", ended.code, ended.stderr);
    let says_why = ended.stderr.contains("No space left on device") || ended.stderr.contains("is full");
    assert!(says_why, "{}", ended.stderr);
    assert!(ended.stdout.contains("\"result\":null"), "{}", ended.stdout);
    // The small result is kept, and with room the run goes on from it.
    let again = bed.run(&["run", "-json", "-executor=process", &flag, "main.rf", "-size=10"]);
    assert_eq!(again.code, Some(0), "{}", again.stderr);
    assert!(again.stdout.contains("\"executed\":1,\"cached\":1"), "{}", again.stdout);
    let report = bed.succeed(&["check-store", &flag]);
    assert!(report.ends_with(": 0 bad\n"), "{report}");
}
