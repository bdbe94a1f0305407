//! File systems made for a test. They need rights that most users do not have; a test that cannot get one
//! says so and is skipped.

use std::path::{Path, PathBuf};
use std::process::Command;

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
        // The programs that had files open may take a moment to go.
        let _ = rustix::mount::unmount(&self.target, UnmountFlags::DETACH);
    }
}
