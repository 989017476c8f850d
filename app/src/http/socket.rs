//! The socket beside the store: the first process that serves listens there, short commands ask there.
//!
//! Whoever listens keeps a lock on the folder, which the kernel lets go of with the process; so a socket file of a dead
//! process is told from that of a living one without asking. A new socket is made in a folder of its own and moved
//! into place, so nobody finds one that is not ready, or that others may open.

use std::fs::{File, Permissions};
use std::io::{Error, ErrorKind, Result};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};

use engine::sha256_hex;
use rustix::fs::{FlockOperation, flock};

/// The file's name within the folder of the store.
const NAME: &str = "nexus.sock";
/// The longest path that the kernel takes for a socket, with the zero at its end.
const PATH_BYTES_MAX: usize = 108;

/// Where the socket of the store in the folder `data` is.
pub fn place(data: &Path) -> PathBuf {
    data.join(NAME)
}

/// Where the socket of a store in a database is, when `data` is the folder with the settings: one that cannot be taken
/// for that of the file, or of another database.
pub fn place_of_database(data: &Path, url: &str) -> PathBuf {
    data.join(format!("nexus-{}.sock", &sha256_hex(url.as_bytes())[..12]))
}

/// What `open` makes of the socket at `path`. A path that is too long for the kernel is reached through its folder.
pub fn reach<T>(path: &Path, open: impl FnOnce(&Path) -> Result<T>) -> Result<T> {
    if path.as_os_str().len() < PATH_BYTES_MAX {
        return open(path);
    }
    let (folder, name) = (path.parent().unwrap_or(Path::new("/")), path.file_name().unwrap_or_default());
    let folder = File::open(folder)?;
    open(&Path::new(&format!("/proc/self/fd/{}", folder.as_raw_fd())).join(name))
}

/// A socket that this process listens on. Its file goes when this goes.
#[derive(Debug)]
pub struct Socket {
    /// Where it is.
    pub path: PathBuf,
    /// Device and number of the file.
    file: (u64, u64),
    _lock: File,
}

impl Socket {
    /// Listens at `path`; `None` when another process listens in that folder. Fails when the folder cannot have a
    /// socket.
    pub fn listen(path: &Path) -> Result<Option<(Self, UnixListener)>> {
        let data = path.parent().unwrap_or(Path::new("/"));
        let lock = File::open(data)?;
        match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(rustix::io::Errno::WOULDBLOCK) => return Ok(None),
            Err(error) => return Err(error.into()),
        }
        match std::fs::symlink_metadata(path) {
            Ok(found) if !found.file_type().is_socket() => {
                return Err(Error::new(ErrorKind::AlreadyExists, "something that is no socket is there"));
            }
            // Whoever made it is dead: it would have the lock.
            Ok(_) | Err(_) => {}
        }
        let apart = tempfile::Builder::new().prefix(".socket-").tempdir_in(data)?;
        let fresh = apart.path().join("s");
        let listener = reach(&fresh, |path| UnixListener::bind(path))?;
        std::fs::set_permissions(&fresh, Permissions::from_mode(0o600))?;
        std::fs::rename(&fresh, path)?;
        let made = std::fs::symlink_metadata(path)?;
        listener.set_nonblocking(true)?;
        Ok(Some((Self { path: path.to_owned(), file: (made.dev(), made.ino()), _lock: lock }, listener)))
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        let ours = |found: std::fs::Metadata| (found.dev(), found.ino()) == self.file;
        if std::fs::symlink_metadata(&self.path).is_ok_and(ours) {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixStream;

    use super::*;

    fn mode(path: &Path) -> u32 {
        std::fs::symlink_metadata(path).expect("it is there").mode() & 0o777
    }

    #[test]
    fn one_listens_and_the_next_is_told_so_until_it_has_gone() {
        let folder = tempfile::tempdir().expect("a folder");
        let (first, _listener) = Socket::listen(&place(folder.path())).expect("it is ours").expect("nobody listens");
        assert_eq!(mode(&first.path), 0o600);
        assert!(Socket::listen(&place(folder.path())).expect("it can be asked").is_none());
        UnixStream::connect(&first.path).expect("somebody listens");
        let path = first.path.clone();
        drop(first);
        assert!(!path.exists(), "it went with its owner");
        assert!(Socket::listen(&place(folder.path())).expect("it is ours").is_some());
        assert_eq!(std::fs::read_dir(folder.path()).expect("it is there").count(), 0, "nothing is left over");
    }

    #[test]
    fn what_a_dead_process_left_is_replaced_and_what_is_no_socket_is_not() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = place(folder.path());
        drop(UnixListener::bind(&path).expect("nobody is there"));
        assert!(UnixStream::connect(&path).is_err(), "it is stale");
        let (ours, _listener) = Socket::listen(&place(folder.path())).expect("it is ours").expect("nobody listens");
        UnixStream::connect(&path).expect("somebody listens");
        // Somebody else's file at our place is not ours to remove.
        std::fs::remove_file(&path).expect("it is there");
        std::fs::write(&path, "notes").expect("there is room");
        drop(ours);
        assert_eq!(std::fs::read_to_string(&path).expect("it is still there"), "notes");
        assert!(Socket::listen(&place(folder.path())).is_err());
    }

    #[test]
    fn a_path_that_is_too_long_for_the_kernel_is_reached_all_the_same() {
        let folder = tempfile::tempdir().expect("a folder");
        let deep = folder.path().join("d".repeat(100)).join("e".repeat(100));
        std::fs::create_dir_all(&deep).expect("there is room");
        let (ours, _listener) = Socket::listen(&place(&deep)).expect("it is ours").expect("nobody listens");
        assert!(UnixStream::connect(&ours.path).is_err(), "the kernel takes no such path");
        reach(&ours.path, |path| UnixStream::connect(path)).expect("it is reached");
    }
}
