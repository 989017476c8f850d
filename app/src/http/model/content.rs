//! What was asked and what was answered, in files, where somebody asked for that (`model.content`).
//!
//! Usually only sizes and digests are kept. The files are the user's alone: prompts have in them what agents saw.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use domain::id::CallId;

/// The most that is kept of one answer, in bytes.
const ANSWER_BYTES_MAX: u64 = 20_000_000;

/// A folder with a file for each request and each answer, named after the call.
#[derive(Clone, Debug)]
pub struct Content {
    folder: PathBuf,
}

/// The file of an answer that is under way.
pub struct Answered {
    file: File,
    left: u64,
}

impl Content {
    /// In `folder`, which is made; files older than `kept` are removed.
    pub fn open(folder: PathBuf, kept: Duration) -> std::io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        let oldest = SystemTime::now().checked_sub(kept).unwrap_or(SystemTime::UNIX_EPOCH);
        for entry in fs::read_dir(&folder)?.flatten() {
            if entry.metadata().and_then(|known| known.modified()).is_ok_and(|at| at < oldest) {
                let _ = fs::remove_file(entry.path());
            }
        }
        Ok(Self { folder })
    }

    /// Keeps the request of a call; comes back with the file for its answer. `None`: there is no room, and the call goes
    /// on without.
    pub fn keep(&self, id: &CallId, request: &[u8]) -> Option<Answered> {
        let make = |kind: &str| {
            let path = self.folder.join(format!("{id}.{kind}"));
            OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)
        };
        make("request").and_then(|mut file| file.write_all(request)).ok()?;
        Some(Answered { file: make("answer").ok()?, left: ANSWER_BYTES_MAX })
    }
}

impl Answered {
    /// These bytes go by.
    pub fn saw(&mut self, data: &[u8]) {
        let some = usize::try_from(self.left).map_or(data.len(), |left| left.min(data.len()));
        // A full disk is no reason to end a call.
        let written = self.file.write_all(&data[..some]);
        self.left = if written.is_ok() { self.left - some as u64 } else { 0 };
    }
}
