//! `nexus config …`

use clap::Subcommand;
use engine::problem::{Kind, Problem};
use serde_json::json;

use super::{Answer, Global};
use crate::here::Here;
use crate::settings::template;
use crate::terminal::table;

/// The settings of this machine
#[derive(Debug, Subcommand)]
#[command(after_help = "Example:\n  nexus config show")]
pub enum Command {
    /// Show every setting and where its value comes from
    #[command(after_help = "Example:\n  nexus config show --profile prod")]
    Show,
    /// Write a commented file with every setting
    #[command(after_help = "Example:\n  nexus config init")]
    Init {
        /// Write over the file that is there
        #[arg(long)]
        force: bool,
    },
}

pub fn config(global: &Global, command: &Command) -> Result<Answer, Problem> {
    let here = Here::find(global)?;
    match command {
        Command::Show => {
            let rows = &here.loaded.rows;
            let text = table(
                &["setting", "value", "from"],
                rows.iter().map(|row| vec![row.key.to_owned(), row.value.clone(), row.source.clone()]),
            );
            let json: Vec<_> = rows
                .iter()
                .map(|row| json!({ "key": row.key, "value": row.value, "source": row.source, "doc": row.doc }))
                .collect();
            Ok(Answer::new(&json, text))
        }
        Command::Init { force } => {
            let path = here.data.join("config.toml");
            if path.exists() && !force {
                let message = format!("{} is there already; --force writes over it", path.display());
                return Err(Problem::refused("exists", message));
            }
            let failed =
                |e| Problem::new(Kind::Failed, "io_failed", format!("{} cannot be written: {e}", path.display()));
            std::fs::create_dir_all(&here.data).map_err(failed)?;
            std::fs::write(&path, template()).map_err(failed)?;
            Ok(Answer::new(&json!({ "path": path.to_string_lossy() }), format!("wrote {}", path.display())))
        }
    }
}
