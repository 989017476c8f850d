//! `nexus coordination …`

use std::path::{Path, PathBuf};

use clap::Subcommand;
use engine::problem::{Kind, Problem};
use serde_json::json;

use super::Answer;
use crate::dropin;

/// Stand in for coordination_helper.sh
#[derive(Debug, Subcommand)]
#[command(after_help = "Example:\n  nexus coordination link agent_coordination")]
pub enum Command {
    /// Make a link named coordination_helper.sh to this program
    #[command(
        after_help = "Examples:\n  nexus coordination link agent_coordination\n  nexus coordination link ~/.local/bin --force\n\nA file of that name that is something else stays, unless --force is given."
    )]
    Link {
        /// The folder to make it in
        dir: PathBuf,
        /// Take the place of a file that is there
        #[arg(long)]
        force: bool,
    },
}

pub fn coordination(command: &Command) -> Result<Answer, Problem> {
    let Command::Link { dir, force } = command;
    let program = std::env::current_exe().map_err(|e| io(Path::new("nexus"), &e))?;
    if !dir.is_dir() {
        let message = format!("{} is no folder; make it first", dir.display());
        return Err(Problem::new(Kind::NotFound, "not_found", message));
    }
    let path = dir.join(dropin::NAME);
    let there = std::fs::symlink_metadata(&path).is_ok();
    let ours = std::fs::read_link(&path).is_ok_and(|target| target == program);
    if there && !ours && !force {
        let message = format!("{} is there already and is something else; --force takes its place", path.display());
        return Err(Problem::refused("exists", message));
    }
    if !ours {
        put(&program, dir, &path).map_err(|e| io(&path, &e))?;
    }
    let said = if ours { "is there already:" } else { "made" };
    let json = json!({ "path": path.to_string_lossy(), "program": program.to_string_lossy(), "created": !ours });
    Ok(Answer::new(&json, format!("{said} {} -> {}", path.display(), program.display())))
}

/// Makes the link beside its place and moves it there, so that there is no moment without a file.
fn put(program: &Path, dir: &Path, path: &Path) -> std::io::Result<()> {
    let beside = tempfile::Builder::new().prefix(".nexus-link-").tempdir_in(dir)?;
    let link = beside.path().join(dropin::NAME);
    std::os::unix::fs::symlink(program, &link)?;
    std::fs::rename(&link, path)
}

fn io(path: &Path, error: &std::io::Error) -> Problem {
    Problem::new(Kind::Failed, "io_failed", format!("{}: {error}", path.display()))
}
