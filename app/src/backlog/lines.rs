//! Lines of a file of any size, one at a time.

use std::fs::File;
use std::io::{BufRead, BufReader, Read as _};
use std::path::Path;

use engine::problem::Problem;

use super::unreadable;

/// The longest line, in bytes.
const LINE_BYTES_MAX: u64 = 4_000_000;

/// Calls `each` with the number of every line that is not empty, and the line or why it is none.
pub fn each(
    path: &Path,
    mut each: impl FnMut(usize, Result<&str, String>) -> Result<(), Problem>,
) -> Result<(), Problem> {
    let mut from: Box<dyn BufRead> = if path.as_os_str() == "-" {
        Box::new(BufReader::new(std::io::stdin()))
    } else {
        Box::new(BufReader::new(File::open(path).map_err(|e| unreadable(path, &e))?))
    };
    let mut bytes = Vec::new();
    let mut line = 0;
    loop {
        bytes.clear();
        let read = (&mut from).take(LINE_BYTES_MAX + 1).read_until(b'\n', &mut bytes);
        if read.map_err(|e| unreadable(path, &e))? == 0 {
            return Ok(());
        }
        line += 1;
        if bytes.len() as u64 > LINE_BYTES_MAX && bytes.last() != Some(&b'\n') {
            from.skip_until(b'\n').map_err(|e| unreadable(path, &e))?;
            each(line, Err(format!("it has more than {LINE_BYTES_MAX} bytes, which is the most")))?;
            continue;
        }
        match std::str::from_utf8(&bytes) {
            // Editors of other systems begin a file with a mark that is no part of the text.
            Ok(text) => match text.trim_start_matches('\u{feff}').trim_end_matches(['\n', '\r']) {
                text if text.trim().is_empty() => {}
                text => each(line, Ok(text))?,
            },
            Err(_) => each(line, Err("it is not UTF-8 text".to_owned()))?,
        }
    }
}
