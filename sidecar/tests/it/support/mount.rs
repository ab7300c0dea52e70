//! File systems of a test's own, where that is allowed: in memory, and as an image whose bytes are
//! what a disk would hold.

use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

/// A mounted file system; unmounted when it is dropped, also by a panic.
pub(crate) struct Mount {
    folder: TempDir,
}

impl Mount {
    /// A file system in memory.
    ///
    /// # Errors
    /// Why this machine does not let us.
    pub(crate) fn memory(mib: u64) -> Result<Self, String> {
        Self::new(&["-t", "tmpfs", "-o", &format!("size={mib}m,mode=700"), "makegood-test"])
    }

    /// The file system in an image.
    ///
    /// # Errors
    /// Why this machine does not let us.
    pub(crate) fn image(image: &Path) -> Result<Self, String> {
        // Nothing writes by itself, and an error of the file system ends all writing.
        let options = "loop,noinit_itable,errors=remount-ro";
        Self::new(&["-t", "ext4", "-o", options, image.to_str().unwrap()])
    }

    /// An image with an empty ext4 in it.
    ///
    /// # Errors
    /// Why this machine does not let us.
    pub(crate) fn format(image: &Path, mib: u64) -> Result<(), String> {
        std::fs::File::create_new(image).unwrap().set_len(mib << 20).unwrap();
        run(Command::new("mkfs.ext4").args(["-q", "-F", "-m", "0"]).arg(image))
    }

    fn new(arguments: &[&str]) -> Result<Self, String> {
        let folder = tempfile::Builder::new().prefix("makegood-mount-").tempdir().unwrap();
        run(Command::new("mount").args(arguments).arg(folder.path()))?;
        Ok(Self { folder })
    }

    /// Where it is mounted.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Lets nothing be written from now on.
    pub(crate) fn make_read_only(&self) {
        run(Command::new("mount").args(["-o", "remount,ro"]).arg(self.path())).unwrap();
    }

    /// Lets the file system find an error in itself.
    pub(crate) fn break_down(&self) {
        let device = Command::new("findmnt").args(["-n", "-o", "SOURCE"]).arg(self.path()).output();
        let device = String::from_utf8(device.unwrap().stdout).unwrap();
        let name = Path::new(device.trim()).file_name().unwrap().to_owned();
        let trigger = PathBuf::from("/sys/fs/ext4").join(name).join("trigger_fs_error");
        std::fs::write(trigger, "simulated").unwrap();
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        // Lazily where it is still in use, so that nothing is left behind in any case.
        let umount = |flags: &[&str]| run(Command::new("umount").args(flags).arg(self.path()));
        drop(umount(&[]).or_else(|_| umount(&["-l"])));
    }
}

fn run(command: &mut Command) -> Result<(), String> {
    let tried = format!("{command:?}");
    match command.output() {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => Err(format!("{tried}: {}", String::from_utf8_lossy(&output.stderr).trim())),
        Err(error) => Err(format!("{tried}: {error}")),
    }
}
