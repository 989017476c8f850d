//! Keeping items for agents.

use std::time::Duration;

use clap::Args;
use domain::id::WorkId;
use domain::text::{AgentName, Role};
use engine::problem::Problem;
use engine::wait;

use crate::cli::{Answer, parse};
use crate::reach::Reach;

/// How long an item is kept for an agent unless somebody says otherwise.
const KEPT: Duration = Duration::from_hours(1);

/// Keep an item for one agent in each role; exit 3, and nothing is kept, when nobody fills one of them
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  nexus work assign work_1795211860474123456 --role Developer --role QA --for 4h\n\n\
    `work next` of that agent prefers what is kept for it; `work next` of others passes over what is kept for somebody\n\
    else in the item's own role. Of those that are there and fit, the agent with the least to do is taken."
)]
pub struct Assign {
    /// Which item
    id: WorkId,
    /// A role that it needs; may be given again. The item's own role unless given
    #[arg(long = "role", value_name = "ROLE")]
    roles: Vec<Role>,
    /// How long it is kept; 1h unless given
    #[arg(long = "for", value_name = "DURATION", value_parser = parse::span)]
    span: Option<Duration>,
    /// Makes a repeated request one: the same key gets the same answer
    #[arg(long)]
    key: Option<String>,
}

pub fn assign(reach: &Reach, args: &Assign) -> Result<Answer, Problem> {
    let key = parse::key(args.key.as_ref(), args)?;
    let assigned = wait(reach.itself()?.assign(args.id.clone(), args.roles.clone(), kept_ms(args.span), key))?;
    let lines: Vec<_> =
        assigned.iter().map(|it| format!("{} is kept for {} as {}", args.id, it.agent, it.role)).collect();
    let json = serde_json::json!({ "item": args.id.as_str(), "assigned": assigned });
    Ok(Answer::new(&json, lines.join("\n")))
}

/// Give an item to another agent: from hand to hand when somebody holds it, whoever that is
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  nexus work reassign work_1795211860474123456 --to max")]
pub struct Reassign {
    /// Which item
    id: WorkId,
    /// To whom
    #[arg(long, value_name = "AGENT")]
    to: AgentName,
    /// How long it is kept when nobody holds it; 1h unless given
    #[arg(long = "for", value_name = "DURATION", value_parser = parse::span)]
    span: Option<Duration>,
    /// Makes a repeated request one: the same key gets the same answer
    #[arg(long)]
    key: Option<String>,
}

pub fn reassign(reach: &Reach, args: &Reassign) -> Result<Answer, Problem> {
    let key = parse::key(args.key.as_ref(), args)?;
    let assigned = wait(reach.itself()?.reassign(args.id.clone(), args.to.clone(), kept_ms(args.span), key))?;
    let text = match &assigned {
        Some(it) => format!("{} is kept for {} as {}", args.id, it.agent, it.role),
        None => format!("{} holds {} now", args.to, args.id),
    };
    let assigned: Vec<_> = assigned.into_iter().collect();
    Ok(Answer::new(&serde_json::json!({ "item": args.id.as_str(), "assigned": assigned }), text))
}

fn kept_ms(span: Option<Duration>) -> i64 {
    i64::try_from(span.unwrap_or(KEPT).as_millis()).unwrap_or(i64::MAX)
}
