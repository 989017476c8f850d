//! Why work is not given out, what comes next, and what needs what.

use clap::Args;
use domain::agent::Filter;
use domain::id::WorkId;
use domain::text::{AgentName, Capability, Role, Team};
use engine::problem::Problem;
use engine::work::{Explained, GRAPH_MAX, Graph, NextUp};

use crate::ask::Look;
use crate::cli::Answer;
use crate::reach::{Reach, now_ms};
use crate::terminal::{harmless, one_line, painted, when};

/// Say why an item cannot be taken now and when that changes; without an item, which one is next and why
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  nexus work explain work_1795211860474123456 --agent zoe\n  nexus work explain --agent zoe --role reviewer"
)]
pub struct Explain {
    /// Which item
    id: Option<WorkId>,
    /// For whom
    #[arg(long, env = "NEXUS_AGENT_ID", value_name = "NAME")]
    agent: Option<AgentName>,
    /// As `work next` would be asked
    #[arg(long, requires = "agent")]
    role: Option<Role>,
    /// As `work next` would be asked
    #[arg(long, requires = "agent")]
    team: Option<Team>,
    /// As `work next` would be asked; may be given again
    #[arg(long = "capability", value_name = "CAPABILITY", requires = "agent")]
    capabilities: Vec<Capability>,
}

pub fn explain(reach: &Reach, args: &Explain) -> Result<Answer, Problem> {
    let able = (!args.capabilities.is_empty()).then(|| args.capabilities.iter().cloned().collect());
    let filter = Filter { role: args.role.clone(), team: args.team.clone(), capabilities: able };
    let agent = args.agent.clone().map(|name| (name, filter));
    let now = now_ms();
    let look = Look::Explain { id: args.id.clone(), agent };
    if args.id.is_some() {
        let told: Explained = reach.look(&look)?;
        let text = item(&told, now);
        return Ok(Answer::new(&told, text));
    }
    let told: NextUp = reach.look(&look)?;
    let mut text = match &told.next {
        Some(next) => format!("next is {}: {}\n{}", next.id, one_line(&next.title), told.why),
        None => told.why.clone(),
    };
    for over in &told.stepped_over {
        text.push_str(&format!("\n\n{}", item(over, now)));
    }
    Ok(Answer::new(&told, text))
}

fn item(it: &Explained, now: i64) -> String {
    let mut lines = vec![format!("{} {}: {}", it.id, painted(&it.state, &it.state), one_line(&it.title))];
    if it.claimable {
        lines.push("it can be taken now".to_owned());
    }
    for reason in &it.reasons {
        let until = reason.until_ms.map_or_else(String::new, |at| format!(" ({})", when(at, now)));
        lines.push(format!("  {}: {}{until}; until: {}", reason.code, harmless(&reason.text), reason.then));
    }
    if let Some(before) = it.before {
        lines.push(format!("{before} ready items stand before it"));
    }
    lines.join("\n")
}

/// Show what needs what, with the longest chain of open items
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  nexus work graph\n  nexus work graph work_1795211860474123456 --format dot | dot -Tsvg > graph.svg"
)]
pub struct GraphArgs {
    /// Only what this item needs, and what needs it
    id: Option<WorkId>,
    /// How it is written; with --json one object, whatever this says
    #[arg(long, default_value = "text", value_parser = ["text", "mermaid", "dot"])]
    format: String,
    /// How many items at most
    #[arg(long, value_name = "N", default_value_t = GRAPH_MAX, value_parser = clap::value_parser!(u32).range(1..=i64::from(GRAPH_MAX)))]
    limit: u32,
}

pub fn graph(reach: &Reach, args: &GraphArgs) -> Result<Answer, Problem> {
    let graph: Graph = reach.look(&Look::Graph { id: args.id.clone(), limit: args.limit })?;
    let text = match args.format.as_str() {
        "mermaid" => graph.mermaid(),
        "dot" => graph.dot(),
        _ => text(&graph),
    };
    Ok(Answer::new(&graph, text))
}

fn text(graph: &Graph) -> String {
    let mut lines = Vec::new();
    for node in &graph.nodes {
        let points = node.points.map_or_else(String::new, |points| format!(" ({points})"));
        lines.push(format!("{} {}{points}: {}", node.id, painted(&node.state, &node.state), one_line(&node.title)));
        let needs = graph.edges.iter().filter(|edge| edge.item == node.id);
        lines.extend(needs.map(|edge| format!("  needs {}", edge.needs)));
    }
    if graph.critical_path.is_empty() {
        lines.push("no open items".to_owned());
    } else {
        let by = if graph.method == "points" { "by points" } else { "by count, as not every item has points" };
        let path = graph.critical_path.join(" → ");
        lines.push(format!("critical path, {by}, of length {}: {path}", graph.length));
    }
    if graph.truncated {
        lines.push(format!("… there are more than these {} items", graph.nodes.len()));
    }
    lines.join("\n")
}
