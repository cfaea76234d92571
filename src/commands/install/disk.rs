//! Modes, owners and symlinks, which not every system has.

use std::fs::{File, Metadata};
use std::path::Path;

#[cfg(unix)]
mod system {
    use super::*;
    use std::fs::Permissions;
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};

    pub(crate) fn mode(meta: &Metadata) -> u32 {
        meta.permissions().mode() & 0o7777
    }

    pub(crate) fn set_mode(file: &File, mode: u32) -> std::io::Result<()> {
        file.set_permissions(Permissions::from_mode(mode))
    }

    /// A temporary file that gets this mode less the user's umask.
    pub(crate) fn temporary(dir: &Path, mode: u32) -> std::io::Result<tempfile::NamedTempFile> {
        let mut builder = tempfile::Builder::new();
        builder.prefix(".git-ai-log-").permissions(Permissions::from_mode(mode)).tempfile_in(dir)
    }

    /// Only root may give a file away; for others it changes hands, as with any editor.
    pub(crate) fn keep_owner(file: &Path, of: &Path) {
        if let (Ok(old), Ok(new)) = (of.metadata(), file.metadata())
            && (old.uid(), old.gid()) != (new.uid(), new.gid())
        {
            let _ = std::os::unix::fs::chown(file, Some(old.uid()), Some(old.gid()));
        }
    }

    pub(crate) fn symlink(to: &Path, at: &Path) -> std::io::Result<()> {
        std::os::unix::fs::symlink(to, at)
    }
}

#[cfg(not(unix))]
mod system {
    use super::*;

    /// Everything can be run that has the right name.
    pub(crate) fn mode(_: &Metadata) -> u32 {
        0o777
    }

    pub(crate) fn set_mode(_: &File, _: u32) -> std::io::Result<()> {
        Ok(())
    }

    pub(crate) fn temporary(dir: &Path, _: u32) -> std::io::Result<tempfile::NamedTempFile> {
        tempfile::Builder::new().prefix(".git-ai-log-").tempfile_in(dir)
    }

    pub(crate) fn keep_owner(_: &Path, _: &Path) {}

    pub(crate) fn symlink(_: &Path, _: &Path) -> std::io::Result<()> {
        Err(std::io::ErrorKind::Unsupported.into())
    }
}

pub(crate) use system::{keep_owner, mode, set_mode, symlink, temporary};
