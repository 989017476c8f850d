//! Which store a call is about.

use std::path::{Path, PathBuf};

use engine::Engine;
use engine::problem::{Kind, Problem};
use store::{Mode, Store};

use super::mirror::Mirror;
use super::surroundings::set;
use crate::cli::Global;
use crate::here::Here;
use crate::locate;

/// A store that is open, and the folder beside it.
pub struct Place {
    /// Settings and folder.
    pub here: Here,
    /// The store, with the rules.
    pub engine: Engine,
    /// Whether `COORDINATION_DIR` named the folder.
    shared: bool,
}

/// The folder that agents share, when the environment names one. A store is made there at the first word.
fn shared() -> Option<PathBuf> {
    let folder = set("COORDINATION_DIR").map(PathBuf::from)?;
    Some(std::path::absolute(&folder).unwrap_or(folder))
}

/// The folder of the store that the environment names, with a store in it if that is up to us.
pub fn folder() -> Result<Option<PathBuf>, Problem> {
    match shared() {
        Some(folder) => Place::open().map(|_| Some(folder)),
        None => Ok(set("NEXUS_DIR").map(PathBuf::from)),
    }
}

impl Place {
    /// Opens the store that the environment names (`COORDINATION_DIR`, else `NEXUS_DIR`), else that of the repository
    /// around the caller.
    pub fn open() -> Result<Self, Problem> {
        let shared = shared();
        let ours = shared.is_some();
        let here = Here::find(&global(shared.or_else(|| set("NEXUS_DIR").map(PathBuf::from)))).map_err(no_place)?;
        let engine = match here.engine(Mode::Direct) {
            // Perhaps another call is just making it; then this waits for that. The tables of a database are made by
            // hand, as a whole team shares them.
            Err(problem)
                if ours
                    && here.settings().database_url.is_none()
                    && matches!(problem.code.as_str(), "no_store" | "store_older") =>
            {
                make(&here.data)?;
                here.engine(Mode::Direct)?
            }
            opened => opened?,
        };
        Ok(Self { here, engine, shared: ours })
    }

    /// The store, for a word that needs it only when a model is asked for its opinion; `None`: none is.
    pub fn to_ask() -> Result<Option<Self>, Problem> {
        match Here::find(&global(shared().or_else(|| set("NEXUS_DIR").map(PathBuf::from)))) {
            Ok(here) if here.settings().advice.is_some() => Self::open().map(Some),
            Err(problem) if problem.kind == Kind::Malformed => Err(problem),
            Ok(_) | Err(_) => Ok(None),
        }
    }

    /// The folder for what words leave for scripts.
    pub fn folder(&self) -> PathBuf {
        self.here.settings().mirror_dir.clone().unwrap_or_else(|| self.here.data.clone())
    }

    /// Where files are kept up to date for scripts: where the settings say, else in the folder that agents share.
    pub fn mirror(&self) -> Option<Mirror> {
        let said = self.here.settings().mirror_dir.clone();
        said.or_else(|| self.shared.then(|| self.here.data.clone())).map(Mirror::at)
    }
}

fn no_place(problem: Problem) -> Problem {
    if problem.code != "no_repository" {
        return problem;
    }
    let message = "COORDINATION_DIR is not set and there is no git repository here; set COORDINATION_DIR to the folder \
        that agents share (it is made when it is not there), or go into a repository";
    Problem { message: message.to_owned(), ..problem }
}

fn make(folder: &Path) -> Result<(), Problem> {
    let failed = |e: std::io::Error| {
        Problem::new(Kind::Failed, "io_failed", format!("the folder {} cannot be made: {e}", folder.display()))
    };
    std::fs::create_dir_all(folder).map_err(failed)?;
    Store::create(&folder.join(locate::STORE), Mode::Direct)?;
    Ok(())
}

fn global(data_dir: Option<PathBuf>) -> Global {
    Global {
        repo: None,
        data_dir,
        database_url: None,
        server: None,
        project: None,
        profile: None,
        json: false,
        set: Vec::new(),
    }
}
