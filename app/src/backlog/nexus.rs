//! Our own: JSON lines with the keys of `work add`.

use std::collections::BTreeMap;
use std::path::Path;

use engine::problem::Problem;
use engine::sha256_hex;
use engine::work::{Incoming, Standing, draft_from_json};

use super::lines;
use super::reading::Reading;

/// Reads every line of the file.
pub fn read(path: &Path, reading: &mut Reading<'_>) -> Result<(), Problem> {
    let mut keyless: BTreeMap<String, u32> = BTreeMap::new();
    lines::each(path, |line, text| {
        let row = text.and_then(|text| {
            let (draft, needs, key) =
                draft_from_json(text).map_err(|it| it.message.replace(" at line 1 column ", " at column "))?;
            let identity = key.clone().unwrap_or_else(|| {
                let digest = sha256_hex(text.trim().as_bytes());
                let before = keyless.entry(digest.clone()).or_default();
                *before += 1;
                format!("text {digest} {before}")
            });
            let key = key.unwrap_or_else(|| format!("line {line}"));
            let (written, standing) = (text.to_owned(), Standing::Open);
            Ok(Incoming { line, key, identity, written, draft, needs, standing, trace_id: None })
        });
        reading.row(line, row)
    })
}
