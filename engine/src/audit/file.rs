//! Sealed entries as a file that says of itself whether it is whole: a head, the events of each seal before it, an end.

use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Read as _, Write};
use std::path::{Path, PathBuf};

use domain::audit::{Fault, Ranges};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use store::seal;

use super::heads::Head;
use super::line::{EventLine, SealLine, line};
use super::verify::{Archived, Verified, Verifier};
use crate::problem::{Kind, Problem};
use crate::{Engine, hex, wait};

/// The version of the format.
const VERSION: u32 = 1;
/// The longest line that is read, in bytes.
const LINE_MAX: u64 = 256 << 20;

/// The first line.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct First {
    nexus_audit: u32,
    kind: String,
    project: String,
    at_ms: i64,
    seals: String,
    archived_up_to_seq: i64,
    kept: String,
}

/// The last line.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Last {
    end: Totals,
}

/// What a file holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Totals {
    /// How many events.
    pub events: u64,
    /// How many seals.
    pub seals: u64,
    /// The SHA-256 of all bytes before the last line.
    pub sha256: String,
}

/// A writer that counts and digests.
struct Lines<'a> {
    out: &'a mut dyn Write,
    digest: Sha256,
    trouble: Option<std::io::Error>,
}

impl Lines<'_> {
    fn line(&mut self, json: &impl Serialize) {
        let text = line(json) + "\n";
        self.digest.update(&text);
        if let Err(error) = self.out.write_all(text.as_bytes()) {
            self.trouble.get_or_insert(error);
        }
    }
}

impl Engine {
    /// Writes the seals that have entries after number `after`, with all their entries.
    pub fn export(&self, after: i64, out: &mut dyn Write) -> Result<Totals, Problem> {
        let mut seals = Ranges::default();
        let mut number = 0;
        loop {
            let page = wait(self.store.read(async |tx| seal::heads(tx, &self.project, number, 1_000).await))?;
            let Some(last) = page.last() else { break };
            number = last.number;
            page.iter().filter(|seal| seal.up_to_seq > after).for_each(|seal| seals.push(seal.number));
        }
        self.write_seals("export", &seals, &self.archived()?, out)
    }

    /// Writes these seals with the entries of theirs that are in the store.
    pub(super) fn write_seals(
        &self,
        kind: &str,
        seals: &Ranges,
        archived: &Archived,
        out: &mut dyn Write,
    ) -> Result<Totals, Problem> {
        let mut out = Lines { out, digest: Sha256::new(), trouble: None };
        let mut totals = Totals { events: 0, seals: 0, sha256: String::new() };
        out.line(&First {
            nexus_audit: VERSION,
            kind: kind.to_owned(),
            project: self.project.as_str().to_owned(),
            at_ms: self.scope().now.millis(),
            seals: seals.to_string(),
            archived_up_to_seq: archived.up_to_seq,
            kept: archived.kept.to_string(),
        });
        let mut number = 0;
        while let Some(next) = seals.after(number) {
            number = next;
            let (before, found) = wait(self.store.read(async |tx| {
                let before = seal::head(tx, &self.project, number - 1).await?;
                Ok::<_, store::StoreError>((before, seal::after(tx, &self.project, number - 1, 1).await?.pop()))
            }))?;
            let Some(seal) = found.filter(|seal| seal.number == number) else { continue };
            let floor = before.map_or(0, |seal| seal.up_to_seq);
            self.each_entry(floor, seal.up_to_seq, &mut |event| {
                out.line(event);
                totals.events += 1;
            })?;
            out.line(&SealLine::of(&self.project, &seal));
            totals.seals += 1;
            if let Some(error) = out.trouble.take() {
                return Err(Problem::new(Kind::Failed, "io_failed", format!("the file cannot be written: {error}")));
            }
        }
        totals.sha256 = hex(&std::mem::take(&mut out.digest).finalize());
        out.line(&Last { end: totals.clone() });
        match out.trouble {
            None => Ok(totals),
            Some(error) => Err(Problem::new(Kind::Failed, "io_failed", format!("the file cannot be written: {error}"))),
        }
    }
}

/// Writes a file that is either there and whole on the disk, or not there: what `write` makes, when `check` finds it
/// good. Fails when there is one already.
pub fn write_file<T>(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> Result<T, Problem>,
    check: impl FnOnce(&Path) -> Result<(), Problem>,
) -> Result<T, Problem> {
    let io = |what: &str, e: &std::io::Error| {
        Problem::new(Kind::Failed, "io_failed", format!("{what} {}: {e}", path.display()))
    };
    if path.exists() {
        return Err(Problem::refused("exists", format!("{} is there already; name another file", path.display())));
    }
    let partial = partial(path);
    let mut out = BufWriter::new(File::create(&partial).map_err(|e| io("making", &e))?);
    let made = write(&mut out).and_then(|made| {
        let file = out.into_inner().map_err(|e| io("writing", e.error()))?;
        file.sync_all().map_err(|e| io("writing", &e))?;
        check(&partial)?;
        Ok(made)
    });
    let made = made.inspect_err(|_| drop(std::fs::remove_file(&partial)))?;
    std::fs::rename(&partial, path).map_err(|e| io("naming", &e))?;
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(|e| io("keeping", &e))?;
    Ok(made)
}

/// Where a file is while it is not whole.
fn partial(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.partial"))
}

/// Looks whether the file at `path` is what was written, and whether `heads` agree with it. Needs no store.
pub fn verify_file(path: &Path, heads: &[(String, Head)]) -> Result<Verified, Problem> {
    let unreadable = |e: &std::io::Error| {
        Problem::new(Kind::Failed, "unreadable", format!("{}: it cannot be read: {e}", path.display()))
    };
    let file = File::open(path).map_err(|e| unreadable(&e))?;
    let no_file = || {
        let text = format!("{}: this is no file of nexus audit export or nexus audit archive", path.display());
        Problem::malformed(text)
    };
    let mut reading = Reading { lines: BufReader::new(file), digest: Sha256::new() };
    let Some(mut text) = reading.next().map_err(|e| unreadable(&e))? else { return Err(no_file()) };
    let first = serde_json::from_str::<First>(&text).ok();
    if first.as_ref().is_some_and(|first| first.nexus_audit != VERSION) {
        let why = format!("{}: it is of a version that this program does not know", path.display());
        return Err(Problem::malformed(why));
    }
    let headed = text.starts_with("{\"nexus_audit\":");
    if !headed && !text.starts_with("{\"seq\":") && !text.starts_with("{\"seal\":") {
        return Err(no_file());
    }
    let (mut verifier, good) = begin(first.as_ref(), &text);
    if !good {
        let fault = if headed { Fault::Changed } else { Fault::Missing };
        verifier.file_is(fault, format!("the first line is {}", fault.word()));
    }
    let mut seen = Totals { events: 0, seals: 0, sha256: String::new() };
    let mut end = None;
    let mut number = 1;
    if headed {
        seen.sha256 = reading.so_far();
        text = String::new();
    }
    loop {
        if text.is_empty() {
            seen.sha256 = reading.so_far();
            number += 1;
            match reading.next().map_err(|e| unreadable(&e))? {
                Some(next) => text = next,
                None => break,
            }
        }
        if end.is_some() {
            verifier.file_is(Fault::Inserted, format!("line {number} comes after the end"));
            break;
        }
        if let Some(last) = canonical::<Last>(&text) {
            if last.end != seen {
                verifier.file_is(Fault::Changed, "what the last line says of the file is not so".to_owned());
            }
            end = Some(last);
        } else {
            take(&mut verifier, &text, number, &mut seen);
        }
        text.clear();
    }
    if end.is_none() {
        verifier.file_is(Fault::Missing, "the last line is missing: the file was cut short".to_owned());
    }
    verifier.heads(heads);
    Ok(verifier.end_of_file())
}

/// A verifier for what the first line announces, and whether that line is good.
fn begin(first: Option<&First>, text: &str) -> (Verifier, bool) {
    let good = first.and_then(|first| {
        let archived = Archived { up_to_seq: first.archived_up_to_seq, kept: first.kept.parse().ok()? };
        Some((Verifier::new(&first.project, first.seals.parse().ok()?, archived), line(first) == text))
    });
    // Without it, the names of the project in events and seals still have to agree with the hashes.
    good.unwrap_or_else(|| (Verifier::new("", Ranges::run(1, i64::MAX), Archived::default()), false))
}

/// Takes in an event or a seal.
fn take(verifier: &mut Verifier, text: &str, line: u64, seen: &mut Totals) {
    if let Some(seq) = leading(text, "{\"seq\":") {
        seen.events += 1;
        match canonical::<EventLine>(text) {
            Some(event) => verifier.event(&event),
            None => verifier.broken_event(seq),
        }
    } else if let Some(number) = leading(text, "{\"seal\":") {
        seen.seals += 1;
        match canonical::<SealLine>(text) {
            Some(seal) => verifier.seal(seal),
            None => verifier.broken_seal(number),
        }
    } else {
        verifier.file_is(Fault::Changed, format!("line {line} is neither an event nor a seal"));
    }
}

/// What `text` says, when it says it in the canonical form.
fn canonical<T: serde::de::DeserializeOwned + Serialize>(text: &str) -> Option<T> {
    serde_json::from_str::<T>(text).ok().filter(|it| line(it) == text)
}

/// The number that `text` begins with after `key`.
fn leading(text: &str, key: &str) -> Option<i64> {
    let rest = text.strip_prefix(key)?;
    rest[..rest.find(|c: char| !c.is_ascii_digit())?].parse().ok()
}

/// Lines of a file, and the digest of all that were read.
struct Reading {
    lines: BufReader<File>,
    digest: Sha256,
}

impl Reading {
    /// The next line without its end; `None` at the end of the file. Bytes that are no text show as U+FFFD.
    fn next(&mut self) -> std::io::Result<Option<String>> {
        let mut bytes = Vec::new();
        self.lines.by_ref().take(LINE_MAX).read_until(b'\n', &mut bytes)?;
        self.digest.update(&bytes);
        if bytes.is_empty() {
            return Ok(None);
        }
        // A line that has no end, or two, is not what was written.
        let text = bytes.strip_suffix(b"\n").map(String::from_utf8_lossy);
        Ok(Some(text.filter(|text| !text.is_empty()).map_or_else(|| "\0".to_owned(), std::borrow::Cow::into_owned)))
    }

    /// The digest of all lines so far.
    fn so_far(&self) -> String {
        hex(&self.digest.clone().finalize())
    }
}
