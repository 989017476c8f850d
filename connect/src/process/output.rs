//! All output is counted and hashed; the first half and the last half of a limit are kept in a file.
//!
//! Up to the limit the file grows as the program prints, so that it can be followed. What comes after goes round in
//! memory, and takes the place of the second half at the end.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};

use sha2::{Digest, Sha256};

/// Output on its way into a file.
pub(super) struct Tape {
    file: File,
    /// Whether the file took everything so far; a full disk ends that, and nothing else.
    writable: bool,
    written: u64,
    head_max: u64,
    tail_max: usize,
    tail: VecDeque<u8>,
    total: u64,
    hash: Sha256,
}

impl Tape {
    /// An empty tape of which `bytes_max` bytes are kept.
    pub fn new(file: File, bytes_max: u64) -> Self {
        let head_max = bytes_max / 2;
        let tail_max = usize::try_from(bytes_max - head_max).unwrap_or(usize::MAX);
        let (tail, hash) = (VecDeque::new(), Sha256::new());
        Self { file, writable: true, written: 0, head_max, tail_max, tail, total: 0, hash }
    }

    /// Takes in what was printed.
    pub fn take(&mut self, bytes: &[u8]) {
        self.hash.update(bytes);
        self.total += bytes.len() as u64;
        self.write_through(bytes);
        let last = &bytes[bytes.len().saturating_sub(self.tail_max)..];
        let over = (self.tail.len() + last.len()).saturating_sub(self.tail_max);
        self.tail.drain(..over);
        self.tail.extend(last);
    }

    /// Completes the file. The digest in hex, and how many bytes there were.
    pub fn finish(&mut self) -> (String, u64) {
        if self.written < self.total {
            // A disk that is still full leaves the file as it is; digest and count are right all the same.
            let _ = self.complete();
        }
        let mut digest = String::new();
        for byte in self.hash.clone().finalize() {
            let _ = write!(digest, "{byte:02x}");
        }
        (digest, self.total)
    }

    fn write_through(&mut self, bytes: &[u8]) {
        let room = (self.head_max + self.tail_max as u64).saturating_sub(self.written);
        let room = usize::try_from(room).unwrap_or(usize::MAX);
        let mut rest = &bytes[..bytes.len().min(room)];
        while self.writable && !rest.is_empty() {
            match self.file.write(rest) {
                Ok(count) if count > 0 => {
                    self.written += count as u64;
                    rest = &rest[count..];
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                _ => self.writable = false,
            }
        }
    }

    /// First half, how much is missing, second half.
    fn complete(&mut self) -> io::Result<()> {
        let tail_start = self.total - self.tail.len() as u64;
        let head = self.written.min(self.head_max).min(tail_start);
        self.file.set_len(head)?;
        self.file.seek(SeekFrom::Start(head))?;
        let left_out = tail_start - head;
        if left_out > 0 {
            write!(self.file, "\n… {left_out} bytes left out …\n")?;
        }
        let (one, two) = self.tail.as_slices();
        self.file.write_all(one)?;
        self.file.write_all(two)
    }
}

#[cfg(test)]
mod tests;
