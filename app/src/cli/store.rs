//! `nexus store …`

use std::path::PathBuf;

use clap::Subcommand;
use engine::problem::Problem;
use serde_json::json;
use store::copy::{Location, copy};
use store::{Mode, Store, Url};

use super::{Answer, Global};
use crate::here::Here;
use crate::locate;
use crate::terminal::table;

/// The store itself
#[derive(Debug, Subcommand)]
#[command(after_help = "Example:\n  nexus store copy --to postgres://nexus@db/nexus")]
pub enum Command {
    /// Copy everything in the store to an empty one: from the file to a database or back, or to another file
    ///
    /// The copy is what the store was at one moment. To move to it, end `nexus up` and `nexus run` first: what is
    /// written after the copy began is not in it.
    #[command(
        after_help = "Examples:\n  nexus store copy --to postgres://nexus@db/nexus            the file of this repository goes to the database\n  nexus --database-url postgres://nexus@db/nexus store copy --to-file .nexus/nexus.db\n  nexus store copy --to-file /backup/nexus.db                while others work; never with cp\n\nAfterwards set database_url (or take it away) so that every command finds the store."
    )]
    Copy {
        /// The database to copy to
        #[arg(long, value_name = "URL", required_unless_present = "to_file", conflicts_with = "to_file")]
        to: Option<Url>,
        /// The file to copy to; a new one is made
        #[arg(long, value_name = "FILE")]
        to_file: Option<PathBuf>,
    },
}

pub fn store(global: &Global, command: &Command) -> Result<Answer, Problem> {
    let Command::Copy { to, to_file } = command;
    let here = Here::find(global)?;
    let file = here.data.join(locate::STORE);
    let (from, to) = match (to, to_file, &here.settings().database_url) {
        (Some(to), _, None) => {
            Store::create_database(to, Mode::Direct)?;
            (Location::File(file), Location::Database(Box::new(to.clone())))
        }
        (None, Some(to), from) => {
            if from.is_none() {
                // Before there is a copy of nothing.
                Store::open(&file, Mode::Direct)?;
            }
            if let Some(folder) = to.parent().filter(|it| !it.as_os_str().is_empty()) {
                std::fs::create_dir_all(folder)
                    .map_err(|e| Problem::malformed(format!("{}: {e}", folder.display())))?;
            }
            Store::create(to, Mode::Direct)?;
            let from = from.as_ref().map_or(Location::File(file), |url| Location::Database(Box::new(url.clone())));
            (from, Location::File(to.clone()))
        }
        (Some(_), _, Some(from)) => {
            let message = format!("the store is in {from} already; leave database_url unset to copy from the file");
            return Err(Problem::malformed(message));
        }
        (None, None, _) => return Err(Problem::malformed("say where to: --to or --to-file")),
    };
    let bar = indicatif::ProgressBar::new_spinner();
    let copied = copy(&from, &to, &|name, rows| {
        bar.set_message(format!("{name} {rows}"));
        bar.tick();
    })?;
    bar.finish_and_clear();
    let shown = |location: &Location| match location {
        Location::File(path) => path.display().to_string(),
        Location::Database(url) => url.to_string(),
    };
    let rows: u64 = copied.iter().map(|it| it.rows).sum();
    let text = format!(
        "{}\ncopied {rows} rows from {} to {}",
        table(&["table", "rows"], copied.iter().map(|it| vec![it.table.clone(), it.rows.to_string()])),
        shown(&from),
        shown(&to),
    );
    let tables: Vec<_> = copied.iter().map(|it| json!({ "table": it.table, "rows": it.rows })).collect();
    Ok(Answer::new(&json!({ "from": shown(&from), "to": shown(&to), "rows": rows, "tables": tables }), text))
}
