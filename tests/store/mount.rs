//! File systems made for a test. They need rights that most users do not have; a test that cannot get one
//! says so and is skipped.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use rustix::mount::{MountFlags, UnmountFlags};

/// A file system that is mounted, and unmounted when this is dropped.
pub(crate) struct Mount {
    target: PathBuf,
}

impl Mount {
    /// A file system in memory that holds so much, as `4m`.
    pub(crate) fn memory(target: &Path, size: &str) -> Option<Self> {
        let data = std::ffi::CString::new(format!("size={size}")).unwrap();
        match rustix::mount::mount("tmpfs", target, "tmpfs", MountFlags::empty(), Some(data.as_c_str())) {
            Ok(()) => Some(Self { target: target.to_owned() }),
            Err(error) => {
                eprintln!("skipped: no file system in memory can be mounted: {error}");
                None
            }
        }
    }

    /// The file system in the file `image`, through a loop device.
    pub(crate) fn image(image: &Path, target: &Path) -> Option<Self> {
        // An earlier mount lives on where another process has a copy of the mounts of that time; a new one
        // would show that file system instead of what is in the image.
        if !eventually(|| !is_attached(image)) {
            eprintln!("skipped: another process keeps the image mounted");
            return None;
        }
        let output = Command::new("mount").args(["-o", "loop"]).arg(image).arg(target).output();
        match output {
            Ok(output) if output.status.success() => Some(Self { target: target.to_owned() }),
            Ok(output) => {
                eprintln!("skipped: no image can be mounted: {}", String::from_utf8_lossy(&output.stderr).trim());
                None
            }
            Err(error) => {
                eprintln!("skipped: no image can be mounted: {error}");
                None
            }
        }
    }

    pub(crate) fn make_read_only(&self) {
        rustix::mount::mount_remount(&self.target, MountFlags::RDONLY, c"").unwrap();
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        // Other tests start processes, which have our files open for the moment until they run.
        let is_gone = || rustix::mount::unmount(&self.target, UnmountFlags::empty()) != Err(rustix::io::Errno::BUSY);
        if !eventually(is_gone) {
            let _ = rustix::mount::unmount(&self.target, UnmountFlags::DETACH);
        }
    }
}

/// Whether a condition comes true within some seconds.
fn eventually(condition: impl Fn() -> bool) -> bool {
    (0..1000).any(|_| {
        let holds = condition();
        if !holds {
            std::thread::sleep(Duration::from_millis(10));
        }
        holds
    })
}

/// Whether a loop device stands for the image.
fn is_attached(image: &Path) -> bool {
    let Ok(devices) = std::fs::read_dir("/sys/block") else { return false };
    devices.flatten().any(|device| {
        std::fs::read_to_string(device.path().join("loop/backing_file"))
            .is_ok_and(|file| Path::new(file.trim_end()) == image)
    })
}
