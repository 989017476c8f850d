//! Heads of the chain, written down where whoever can rewrite the database cannot.
//!
//! A head names a seal and its hash, and the hash covers all that came before. Before a new one is written down, the
//! last one is compared with the chain: a chain that was rewritten is not vouched for.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use domain::text::Project;
use serde::{Deserialize, Serialize};
use store::seal::Seal;
use store::{failpoint, seal};

use super::line::line;
use crate::ports::Repo;
use crate::problem::{Kind, Problem};
use crate::{Engine, wait};

/// The ref that keeps heads.
pub const REF: &str = "refs/nexus/audit";
/// The file in the tree of its commit: one head a line, one line a project.
const FILE: &str = "heads.jsonl";
/// The most that is read of a list of heads, and of the end of a file of them.
const BYTES_MAX: u64 = 1 << 20;
/// How often a head is tried again that another process's came before.
const TRIES: u32 = 20;

/// The end of a chain.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// Of which project.
    pub project: String,
    /// The number of the seal.
    pub seal: i64,
    /// The last entry that it seals.
    pub up_to_seq: i64,
    /// When it was made.
    pub at_ms: i64,
    /// Its hash.
    pub hash: String,
}

impl Head {
    /// The head that `seal` is.
    pub fn of(project: &Project, seal: &Seal) -> Self {
        Self {
            project: project.as_str().to_owned(),
            seal: seal.number,
            up_to_seq: seal.up_to_seq,
            at_ms: seal.at.millis(),
            hash: seal.hash.clone(),
        }
    }
}

/// Where heads are written down.
#[derive(Clone, Default)]
pub struct Heads {
    /// A repository, for the ref `refs/nexus/audit`.
    pub repo: Option<Arc<dyn Repo>>,
    /// A file to append to.
    pub file: Option<PathBuf>,
}

impl Heads {
    /// Writes `head` down wherever it is not yet; comes back with where.
    pub(super) fn publish(&self, engine: &Engine, head: &Head) -> Result<Vec<String>, Problem> {
        let mut places = Vec::new();
        if let Some(repo) = &self.repo
            && publish_ref(&**repo, engine, head)?
        {
            places.push(REF.to_owned());
        }
        failpoint!("seal.published");
        if let Some(file) = &self.file
            && publish_file(file, engine, head)?
        {
            places.push(file.display().to_string());
        }
        Ok(places)
    }

    /// Every head in the ref, of whatever project.
    pub fn in_ref(&self) -> Result<Vec<Head>, Problem> {
        self.repo.as_ref().map_or_else(|| Ok(Vec::new()), |repo| Ok(in_ref(&**repo)?.1))
    }

    /// Every head that is written down, of whatever project, with where.
    pub fn all(&self) -> Result<Vec<(String, Head)>, Problem> {
        let mut all: Vec<_> = Vec::new();
        all.extend(self.in_ref()?.into_iter().map(|head| (REF.to_owned(), head)));
        if let Some(file) = &self.file
            && file.exists()
        {
            let text = std::fs::read_to_string(file).map_err(|e| unreadable(file, &e))?;
            let name = file.display().to_string();
            all.extend(parse(&text).into_iter().map(|head| (name.clone(), head)));
        }
        Ok(all)
    }
}

fn publish_ref(repo: &dyn Repo, engine: &Engine, head: &Head) -> Result<bool, Problem> {
    for _ in 0..TRIES {
        let (old, mut heads) = in_ref(repo)?;
        let before = heads.iter().position(|it| it.project == head.project).map(|at| heads.remove(at));
        if !goes_on(engine, before.as_ref(), head, REF)? {
            return Ok(false);
        }
        heads.push(head.clone());
        heads.sort_by(|a, b| a.project.cmp(&b.project));
        let text: String = heads.iter().map(|head| line(head) + "\n").collect();
        let message = format!("seal {} of {}", head.seal, head.project);
        if repo.commit_file(REF, FILE, text.as_bytes(), &message, old.as_deref())? {
            return Ok(true);
        }
    }
    Err(Problem::new(Kind::Failed, "git_failed", format!("{REF} moves all the time; try again")))
}

/// Where the ref is, and the heads in it.
fn in_ref(repo: &dyn Repo) -> Result<(Option<String>, Vec<Head>), Problem> {
    let Some(at) = repo.commit(REF)? else { return Ok((None, Vec::new())) };
    let bytes = repo.read(&at, FILE.as_bytes(), BYTES_MAX)?.unwrap_or_default();
    Ok((Some(at), parse(&String::from_utf8_lossy(&bytes))))
}

fn publish_file(path: &Path, engine: &Engine, head: &Head) -> Result<bool, Problem> {
    let failed = |e: std::io::Error| {
        let message = format!("the head of the audit log cannot be appended to {}: {e}", path.display());
        Problem::new(Kind::Failed, "io_failed", message)
    };
    let mut file = File::options().read(true).append(true).create(true).open(path).map_err(failed)?;
    let end = file.metadata().map_err(failed)?.len();
    file.seek(SeekFrom::Start(end.saturating_sub(BYTES_MAX))).map_err(failed)?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(failed)?;
    let text = String::from_utf8_lossy(&bytes);
    let before = parse(&text).into_iter().rfind(|it| it.project == head.project);
    if !goes_on(engine, before.as_ref(), head, &path.display().to_string())? {
        return Ok(false);
    }
    let newline = if text.is_empty() || text.ends_with('\n') { "" } else { "\n" };
    file.write_all(format!("{newline}{}\n", line(head)).as_bytes()).and_then(|()| file.sync_data()).map_err(failed)?;
    Ok(true)
}

/// Whether `head` is later than `before`, which has to be of the same chain.
fn goes_on(engine: &Engine, before: Option<&Head>, head: &Head, place: &str) -> Result<bool, Problem> {
    let Some(before) = before else { return Ok(true) };
    match disagreement(engine, before)? {
        Some(why) => {
            let message = format!("{why}, says {place}; the head is not written down; see nexus audit verify");
            Err(Problem::refused("tampered", message))
        }
        None => Ok(before.seal < head.seal),
    }
}

/// Why the chain in the store is not the one that `head` is of; `None` when it is.
pub(super) fn disagreement(engine: &Engine, head: &Head) -> Result<Option<String>, Problem> {
    let found = wait(engine.store.read(async |tx| seal::head(tx, &engine.project, head.seal).await))?;
    Ok(why_not(head, found.map(|seal| seal.hash).as_deref()))
}

/// Why a chain whose seal of that number has the hash `found` is not the one that `head` is of.
pub(super) fn why_not(head: &Head, found: Option<&str>) -> Option<String> {
    match found {
        Some(hash) if hash == head.hash => None,
        Some(_) => Some(format!("seal {} up to event {} was rewritten", head.seal, head.up_to_seq)),
        None => Some(format!("seal {} up to event {} is gone", head.seal, head.up_to_seq)),
    }
}

/// The heads in `text`, one a line. A line that a crash, or the beginning of what was read, has cut in half is none.
pub fn parse(text: &str) -> Vec<Head> {
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

fn unreadable(path: &Path, error: &std::io::Error) -> Problem {
    Problem::new(Kind::Failed, "unreadable", format!("{}: it cannot be read: {error}", path.display()))
}
