//! `nexus status`

use engine::problem::Problem;
use engine::wait;
use store::Mode;

use super::{Answer, Global};
use crate::here::Here;
use crate::terminal::{one_line, painted, when};

/// How things stand: items by state, and who holds what
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  nexus status\n  nexus status --json | jq .work.ready")]
pub struct Args {}

pub fn status(global: &Global, _: &Args) -> Result<Answer, Problem> {
    let engine = Here::find(global)?.engine(Mode::Direct)?;
    let status = wait(engine.status())?;
    let mut lines =
        vec![format!("project {} · {} agents, {} at work", status.project, status.agents.total, status.agents.active)];
    let counts = status.work.iter().map(|(state, n)| painted(state, &format!("{state} {n}")));
    lines.push(counts.collect::<Vec<_>>().join(" · "));
    for hold in &status.held {
        let percent = hold.progress_percent.map(|p| format!(" {p} %")).unwrap_or_default();
        let ends = when(hold.lease_until_ms, status.at_ms);
        lines.push(format!("  {} has {} ({ends}){percent}: {}", hold.holder, hold.id, one_line(&hold.title)));
    }
    for duty in &status.duties {
        lines.push(format!("  duty {:?} is with {}", duty.name, duty.holder));
    }
    Ok(Answer::new(&status, lines.join("\n")))
}
