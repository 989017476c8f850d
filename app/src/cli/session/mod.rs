//! `nexus agent start`, `end`, `sessions`, `handoff`

mod page;
mod told;

use std::io::Write as _;
use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};

use clap::Args;
use domain::id::SessionId;
use domain::role::Wanted;
use domain::session::{Draft, Lines, Report};
use domain::text::AgentName;
use engine::problem::{Kind, Problem};
use engine::session::{Ended, From, Handoff as Document, SessionView, Started};
use store::session::Which;
use store::work::Page;

use super::{Answer, Global, parse};
use crate::ask::{Deed, Look};
use crate::reach::{Reach, now_ms};
use crate::terminal::{one_line, table, when};

/// Begin a session: get a role, see what there is to do and what others have left; exit 3 when the agent has one open
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  nexus agent start --agent zoe --objective 'Make the parser faster'\n  \
    nexus agent start --agent max --role qa --from session_1795211860474123456\n  \
    nexus agent start --agent ida --from handoff.md --json\n\n\
    The role, when none is named, follows from the items: PM when nothing was asked for yet, Developer when all is\n\
    blocked, the next role when a phase is complete; else roles take turns. The agent has the role from then on.")]
pub struct Start {
    /// Who; a new name unless given
    #[arg(long, env = "NEXUS_AGENT_ID", value_name = "NAME")]
    agent: Option<AgentName>,
    /// In which role: auto, PM, Architect, Developer, QA, DevOps, or another that somebody has or work asks for
    #[arg(long, value_name = "ROLE", default_value = Wanted::AUTO)]
    role: Wanted,
    /// What for; may be given again
    #[arg(long = "objective", value_name = "TEXT", allow_hyphen_values = true)]
    objectives: Vec<String>,
    /// Start from what this session left, or from the hand-off in this file; - is standard input
    #[arg(long, value_name = "SESSION|FILE")]
    from: Option<String>,
    /// Makes a repeated request one: the same key gets the same answer
    #[arg(long)]
    key: Option<String>,
}

/// End a session, and leave a hand-off for the next; what the agent holds it still holds
#[derive(Debug, Args)]
#[command(
    group(clap::ArgGroup::new("which").required(true).multiple(true).args(["session", "agent"])),
    after_help = "Examples:\n  nexus agent end --agent zoe --achieved 'The parser streams' --next 'Try it on 1 GB'\n  \
    nexus agent end session_1795211860474123456 --challenge 'No test data' --learned 'Tabs are tokens too'"
)]
pub struct End {
    /// Which; the open one of --agent unless given
    session: Option<SessionId>,
    /// Whose
    #[arg(long, env = "NEXUS_AGENT_ID", value_name = "NAME")]
    agent: Option<AgentName>,
    /// What was done; may be given again
    #[arg(long = "achieved", value_name = "TEXT", allow_hyphen_values = true)]
    achievements: Vec<String>,
    /// What was in the way; may be given again
    #[arg(long = "challenge", value_name = "TEXT", allow_hyphen_values = true)]
    challenges: Vec<String>,
    /// What is known now that was not before; may be given again
    #[arg(long = "learned", value_name = "TEXT", allow_hyphen_values = true)]
    learnings: Vec<String>,
    /// What should be done next; may be given again
    #[arg(long = "next", value_name = "TEXT", allow_hyphen_values = true)]
    next_steps: Vec<String>,
    /// Makes a repeated request one: the same key gets the same answer
    #[arg(long)]
    key: Option<String>,
}

/// List sessions, the oldest first
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  nexus agent sessions --open\n  nexus agent sessions --agent zoe --json")]
pub struct Sessions {
    /// Only those of this agent
    #[arg(long, value_name = "NAME")]
    agent: Option<AgentName>,
    /// Only those that have not ended
    #[arg(long)]
    open: bool,
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    limit: u32,
    /// Only sessions after this one
    #[arg(long, value_name = "ID")]
    after: Option<SessionId>,
}

/// Show or write what a session left (what it would leave now, while it is open), for another agent to load
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  nexus agent handoff session_1795211860474123456\n  \
    nexus agent handoff session_1795211860474123456 --output handoff.md\n  \
    nexus agent handoff session_1795211860474123456 --json\n\n\
    A file whose name ends with .json holds JSON; any other a page in Markdown with the same JSON at its end.\n\
    `nexus agent start --from FILE` loads both.")]
pub struct Handoff {
    /// Which
    session: SessionId,
    /// Write it to this file, which must not be there
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub fn start(global: &Global, args: &Start) -> Result<Answer, Problem> {
    let draft =
        Draft { agent: args.agent.clone(), role: args.role.clone(), objectives: lines("objective", &args.objectives)? };
    let deed = Deed::Start { draft: Box::new(draft), from: from(args.from.as_deref())? };
    let reach = &*ManuallyDrop::new(Reach::find(global)?);
    let started: Started = reach.deed(&deed, args.key.as_deref())?;
    let text = told::started(&started);
    Ok(Answer::new(&started, text))
}

/// What is named: a session, else a file.
fn from(named: Option<&str>) -> Result<From, Problem> {
    let Some(named) = named else { return Ok(From::Nothing) };
    if let Ok(id) = named.parse() {
        return Ok(From::Session(id));
    }
    let text = parse::file(Path::new(named), page::BYTES_MAX)?;
    let handoff = page::read(&text).map_err(|bad| Problem { message: format!("{named}: {}", bad.message), ..bad })?;
    Ok(From::Document(Box::new(handoff)))
}

fn lines(what: &'static str, all: &[String]) -> Result<Lines, Problem> {
    Lines::new(what, all.to_vec()).map_err(|bad| Problem::malformed(bad.to_string()))
}

pub fn end(global: &Global, args: &End) -> Result<Answer, Problem> {
    let which = match (&args.session, &args.agent) {
        (Some(id), _) => Which::Id(id.clone()),
        (None, Some(agent)) => Which::OpenOf(agent.clone()),
        (None, None) => unreachable!("the parser wants one of them"),
    };
    let report = Report {
        achievements: lines("achievement", &args.achievements)?,
        challenges: lines("challenge", &args.challenges)?,
        learnings: lines("learning", &args.learnings)?,
        next_steps: lines("next step", &args.next_steps)?,
    };
    let reach = &*ManuallyDrop::new(Reach::find(global)?);
    let ended: Ended = reach.deed(&Deed::End { which, outcome: Box::new(report) }, args.key.as_deref())?;
    let (id, agent) = (&ended.session.id, one_line(&ended.session.agent));
    let held = ended.handoff.items.iter().filter(|it| it.holder.as_deref() == Some(&ended.session.agent)).count();
    let mut text = format!("{agent} ended {id}\n`nexus agent handoff {id}` shows what it left for the next");
    if held > 0 {
        text.push_str(&format!("\n{agent} still holds {held} of its items; `nexus work release` gives one back"));
    }
    Ok(Answer::new(&ended, text))
}

pub fn list(global: &Global, args: &Sessions) -> Result<Answer, Problem> {
    let reach = &*ManuallyDrop::new(Reach::find(global)?);
    let after = args.after.as_ref().map_or_else(String::new, ToString::to_string);
    let page = Page { after, limit: args.limit };
    let all: Vec<SessionView> = reach.look(&Look::Sessions { agent: args.agent.clone(), open: args.open, page })?;
    if all.is_empty() {
        return Ok(Answer::new(&all, "no session"));
    }
    let now = now_ms();
    let row = |it: &SessionView| {
        let ended = it.ended_at_ms.map_or_else(|| "open".to_owned(), |at| when(at, now));
        vec![it.id.clone(), it.agent.clone(), it.role.clone(), when(it.began_at_ms, now), ended, it.reason.clone()]
    };
    let rows = table(&["id", "agent", "role", "began", "ended", "because"], all.iter().map(row));
    Ok(Answer::new(&all, rows))
}

pub fn handoff(global: &Global, args: &Handoff) -> Result<Answer, Problem> {
    let reach = &*ManuallyDrop::new(Reach::find(global)?);
    let handoff: Document = reach.look(&Look::Left { id: args.session.clone() })?;
    let Some(path) = &args.output else { return Ok(Answer::new(&handoff, page::written(&handoff).trim_end())) };
    let as_json = path.extension().is_some_and(|it| it.eq_ignore_ascii_case("json"));
    let text = if as_json { handoff.json() + "\n" } else { page::written(&handoff) };
    write(path, &text)?;
    let format = if as_json { "json" } else { "markdown" };
    let json = serde_json::json!({
        "session": handoff.session.id, "output": path.display().to_string(), "format": format, "bytes": text.len(),
    });
    let load = format!("`nexus agent start --from {}` loads it", path.display());
    Ok(Answer::new(&json, format!("wrote what {} left to {}\n{load}", handoff.session.id, path.display())))
}

/// A new file; one that is there is left alone.
fn write(path: &Path, text: &str) -> Result<(), Problem> {
    let made = std::fs::File::create_new(path).and_then(|mut file| file.write_all(text.as_bytes()));
    made.map_err(|e| match e.kind() {
        std::io::ErrorKind::AlreadyExists => {
            Problem::refused("exists", format!("{} is there already; name another file", path.display()))
        }
        _ => Problem::new(Kind::Failed, "io_failed", format!("{}: it cannot be written: {e}", path.display())),
    })
}
