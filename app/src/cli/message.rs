//! `nexus message …`

use std::mem::ManuallyDrop;

use clap::{Args, Subcommand};
use domain::id::{MessageId, WorkId};
use domain::message::{Address, Class, Draft};
use domain::text::{AgentName, Role, Team};
use domain::work::{Fence, Limits, Priority};
use engine::message::{MessageView, Which};
use engine::problem::Problem;
use engine::wait;
use store::work::Page;

use super::tree::Branch;
use super::{Answer, Global, parse};
use crate::ask::{Deed, Look};
use crate::here::Here;
use crate::reach::{Reach, now_ms};
use crate::terminal::{harmless, one_line, table, when};

/// Messages between agents: kept once per recipient, shown until acknowledged
#[derive(Debug, Subcommand)]
#[command(
    after_help = "Example:\n  nexus message send --from zoe --to-role QA --subject 'Ready to be tried'\n  nexus message inbox --agent max --json"
)]
pub enum Command {
    Send(Box<Send>),
    Inbox(Inbox),
    Show(Show),
    Ack(Ack),
    Thread(Thread),
    Escalate(Escalate),
}

/// Send a message; exit 3 when nobody would get it, 5 when --fence is not current
#[derive(Debug, Args)]
#[command(
    group(clap::ArgGroup::new("address").required(true).args(["to", "to_role", "to_team", "to_all"])),
    after_help = "Examples:\n  nexus message send --from zoe --to max --subject 'The parser is yours' --body @notes.md\n  \
    nexus message send --from zoe --to-team platform --subject 'We wait for you' --class dependency_coordination\n  \
    nexus message send --from max --to zoe --thread msg_1795211860474123456 --subject 'Re: The parser'"
)]
pub struct Send {
    /// Who says it
    #[arg(long, env = "NEXUS_AGENT_ID", value_name = "NAME")]
    from: AgentName,
    /// To this agent
    #[arg(long, value_name = "AGENT")]
    to: Option<AgentName>,
    /// To whoever has this role now
    #[arg(long, value_name = "ROLE")]
    to_role: Option<Role>,
    /// To whoever is in this team now
    #[arg(long, value_name = "TEAM")]
    to_team: Option<Team>,
    /// To every registered agent
    #[arg(long)]
    to_all: bool,
    /// One line on what it is about
    #[arg(long, allow_hyphen_values = true)]
    subject: String,
    /// The whole of it; @FILE reads a file, @- standard input
    #[arg(long, value_name = "TEXT|@FILE", default_value = "", hide_default_value = true, allow_hyphen_values = true)]
    body: String,
    /// critical, high, medium or low; that of its class unless given
    #[arg(long, value_parser = parse::priority)]
    priority: Option<Priority>,
    /// What kind of message it is; decides deadline and escalation
    #[arg(long, default_value = "note", value_parser = clap::builder::PossibleValuesParser::new(Class::WORDS))]
    class: String,
    /// A message of the thread that it goes on with; what the sender had not acknowledged there, it acknowledges
    #[arg(long, value_name = "ID")]
    thread: Option<MessageId>,
    /// The item that it is about
    #[arg(long, value_name = "ID")]
    work: Option<WorkId>,
    /// The sender holds that item under this fence
    #[arg(long, value_name = "N", requires = "work")]
    fence: Option<i64>,
    /// Each recipient is to acknowledge it, within what its class or priority says
    #[arg(long)]
    ack_required: bool,
    /// Each recipient is to acknowledge it within this time, such as 15m
    #[arg(long, value_name = "DURATION", value_parser = parse::span)]
    respond_within: Option<std::time::Duration>,
    /// Makes a repeated request one: the same key gets the same answer
    #[arg(long)]
    key: Option<String>,
}

/// List what an agent got and has not acknowledged, oldest first
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  nexus message inbox --agent zoe\n  nexus message inbox --agent zoe --unread --json"
)]
pub struct Inbox {
    /// Whose
    #[arg(long, env = "NEXUS_AGENT_ID", value_name = "NAME")]
    agent: AgentName,
    /// Only what it has not opened
    #[arg(long)]
    unread: bool,
    /// What it has acknowledged, too
    #[arg(long, conflicts_with = "unread")]
    all: bool,
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    limit: u32,
    /// Only messages after this one
    #[arg(long, value_name = "ID")]
    after: Option<MessageId>,
}

/// Show one message with who has read it; with --agent, that agent has
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  nexus message show msg_1795211860474123456 --agent zoe")]
pub struct Show {
    /// Which
    id: MessageId,
    /// Who reads it
    #[arg(long, value_name = "NAME")]
    agent: Option<AgentName>,
    /// Makes a repeated request one: the same key gets the same answer
    #[arg(long, requires = "agent")]
    key: Option<String>,
}

/// Acknowledge a message: it leaves your inbox and does not escalate
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  nexus message ack msg_1795211860474123456 --agent zoe")]
pub struct Ack {
    /// Which
    id: MessageId,
    /// Who
    #[arg(long, env = "NEXUS_AGENT_ID", value_name = "NAME")]
    agent: AgentName,
    /// Makes a repeated request one: the same key gets the same answer
    #[arg(long)]
    key: Option<String>,
}

/// List the thread that a message is in, oldest first
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  nexus message thread msg_1795211860474123456 --json")]
pub struct Thread {
    /// Any message of it
    id: MessageId,
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    limit: u32,
    /// Only messages after this one
    #[arg(long, value_name = "ID")]
    after: Option<MessageId>,
}

/// Escalate what is due now: messages without an answer, items that failed, died or sit blocked
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  nexus message escalate --due --json\n\n`nexus up` and `nexus run` do this by themselves. First a role hears of it, then a person:\n\
    the event is in the log, and the program in the setting notify.command is run, at least once."
)]
pub struct Escalate {
    /// What is due; there is nothing else to escalate
    #[arg(long)]
    due: bool,
}

/// The verbs that agents call all day.
pub const BRANCHES: &[Branch] = &[
    (&["message", "send"], Send::augment_args),
    (&["message", "inbox"], Inbox::augment_args),
    (&["message", "ack"], Ack::augment_args),
];

pub fn message(global: &Global, command: Command) -> Result<Answer, Problem> {
    // The end of the process closes the store, and sooner than we could: nothing is written at a close.
    let reach = &*ManuallyDrop::new(Reach::find(global)?);
    match command {
        Command::Escalate(_) => escalate(reach),
        Command::Send(args) => send(reach, &args),
        Command::Inbox(args) => inbox(reach, &args),
        Command::Show(args) => show(reach, args),
        Command::Ack(args) => {
            let deed = Deed::Acknowledge { id: args.id, agent: args.agent };
            let message: MessageView = reach.deed(&deed, args.key.as_deref())?;
            let Deed::Acknowledge { agent, .. } = &deed else { unreachable!("it was just made") };
            let text = format!("{agent} acknowledged {}: {}", message.id, one_line(&message.subject));
            Ok(Answer::new(&message, text))
        }
        Command::Thread(args) => {
            let page = page(args.after.as_ref(), args.limit);
            let all: Vec<MessageView> = reach.look(&Look::Thread { id: args.id, page })?;
            Ok(Answer::new(&all, rows(&all, "no message after that one")))
        }
    }
}

fn page(after: Option<&MessageId>, limit: u32) -> Page {
    Page { after: after.map_or_else(String::new, MessageId::to_string), limit }
}

fn send(reach: &Reach, args: &Send) -> Result<Answer, Problem> {
    let body = parse::text_or_file(&args.body, Limits::TEXT_BYTES_MAX as u64)?;
    let to = match (&args.to, &args.to_role, &args.to_team) {
        (Some(agent), ..) => Address::Agent(agent.clone()),
        (_, Some(role), _) => Address::Role(role.clone()),
        (.., Some(team)) => Address::Team(team.clone()),
        _ => Address::All,
    };
    let draft = Draft {
        body,
        priority: args.priority,
        class: Class::from_word(&args.class).expect("the parser takes only classes"),
        thread: args.thread.clone(),
        item: args.work.clone(),
        ack_required: args.ack_required,
        respond_within_ms: args.respond_within.map(|span| i64::try_from(span.as_millis()).unwrap_or(i64::MAX)),
        ..Draft::note(args.from.clone(), to, args.subject.clone())
    };
    let deed = Deed::Send { draft: Box::new(draft), fence: args.fence.map(Fence::new) };
    let message: MessageView = reach.deed(&deed, args.key.as_deref())?;
    let to: Vec<&str> = message.copies.iter().map(|copy| copy.agent.as_str()).collect();
    let text = format!("sent {} to {}", message.id, one_line(&to.join(", ")));
    Ok(Answer::new(&message, text))
}

fn escalate(reach: &Reach) -> Result<Answer, Problem> {
    let (here, engine) = (&reach.here, reach.itself()?);
    let escalated = wait(engine.escalate_due())?;
    let told = match &here.settings().notify {
        Some(notify) => engine.tell_people(&Here::launcher()?, notify, &here.data)?,
        None => 0,
    };
    let line = |it: &engine::escalation::EscalatedView| {
        format!("{} {} to {}", it.event, it.subject, it.to.as_deref().unwrap_or("a person"))
    };
    let mut lines: Vec<String> = escalated.iter().map(line).collect();
    lines.push(format!("{} escalated, {told} notifications taken", escalated.len()));
    Ok(Answer::new(&serde_json::json!({ "escalated": escalated, "notified": told }), lines.join("\n")))
}

fn inbox(reach: &Reach, args: &Inbox) -> Result<Answer, Problem> {
    let which = match (args.unread, args.all) {
        (true, _) => Which::Unread,
        (_, true) => Which::Whole,
        _ => Which::Open,
    };
    let page = page(args.after.as_ref(), args.limit);
    let all: Vec<MessageView> = reach.look(&Look::Inbox { agent: args.agent.clone(), which, page })?;
    Ok(Answer::new(&all, rows(&all, "nothing in the inbox")))
}

fn rows(all: &[MessageView], none: &str) -> String {
    if all.is_empty() {
        return none.to_owned();
    }
    let now = now_ms();
    let row = |message: &MessageView| {
        let by = message.respond_by_ms.map_or_else(String::new, |at| when(at, now));
        vec![message.id.clone(), message.from.clone(), message.priority.clone(), message.subject.clone(), by]
    };
    table(&["id", "from", "priority", "subject", "answer by"], all.iter().map(row))
}

fn show(reach: &Reach, args: Show) -> Result<Answer, Problem> {
    let message: MessageView = match args.agent {
        Some(agent) => reach.deed(&Deed::Read { id: args.id, agent }, args.key.as_deref())?,
        None => reach.look(&Look::Message { id: args.id })?,
    };
    let now = now_ms();
    let to = message.to.as_deref().map_or_else(String::new, |name| format!(" {name}"));
    let mut lines = vec![
        format!("{} {}", message.id, harmless(&message.subject)),
        format!("from {} to {}{}, {}", message.from, message.to_kind, harmless(&to), when(message.sent_at_ms, now)),
        format!("priority {} · class {}", message.priority, message.class),
    ];
    lines.extend(message.respond_by_ms.map(|at| format!("answer by: {}", when(at, now))));
    lines.extend(message.work.as_ref().map(|id| format!("about: {id}")));
    for copy in &message.copies {
        let state = match (copy.acknowledged_at_ms, copy.read_at_ms) {
            (Some(at), _) => format!("acknowledged {}", when(at, now)),
            (None, Some(at)) => format!("read {}", when(at, now)),
            (None, None) => "not read yet".to_owned(),
        };
        let heard = copy.escalated_to.as_ref().map_or_else(String::new, |level| format!(", escalated to {level}"));
        lines.push(format!("{}: {state}{heard}", harmless(&copy.agent)));
    }
    if !message.body.is_empty() {
        lines.push(String::new());
        lines.push(harmless(&message.body));
    }
    Ok(Answer::new(&message, lines.join("\n")))
}
