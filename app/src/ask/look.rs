//! What can be looked at beside items: messages, locks, sessions, memory, gates, why and what next, what needs what.

use domain::agent::Filter;
use domain::budget::Account;
use domain::id::{MessageId, NoteId, SessionId, WorkId};
use domain::memory::Query as Words;
use domain::text::{AgentName, Capability};
use engine::agent::TOLD_MAX;
use engine::budget::By;
use engine::memory::{FOUND_MAX, Filter as Notes};
use engine::message::Which;
use engine::problem::Problem;
use engine::work::{GRAPH_MAX, PAGE_MAX};
use engine::{Engine, wait};
use serde_json::value::RawValue;
use store::work::Page;

use super::advice::Wanted;
use super::budget;
use super::deed::{json, message_id, note_id, session_id};
use super::fields::needed;
use super::item_id;
use crate::cli::parse::{self, Since};

/// One request that changes nothing.
#[derive(Clone, Debug)]
pub enum Look {
    /// What an agent got.
    Inbox { agent: AgentName, which: Which, page: Page },
    /// One message, with who has read it.
    Message { id: MessageId },
    /// The thread that a message is in.
    Thread { id: MessageId, page: Page },
    /// The locks that somebody holds.
    Locks { page: Page },
    /// What keeps ready work back.
    Gates,
    /// Why an item cannot be taken, or which is next, for somebody who would ask so.
    Explain { id: Option<WorkId>, agent: Option<(AgentName, Filter)> },
    /// What needs what.
    Graph { id: Option<WorkId>, limit: u32 },
    /// What was left for whoever has an item now.
    Handoff { id: WorkId },
    /// What agents did for an item.
    Activity { id: WorkId, limit: u32 },
    /// What agents ask of people.
    Questions,
    /// Sessions, of one agent or of all.
    Sessions { agent: Option<AgentName>, open: bool, page: Page },
    /// One session.
    Session { id: SessionId },
    /// What a session left.
    Left { id: SessionId },
    /// Notes by id.
    Notes { notes: Notes, page: Page },
    /// One note.
    Note { id: NoteId },
    /// Notes that have some of these words.
    Recall { words: String, notes: Notes, limit: u32 },
    /// What the rules of advice say.
    Advice(Wanted),
    /// What may be spent, and what is.
    Budgets { account: Option<Account> },
    /// What calls of models have used: the last ones, or added up.
    Spending { by: Option<By>, since: Since, limit: u32 },
}

/// The parameters of a request, each by its name.
pub type Query = Vec<(&'static str, Option<String>)>;

impl Look {
    /// The most rows of spending, and how many there are unless somebody says.
    pub const CALLS_MAX: u32 = 10_000;
    /// How many rows of spending there are unless somebody says.
    pub const CALLS_USUAL: u32 = 100;

    /// Where it goes, below `/api/v1`.
    pub fn path(&self) -> String {
        let of = |id: &Option<WorkId>| id.as_ref().map_or_else(String::new, |id| format!("/{id}"));
        match self {
            Self::Inbox { .. } => "/messages".to_owned(),
            Self::Message { id } => format!("/messages/{id}"),
            Self::Thread { id, .. } => format!("/messages/{id}/thread"),
            Self::Locks { .. } => "/locks".to_owned(),
            Self::Gates => "/work/gates".to_owned(),
            Self::Explain { id, .. } => format!("/work{}/explain", of(id)),
            Self::Graph { id, .. } => format!("/work{}/graph", of(id)),
            Self::Handoff { id } => format!("/work/{id}/handoff"),
            Self::Activity { id, .. } => format!("/work/{id}/activity"),
            Self::Questions => "/work/questions".to_owned(),
            Self::Sessions { .. } => "/sessions".to_owned(),
            Self::Session { id } => format!("/sessions/{id}"),
            Self::Left { id } => format!("/sessions/{id}/handoff"),
            Self::Notes { .. } => "/memory".to_owned(),
            Self::Note { id } => format!("/memory/{id}"),
            Self::Recall { .. } => "/memory/search".to_owned(),
            Self::Advice(wanted) => wanted.path(),
            Self::Budgets { .. } => "/budget".to_owned(),
            Self::Spending { .. } => "/budget/history".to_owned(),
        }
    }

    /// What it says beside that.
    pub fn query(&self) -> Query {
        let paged = |page: &Page| {
            let after = Some(page.after.clone()).filter(|after| !after.is_empty());
            vec![("limit", Some(page.limit.to_string())), ("after", after)]
        };
        match self {
            Self::Inbox { agent, which, page } => {
                let said = |it: Which| (*which == it).then(|| "true".to_owned());
                let mut query = vec![("agent", Some(agent.to_string()))];
                query.extend([("unread", said(Which::Unread)), ("all", said(Which::Whole))]);
                query.extend(paged(page));
                query
            }
            Self::Thread { page, .. } | Self::Locks { page } => paged(page),
            Self::Graph { limit, .. } | Self::Activity { limit, .. } => vec![("limit", Some(limit.to_string()))],
            Self::Explain { agent: Some((name, filter)), .. } => {
                let mut query = vec![
                    ("agent", Some(name.to_string())),
                    ("role", filter.role.as_ref().map(ToString::to_string)),
                    ("team", filter.team.as_ref().map(ToString::to_string)),
                ];
                let able = filter.capabilities.iter().flatten();
                query.extend(able.map(|word| ("capability", Some(word.to_string()))));
                query
            }
            Self::Sessions { agent, open, page } => {
                let mut query = vec![("agent", agent.as_ref().map(ToString::to_string))];
                query.push(("open", open.then(|| "true".to_owned())));
                query.extend(paged(page));
                query
            }
            Self::Notes { notes, page } => narrowed(notes).into_iter().chain(paged(page)).collect(),
            Self::Recall { words, notes, limit } => {
                let mut query = narrowed(notes);
                query.extend([("words", Some(words.clone())), ("limit", Some(limit.to_string()))]);
                query
            }
            Self::Advice(wanted) => wanted.query(),
            Self::Budgets { account } => vec![("account", account.as_ref().map(ToString::to_string))],
            Self::Spending { by, since, limit } => vec![
                ("by", by.map(|by| budget::by_word(by).to_owned())),
                ("since", Some(since.to_string())),
                ("limit", Some(limit.to_string())),
            ],
            Self::Explain { agent: None, .. }
            | Self::Message { .. }
            | Self::Gates
            | Self::Handoff { .. }
            | Self::Questions
            | Self::Session { .. }
            | Self::Left { .. }
            | Self::Note { .. } => Vec::new(),
        }
    }

    /// The request at `path` below `/api/v1`; `query` gives the parameter of a name, and takes it away. `None` when
    /// there is nothing to look at.
    pub fn read(path: &str, query: &mut dyn FnMut(&'static str) -> Option<String>) -> Result<Option<Self>, Problem> {
        let at: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        Ok(Some(match at[..] {
            ["messages"] => {
                let which = match (flag("unread", query)?, flag("all", query)?) {
                    (false, false) => Which::Open,
                    (true, false) => Which::Unread,
                    (false, true) => Which::Whole,
                    (true, true) => return Err(Problem::malformed("unread and all: say one of them")),
                };
                let agent = needed("agent", parsed("agent", query)?)?;
                let after = |text: &str| message_id(text).map(drop);
                Self::Inbox { agent, which, page: page(query, after)? }
            }
            ["messages", id] => Self::Message { id: message_id(id)? },
            ["messages", id, "thread"] => {
                Self::Thread { id: message_id(id)?, page: page(query, |text| message_id(text).map(drop))? }
            }
            ["locks"] => Self::Locks { page: page(query, |_| Ok(()))? },
            ["work", "gates"] => Self::Gates,
            ["work", "explain"] => Self::Explain { id: None, agent: somebody(query)? },
            ["work", id, "explain"] => Self::Explain { id: Some(item_id(id)?), agent: somebody(query)? },
            ["work", "graph"] => Self::Graph { id: None, limit: limit(query, GRAPH_MAX)? },
            ["work", id, "graph"] => Self::Graph { id: Some(item_id(id)?), limit: limit(query, GRAPH_MAX)? },
            ["work", id, "handoff"] => Self::Handoff { id: item_id(id)? },
            ["work", id, "activity"] => Self::Activity { id: item_id(id)?, limit: limit(query, TOLD_MAX)? },
            ["work", "questions"] => Self::Questions,
            ["sessions"] => {
                let (agent, open) = (parsed("agent", query)?, flag("open", query)?);
                Self::Sessions { agent, open, page: page(query, |text| session_id(text).map(drop))? }
            }
            ["sessions", id] => Self::Session { id: session_id(id)? },
            ["sessions", id, "handoff"] => Self::Left { id: session_id(id)? },
            ["memory"] => Self::Notes { notes: notes(query)?, page: page(query, |text| note_id(text).map(drop))? },
            ["memory", "search"] => {
                let words = needed("words", query("words"))?;
                Self::Recall { words, notes: notes(query)?, limit: limit(query, FOUND_MAX)? }
            }
            ["memory", id] => Self::Note { id: note_id(id)? },
            ["advice", word] => match Wanted::of_query(word, query)? {
                Some(wanted) => Self::Advice(wanted),
                None => return Ok(None),
            },
            ["budget"] => Self::Budgets { account: parsed("account", query)? },
            ["budget", "history"] => {
                let read = |name: &str, why: String| Problem::malformed(format!("{name}: {why}"));
                let by = query("by").map(|text| budget::by(&text)).transpose().map_err(|e| read("by", e))?;
                let since = query("since").unwrap_or_else(|| parse::SINCE.to_owned());
                let since = parse::since(&since).map_err(|e| read("since", e))?;
                let limit = if let Some(text) = query("limit") {
                    limit(&mut |_| Some(text.clone()), Self::CALLS_MAX)?
                } else {
                    Self::CALLS_USUAL
                };
                Self::Spending { by, since, limit }
            }
            _ => return Ok(None),
        }))
    }

    /// Looks; comes back with the answer as JSON.
    pub fn carry_out(self, engine: &Engine) -> Result<Box<RawValue>, Problem> {
        Ok(match self {
            Self::Inbox { agent, which, page } => json(&wait(engine.inbox(&agent, which, &page))?),
            Self::Message { id } => json(&wait(engine.message(&id))?),
            Self::Thread { id, page } => json(&wait(engine.thread(&id, &page))?),
            Self::Locks { page } => json(&wait(engine.locks(&page))?),
            Self::Gates => json(&wait(engine.gates())?),
            Self::Explain { id: Some(id), agent } => json(&wait(engine.explain(&id, agent))?),
            Self::Explain { id: None, agent } => json(&wait(engine.explain_next(agent))?),
            Self::Graph { id, limit } => json(&wait(engine.graph(id.as_ref(), limit))?),
            Self::Activity { id, limit } => json(&wait(engine.activity(&id, limit))?),
            Self::Questions => json(&wait(engine.questions())?),
            Self::Handoff { id } => {
                wait(engine.show(&id))?;
                let none = || Problem::not_found(format!("nobody has handed {id} off"));
                json(&wait(engine.handoff(&id))?.ok_or_else(none)?)
            }
            Self::Sessions { agent, open, page } => json(&wait(engine.sessions(agent.as_ref(), open, &page))?),
            Self::Session { id } => json(&wait(engine.session(&id))?),
            Self::Left { id } => json(&wait(engine.session_handoff(&id))?),
            Self::Notes { notes, page } => json(&wait(engine.memory_notes(&notes, &page))?),
            Self::Note { id } => json(&wait(engine.memory_note(&id))?),
            Self::Recall { words, notes, limit } => {
                let words = Words::new(&words).map_err(|bad| Problem::malformed(bad.to_string()))?;
                json(&wait(engine.recall(&words, &notes, limit))?)
            }
            Self::Advice(wanted) => json(&wanted.ask(engine)?),
            Self::Budgets { account } => json(&wait(engine.budgets(account))?),
            Self::Spending { by, since, limit } => {
                let since = since.moment(engine.scope().now);
                match by {
                    None => json(&wait(engine.model_calls(since, limit))?),
                    Some(by) => json(&wait(engine.costs(by, since, limit))?),
                }
            }
        })
    }
}

fn parsed<T: std::str::FromStr<Err: ToString>>(
    name: &'static str,
    query: &mut dyn FnMut(&'static str) -> Option<String>,
) -> Result<Option<T>, Problem> {
    let read =
        |text: String| text.parse().map_err(|e: T::Err| Problem::malformed(format!("{name}: {}", e.to_string())));
    query(name).map(read).transpose()
}

fn flag(name: &'static str, query: &mut dyn FnMut(&'static str) -> Option<String>) -> Result<bool, Problem> {
    Ok(parsed(name, query)?.unwrap_or(false))
}

fn limit(query: &mut dyn FnMut(&'static str) -> Option<String>, most: u32) -> Result<u32, Problem> {
    let wrong = || Problem::malformed(format!("limit: it can be a whole number from 1 to {most}"));
    let Some(text) = query("limit") else { return Ok(most) };
    text.parse().ok().filter(|limit| (1..=most).contains(limit)).ok_or_else(wrong)
}

fn page(
    query: &mut dyn FnMut(&'static str) -> Option<String>,
    fits: impl Fn(&str) -> Result<(), Problem>,
) -> Result<Page, Problem> {
    let limit = limit(query, PAGE_MAX)?;
    let after = query("after").unwrap_or_default();
    if !after.is_empty() {
        fits(&after)?;
    }
    Ok(Page { after, limit })
}

fn narrowed(Notes { which, tag }: &Notes) -> Query {
    vec![
        ("agent", which.agent.as_ref().map(ToString::to_string)),
        ("session", which.session.as_ref().map(ToString::to_string)),
        ("item", which.item.as_ref().map(ToString::to_string)),
        ("tag", tag.as_ref().map(ToString::to_string)),
    ]
}

fn notes(query: &mut dyn FnMut(&'static str) -> Option<String>) -> Result<Notes, Problem> {
    let (agent, session, item) = (parsed("agent", query)?, parsed("session", query)?, parsed("item", query)?);
    Ok(Notes { which: store::memory::Which { agent, session, item }, tag: parsed("tag", query)? })
}

fn somebody(query: &mut dyn FnMut(&'static str) -> Option<String>) -> Result<Option<(AgentName, Filter)>, Problem> {
    let name: Option<AgentName> = parsed("agent", query)?;
    let (role, team) = (parsed("role", query)?, parsed("team", query)?);
    let mut able = Vec::new();
    while let Some(word) = parsed::<Capability>("capability", query)? {
        able.push(word);
    }
    let filter = Filter { role, team, capabilities: (!able.is_empty()).then(|| able.into_iter().collect()) };
    match name {
        None if filter != Filter::default() => Err(Problem::malformed("agent: say who would ask so")),
        name => Ok(name.map(|name| (name, filter))),
    }
}

#[cfg(test)]
mod tests {
    use engine::advice::Question;

    use super::*;

    #[test]
    fn what_the_client_asks_is_what_the_door_reads() {
        let (id, message) = ("work_1".parse().expect("an id"), "msg_2".parse::<MessageId>().expect("an id"));
        let agent: AgentName = "Zoë & co".parse().expect("a name");
        let page = || Page { after: String::new(), limit: 7 };
        let on = |after: &str| Page { after: after.to_owned(), limit: 1_000 };
        let able = ["rust", "sql"].map(|word| word.parse().expect("a word")).into();
        let filter = Filter { role: "QA".parse().ok(), team: None, capabilities: Some(able) };
        let which = store::memory::Which {
            agent: Some(agent.clone()),
            session: "session_5".parse().ok(),
            item: "work_4".parse().ok(),
        };
        let notes = Notes { which, tag: "a tag".parse().ok() };
        let since = parse::since("2d").expect("a span");
        let advice = |question, team| Look::Advice(Wanted { question, since, team });
        let inbox = |which| Look::Inbox { agent: agent.clone(), which, page: on("msg_1") };
        for look in [
            inbox(Which::Open),
            inbox(Which::Unread),
            inbox(Which::Whole),
            Look::Message { id: message.clone() },
            Look::Thread { id: message, page: page() },
            Look::Locks { page: on("a/b c") },
            Look::Gates,
            Look::Explain { id: Some(id), agent: Some((agent.clone(), filter)) },
            Look::Explain { id: None, agent: Some((agent.clone(), Filter::default())) },
            Look::Explain { id: None, agent: None },
            Look::Graph { id: "work_3".parse().ok(), limit: 9 },
            Look::Graph { id: None, limit: GRAPH_MAX },
            Look::Handoff { id: "work_4".parse().expect("an id") },
            Look::Sessions { agent: Some(agent.clone()), open: true, page: on("session_1") },
            Look::Sessions { agent: None, open: false, page: page() },
            Look::Session { id: "session_5".parse().expect("an id") },
            Look::Left { id: "session_5".parse().expect("an id") },
            Look::Notes { notes: notes.clone(), page: on("memory_1") },
            Look::Notes { notes: Notes::default(), page: page() },
            Look::Note { id: "memory_6".parse().expect("an id") },
            Look::Recall { words: "日本 & co".to_owned(), notes, limit: 7 },
            advice(Question::Priorities, None),
            advice(Question::Health, "a & b".parse().ok()),
            advice(Question::Assignments { factor: 65_535 }, None),
            advice(Question::Recommend { kind: Some("bug".to_owned()), agent: Some(agent) }, None),
            advice(Question::Recommend { kind: None, agent: None }, None),
            Look::Budgets { account: None },
            Look::Budgets { account: "item:*".parse().ok() },
            Look::Spending { by: Some(By::Day), since: parse::since("2026-01-05").expect("a day"), limit: 3 },
            Look::Spending { by: None, since: parse::since("36h").expect("a span"), limit: Look::CALLS_USUAL },
        ] {
            let mut left = look.query();
            left.retain(|(_, value)| value.is_some());
            let mut take = |name: &'static str| {
                let at = left.iter().position(|(key, _)| *key == name)?;
                left.remove(at).1
            };
            let read = Look::read(&look.path(), &mut take).expect("it can be read").expect("there is such a route");
            assert_eq!(format!("{read:?}"), format!("{look:?}"));
            assert!(left.is_empty(), "{left:?}");
        }
    }
}
