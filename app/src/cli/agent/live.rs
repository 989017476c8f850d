//! What agents do now, and what they ask.

use std::mem::ManuallyDrop;

use clap::Args;
use domain::id::{PermissionId, WorkId};
use engine::agent::{ActivityView, QuestionView, TOLD_MAX};
use engine::problem::Problem;

use crate::ask::{Deed, Look};
use crate::cli::change::outside_a_run;
use crate::cli::{Answer, Global};
use crate::reach::{Reach, now_ms};
use crate::terminal::{one_line, painted, table, when};

/// How many lines of an item are shown unless somebody asks for more.
const LINES: u32 = 50;

/// Show what agents did for an item: the last lines of what they said, used, asked and were refused
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  nexus agent activity work_1795211860474123456\n  nexus agent activity work_1795211860474123456 --limit 500 --json"
)]
pub struct Activity {
    /// The item
    id: WorkId,
    /// How many lines at most
    #[arg(long, value_name = "N", default_value_t = LINES, value_parser = clap::value_parser!(u32).range(1..=i64::from(TOLD_MAX)))]
    limit: u32,
}

/// List the questions of agents that wait for an answer, those first that wait no longer soon
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  nexus agent questions --json")]
pub struct Questions {}

/// Let an agent do what it asked about, or not; not from inside a run
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  nexus agent answer ask_1795211860474123456 allow\n  nexus agent answer ask_1795211860474123456 deny --by ann"
)]
pub struct Reply {
    /// The question
    id: PermissionId,
    /// The answer
    #[arg(value_parser = ["allow", "deny"])]
    answer: String,
    /// Who says so
    #[arg(long, env = "USER", value_name = "NAME", default_value = "somebody")]
    by: String,
    /// Makes a repeated request one: the same key gets the same answer
    #[arg(long)]
    key: Option<String>,
}

fn reach(global: &Global) -> Result<ManuallyDrop<Reach>, Problem> {
    // The end of the process closes the store, and sooner than we could.
    Reach::find(global).map(ManuallyDrop::new)
}

pub fn activity(global: &Global, args: Activity) -> Result<Answer, Problem> {
    let lines: Vec<ActivityView> = reach(global)?.look(&Look::Activity { id: args.id, limit: args.limit })?;
    let now = now_ms();
    let row = |it: &ActivityView| vec![it.fence.to_string(), when(it.at_ms, now), it.kind.clone(), one_line(&it.text)];
    let text = if lines.is_empty() {
        "no data: no agent that we can hear has worked on it lately; `nexus run --runtime …` starts such agents"
            .to_owned()
    } else {
        table(&["attempt", "when", "what", ""], lines.iter().map(row))
    };
    Ok(Answer::new(&lines, text))
}

pub fn questions(global: &Global) -> Result<Answer, Problem> {
    let open: Vec<QuestionView> = reach(global)?.look(&Look::Questions)?;
    let now = now_ms();
    let row = |it: &QuestionView| {
        vec![
            it.id.clone(),
            it.agent.clone(),
            it.item.clone(),
            when(it.until_ms, now),
            format!("{} {}", it.tool, it.input),
        ]
    };
    let text = if open.is_empty() {
        "no agent waits for an answer".to_owned()
    } else {
        table(&["id", "agent", "item", "until", "may it"], open.iter().map(row))
    };
    Ok(Answer::new(&open, text))
}

pub fn answer(global: &Global, args: Reply) -> Result<Answer, Problem> {
    outside_a_run("answer for an agent")?;
    let deed = Deed::Answer { id: args.id, allow: args.answer == "allow", by: args.by };
    let told: QuestionView = reach(global)?.deed(&deed, args.key.as_deref())?;
    let said = if args.answer == "allow" { painted("done", "may") } else { painted("dead", "may not") };
    let text = format!("{} {said} use {}", told.agent, one_line(&told.tool));
    Ok(Answer::new(&told, text))
}
