//! Passing an item on.

use clap::{Args, Subcommand};
use domain::id::WorkId;
use domain::text::{AgentName, Role};
use domain::time::Ttl;
use domain::work::{Bundle, Limits, Receiver};
use engine::problem::Problem;
use engine::work::{HandoffView, WorkView};

use super::hold::Hold;
use crate::ask::{self, Deed, receiver_ttl};
use crate::cli::{Answer, parse};
use crate::reach::{Reach, now_ms};
use crate::terminal::{harmless, one_line, when};

/// Pass an item that you hold on to an agent or a role, with all that the next one has to know
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    group(clap::ArgGroup::new("receiver").required(true).args(["to", "to_role"])),
    after_help = "Examples:\n  nexus work handoff work_1795211860474123456 --agent zoe --fence 1 --to max --note 'tests are left'\n  \
    nexus work handoff work_1795211860474123456 --agent zoe --fence 1 --to-role QA --artifact docs/plan.md --context @context.md\n  \
    nexus work handoff show work_1795211860474123456\n\n\
    Exit 3 when the receiver takes nothing or nobody has the role, 5 when the fence is not current."
)]
pub struct Handoff {
    #[command(subcommand)]
    look: Option<Look>,
    /// Which item
    #[arg(required = true)]
    id: Option<WorkId>,
    /// Who holds it
    #[arg(long, env = "NEXUS_AGENT_ID", value_name = "NAME", required = true)]
    agent: Option<AgentName>,
    /// The fence that the claim gave
    #[arg(long, env = "NEXUS_FENCE", value_name = "N", required = true)]
    fence: Option<i64>,
    /// To this agent, which holds it from then on
    #[arg(long, value_name = "AGENT")]
    to: Option<AgentName>,
    /// To whoever has this role; it goes to the front of their queue
    #[arg(long, value_name = "ROLE")]
    to_role: Option<Role>,
    /// How long the receiving agent has it unless it renews; 10m unless given
    #[arg(long, value_name = "DURATION", value_parser = parse::ttl, conflicts_with = "to_role")]
    ttl: Option<Ttl>,
    /// Something that was made: a path, a link; may be given again
    #[arg(long = "artifact", value_name = "PATH")]
    artifacts: Vec<String>,
    /// All that the next one has to know; @FILE reads a file, @- standard input
    #[arg(long, value_name = "TEXT|@FILE", default_value = "", hide_default_value = true, allow_hyphen_values = true)]
    context: String,
    /// A word on it
    #[arg(long, value_name = "TEXT", default_value = "", hide_default_value = true, allow_hyphen_values = true)]
    note: String,
    /// Offer it to a role that nobody has yet
    #[arg(long, requires = "to_role")]
    anyway: bool,
    /// Makes a repeated request one: the same key gets the same answer
    #[arg(long)]
    key: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Look {
    Show(Show),
}

/// Show what was left for whoever has the item now
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  nexus work handoff show work_1795211860474123456 --json")]
struct Show {
    /// Which item
    id: WorkId,
}

pub fn handoff(reach: &Reach, args: &Handoff) -> Result<Answer, Problem> {
    if let Some(Look::Show(args)) = &args.look {
        let handoff: HandoffView = reach.look(&ask::Look::Handoff { id: args.id.clone() })?;
        return Ok(Answer::new(&handoff, lines(&handoff, now_ms())));
    }
    let given = "the parser asks for it where nothing is to be shown";
    let hold = Hold {
        id: args.id.clone().expect(given),
        agent: args.agent.clone().expect(given),
        fence: args.fence.expect(given),
        key: args.key.clone(),
    };
    let to = match (&args.to, &args.to_role) {
        (Some(name), _) => Receiver::Agent { name: name.clone(), ttl: receiver_ttl(args.ttl) },
        (None, Some(role)) => Receiver::Role(role.clone()),
        (None, None) => unreachable!("the parser asks for one of the two"),
    };
    let context = parse::text_or_file(&args.context, Limits::TEXT_BYTES_MAX as u64)?;
    let bundle = Bundle { artifacts: args.artifacts.clone(), context, note: args.note.clone() };
    let deed = Deed::HandOff { id: hold.id.clone(), held: hold.held(), to, bundle, anyway: args.anyway };
    let item: WorkView = reach.deed(&deed, args.key.as_deref())?;
    let to = match (&args.to, &args.to_role) {
        (Some(name), _) => format!("{name}, who holds it under fence {}", item.fence),
        (_, Some(role)) => format!("the role {role}"),
        _ => String::new(),
    };
    let text = format!("handed {} off to {}: {}", item.id, harmless(&to), one_line(&item.title));
    Ok(Answer::new(&item, text))
}

/// A hand-off for people.
pub fn lines(handoff: &HandoffView, now: i64) -> String {
    let to = handoff.to_agent.clone().or_else(|| handoff.to_role.as_ref().map(|role| format!("the role {role}")));
    let mut lines = vec![format!(
        "handed off by {} to {}, {}",
        harmless(&handoff.from),
        harmless(&to.unwrap_or_default()),
        when(handoff.at_ms, now)
    )];
    let mut add = |name: &str, value: &str| {
        if !value.trim().is_empty() {
            lines.push(format!("{name}: {}", harmless(value)));
        }
    };
    add("note", &handoff.note);
    let note = handoff.progress_note.clone().unwrap_or_default();
    add("progress", &handoff.progress_percent.map_or_else(String::new, |n| format!("{n} % {note}")));
    add("artifacts", &handoff.artifacts.join(", "));
    add("workspace", handoff.workspace.as_deref().unwrap_or_default());
    add("context", &handoff.context);
    lines.join("\n")
}
