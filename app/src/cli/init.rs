//! `nexus init`

use engine::ports::Repo as _;
use engine::problem::{Kind, Problem};
use serde_json::json;
use store::{Mode, Store, StoreError};

use super::{Answer, Global};
use crate::here::Here;
use crate::locate;

/// Make a store for the repository you are in
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  nexus init\n  nexus init --repo ../other --json\n\nRunning it again changes nothing; an older store is brought up to date. With --database-url the tables are made in that PostgreSQL database."
)]
pub struct Args {}

pub fn init(global: &Global, _: &Args) -> Result<Answer, Problem> {
    let here = Here::find(global);
    // Git's own words are clearer about a folder that is no repository.
    let git = connect::git::Git::open(global.repo.as_deref().unwrap_or(std::path::Path::new(".")))?;
    let here = here?;
    let failed = |e: std::io::Error| {
        let message = format!("the folder {} cannot be made: {e}", here.data.display());
        Problem::new(Kind::Failed, "io_failed", message)
    };
    std::fs::create_dir_all(&here.data).map_err(failed)?;
    let path = here.data.join(locate::STORE);
    let (place, there) = if let Some(url) = &here.settings().database_url {
        let there = matches!(Store::open_database(url, Mode::Direct), Ok(_) | Err(StoreError::Older { .. }));
        Store::create_database(url, Mode::Direct)?;
        (url.to_string(), there)
    } else {
        let there = path.exists();
        Store::create(&path, Mode::Direct)?;
        (path.display().to_string(), there)
    };
    if here.data.starts_with(git.root()) {
        git.exclude("/.nexus/")?;
    }
    let empty = git.commit("HEAD")?.is_none();
    let mut text = format!("{} {}", if there { "the store is there already:" } else { "made" }, place);
    if empty {
        text.push_str("\nthis repository has no commit yet; commit something before `nexus run`");
    } else {
        text.push_str("\nnext: `nexus work add TITLE`, then `nexus run --agent 'CMD …'`");
    }
    let json = json!({
        "data_dir": here.data.to_string_lossy(), "store": place, "created": !there,
        "repo": git.root().to_string_lossy(),
    });
    Ok(Answer::new(&json, text))
}
