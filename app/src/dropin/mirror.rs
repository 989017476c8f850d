//! The files of the older tool, kept as the store stands, for scripts that read them.
//!
//! They are written whole and moved into place, after each word and, while `nexus up` runs, after each commit. Nothing
//! reads them back. What is open is in them up to a bound, and of what is finished the last.
//!
//! Whoever writes holds a lock on the mark `.nexus-mirror`, which says up to which entry of the log the files go: a
//! writer that is late neither puts older rows over newer ones nor writes the same again.

use std::collections::BTreeMap;
use std::fs::{File, Permissions};
use std::io::{Read as _, Seek as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use engine::problem::{Kind, Problem};
use engine::work::WorkView;
use engine::{Engine, wait};
use serde_json::{Value, json};
use store::work::Page;

use crate::backlog::rows;

const MARK: &str = ".nexus-mirror";
/// Where files go that were there before.
const BEFORE: &str = "before-nexus";
/// How many items of each open state are in the files.
const OPEN: u32 = 1_000;
/// How many of each finished state.
const FINISHED: u32 = 200;
/// How many agents.
const AGENTS: u32 = 1_000;
/// How often `nexus up` looks for commits.
const LOOK: Duration = Duration::from_millis(200);

/// A folder with the files.
#[derive(Clone, Debug)]
pub struct Mirror {
    folder: PathBuf,
}

impl Mirror {
    /// The mirror in `folder`.
    pub const fn at(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// The mirror that words of the older tool keep beside a store in `folder`, if they do.
    pub fn beside(folder: &Path) -> Option<Self> {
        folder.join(MARK).exists().then(|| Self::at(folder.to_path_buf()))
    }

    /// Brings the files up to date. Comes back with the folder to which files of others were moved, if there were any.
    pub fn refresh(&self, engine: &Engine) -> Result<Option<PathBuf>, Problem> {
        self.written(engine)?.map_err(|e: std::io::Error| {
            let message = format!("the files in {} cannot be kept up to date: {e}", self.folder.display());
            Problem::new(Kind::Failed, "io_failed", message)
        })
    }

    fn written(&self, engine: &Engine) -> Result<std::io::Result<Option<PathBuf>>, Problem> {
        let mut mark = match self.mark() {
            Ok(mark) => mark,
            Err(error) => return Ok(Err(error)),
        };
        let seq = wait(engine.latest_events(1))?.last().map_or(0, |event| event.seq);
        let now = json!({ "project": engine.project.as_str(), "seq": seq }).to_string();
        let mut before = String::new();
        if let Err(error) = mark.read_to_string(&mut before) {
            return Ok(Err(error));
        }
        if before == now {
            return Ok(Ok(None));
        }
        let files = files(engine)?;
        Ok((|| {
            let moved = if before.is_empty() { self.set_aside(&files)? } else { None };
            for (name, text) in &files {
                self.put(name, text)?;
            }
            mark.set_len(0)?;
            mark.rewind()?;
            mark.write_all(now.as_bytes())?;
            Ok(moved)
        })())
    }

    /// The mark, locked until it is closed.
    fn mark(&self) -> std::io::Result<File> {
        std::fs::create_dir_all(&self.folder)?;
        let path = self.folder.join(MARK);
        let mark = File::options().read(true).write(true).create(true).truncate(false).open(path)?;
        mark.lock()?;
        Ok(mark)
    }

    /// Moves what somebody else has written out of the way, rather than writing over it.
    fn set_aside(&self, files: &[(&str, String)]) -> std::io::Result<Option<PathBuf>> {
        let there: Vec<&str> =
            files.iter().map(|(name, _)| *name).filter(|name| self.folder.join(name).exists()).collect();
        if there.is_empty() {
            return Ok(None);
        }
        let names = (1..).map(|n| if n == 1 { BEFORE.to_owned() } else { format!("{BEFORE}-{n}") });
        let aside = names.map(|name| self.folder.join(name)).find(|it| !it.exists()).expect("numbers do not end");
        std::fs::create_dir(&aside)?;
        for name in there {
            std::fs::rename(self.folder.join(name), aside.join(name))?;
        }
        Ok(Some(aside))
    }

    fn put(&self, name: &str, text: &str) -> std::io::Result<()> {
        let mut file = tempfile::Builder::new().prefix(".nexus-mirror-").tempfile_in(&self.folder)?;
        file.write_all(text.as_bytes())?;
        file.as_file().set_permissions(Permissions::from_mode(0o444))?;
        file.persist(self.folder.join(name))?;
        Ok(())
    }

    /// Brings the files up to date after commits, until `over`. Each new trouble is said once.
    pub fn follow(&self, engine: &Engine, over: &AtomicBool) {
        let mut said = String::new();
        let mut changes = None;
        while !over.load(Ordering::SeqCst) {
            let refreshed = (|| {
                if changes.is_none() {
                    changes = Some(engine.store.changes()?);
                    return self.refresh(engine).map(drop);
                }
                let any = changes.as_mut().map_or(Ok(false), store::Changes::any)?;
                if any { self.refresh(engine).map(drop) } else { Ok(()) }
            })();
            if let Err(problem) = refreshed {
                changes = None;
                if problem.message != said {
                    anstream::eprintln!("{}", crate::terminal::one_line(&problem.message));
                    said = problem.message;
                }
            }
            std::thread::sleep(LOOK);
        }
    }
}

/// The files with what is in them.
fn files(engine: &Engine) -> Result<[(&'static str, String); 4], Problem> {
    let mut items: BTreeMap<String, WorkView> = BTreeMap::new();
    // In the order of an item's life, so that one that moves on meanwhile is seen twice rather than not at all.
    for state in ["pending", "blocked", "ready", "leased", "submitted"] {
        let page = Page { after: String::new(), limit: OPEN };
        items.extend(wait(engine.list(Some(state), &page))?.into_iter().map(|item| (item.id.clone(), item)));
    }
    for state in ["done", "dead", "cancelled"] {
        items.extend(wait(engine.latest(state, FINISHED))?.into_iter().map(|item| (item.id.clone(), item)));
    }
    let mut done: Vec<&WorkView> = items.values().filter(|item| item.state == "done").collect();
    done.sort_by_key(|item| (item.changed_at_ms, &item.id));
    let agents = wait(engine.roster(&Page { after: String::new(), limit: AGENTS }))?;
    let velocity: String = done.iter().map(|item| rows::velocity(item) + "\n").collect();
    Ok([
        ("work_claims.json", array(items.values().map(rows::claim))),
        ("agent_status.json", array(agents.iter().map(|agent| rows::agent(agent, None)))),
        ("coordination_log.json", array(done.iter().map(|item| rows::completion(item)))),
        ("velocity_log.txt", velocity),
    ])
}

fn array(rows: impl Iterator<Item = Value>) -> String {
    let rows: Vec<String> = rows.map(|row| row.to_string()).collect();
    if rows.is_empty() { "[]\n".to_owned() } else { format!("[\n{}\n]\n", rows.join(",\n")) }
}
