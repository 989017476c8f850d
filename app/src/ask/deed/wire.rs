//! A deed as it goes over the wire.

use std::time::Duration;

use domain::id::{MessageId, WorkId};
use domain::message::{Address, Class, Draft};
use domain::text::{Name, Role, Team};
use domain::time::Ttl;
use domain::work::{Bundle, Fence, GateCommand, Held, Json, Part, Receiver};
use engine::problem::Problem;
use engine::units::format_duration;
use engine::work::Report;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use store::session::Which;

use super::{Deed, session};
use crate::ask::fields::{Fields, needed};
use crate::ask::wire::{Written, held, take};
use crate::ask::{Wanted, budget};
use crate::cli::parse;

/// How long a receiver has an item at first: enough to look into its inbox.
const RECEIVER_TTL_MS: i64 = 10 * 60 * 1_000;

/// One of many reports, as it is written.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Line<'a> {
    #[serde(borrow)]
    id: std::borrow::Cow<'a, str>,
    #[serde(borrow)]
    agent: std::borrow::Cow<'a, str>,
    fence: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    result: Option<Box<RawValue>>,
}

impl Deed {
    /// The request as it goes over the wire; its path is one below `/api/v1`.
    pub fn written(&self) -> Written {
        let to = |path: &str| Written::to(path.to_owned());
        match self {
            Self::Send { draft, fence } => send(draft, *fence),
            Self::Read { id, agent } => to(&format!("/messages/{id}/read")).with("agent", Some(agent.as_str())),
            Self::Acknowledge { id, agent } => to(&format!("/messages/{id}/ack")).with("agent", Some(agent.as_str())),
            Self::Acquire { name, take } => to("/locks/acquire").with("name", Some(name.as_str())).take(take),
            Self::Keep { name, held, ttl } => to("/locks/renew")
                .with("name", Some(name.as_str()))
                .held(Some(held))
                .with("ttl", ttl.map(|ttl| span_text(ttl.millis()))),
            Self::GiveBack { name, held } => to("/locks/release").with("name", Some(name.as_str())).held(Some(held)),
            Self::Gate { part, command } => gate(part, command),
            Self::HandOff { id, held, to: receiver, bundle, anyway } => {
                hand_off(to(&format!("/work/{id}/handoff")).held(Some(held)), receiver, bundle, *anyway)
            }
            Self::Take { filter, take, count } => to("/work/next").take(take).filter(filter).with("count", Some(count)),
            Self::Report { reports } => to("/work/report-many").with("reports", Some(lines(reports))),
            Self::Answer { id, allow, by } => to(&["/work", "questions", id.as_str(), "answer"].join("/"))
                .with("allow", Some(allow))
                .with("by", Some(by)),
            Self::Start { draft, from } => session::start(draft, from),
            Self::End { which, outcome } => session::end(which, outcome),
            Self::Remember { draft } => session::remember(draft),
            Self::Forget { id } => to(&format!("/memory/{id}/remove")),
            Self::Follow(wanted) => wanted.written(),
            Self::SetBudget { account, changes } => budget::written(account, changes),
            Self::ResetCredential { credential } => to("/budget/reset").with("credential", Some(credential)),
        }
    }

    /// The request that `fields` spell out at `path` below `/api/v1`; `None` when nothing can be done there.
    pub fn read(path: &str, fields: &mut Fields) -> Result<Option<Self>, Problem> {
        let at: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        Ok(Some(match at[..] {
            ["messages"] => read_send(fields)?,
            ["messages", id, "read"] => {
                Self::Read { id: message_id(id)?, agent: needed("agent", fields.parsed("agent")?)? }
            }
            ["messages", id, "ack"] => {
                Self::Acknowledge { id: message_id(id)?, agent: needed("agent", fields.parsed("agent")?)? }
            }
            ["locks", "acquire"] => Self::Acquire { name: name(fields)?, take: take(fields)? },
            ["locks", "renew"] => {
                Self::Keep { name: name(fields)?, held: held(fields)?, ttl: fields.read_as("ttl", parse::ttl)? }
            }
            ["locks", "release"] => Self::GiveBack { name: name(fields)?, held: held(fields)? },
            ["work", "pause"] => {
                let reason = fields.take("reason")?.unwrap_or_default();
                Self::Gate { part: part(fields)?.unwrap_or(Part::Project), command: GateCommand::Pause(reason) }
            }
            ["work", "resume"] => {
                Self::Gate { part: part(fields)?.unwrap_or(Part::Project), command: GateCommand::Resume }
            }
            ["work", "limit"] => read_limit(fields)?,
            ["work", id, "handoff"] => read_hand_off(crate::ask::item_id(id)?, fields)?,
            ["work", "questions", id, "answer"] => Self::Answer {
                id: id.parse().map_err(|e| Problem::malformed(format!("{e}")))?,
                allow: needed("allow", fields.take("allow")?)?,
                by: needed("by", fields.take("by")?)?,
            },
            ["sessions"] => session::read_start(fields)?,
            ["sessions", "end"] => session::read_end(Which::OpenOf(needed("agent", fields.parsed("agent")?)?), fields)?,
            ["sessions", id, "end"] => session::read_end(Which::Id(session::session_id(id)?), fields)?,
            ["memory"] => session::read_remember(fields)?,
            ["memory", id, "remove"] => Self::Forget { id: session::note_id(id)? },
            ["work", "report-many"] => Self::Report { reports: read_reports(fields)? },
            ["advice", word, "apply"] => match Wanted::of_fields(word, fields)? {
                Some(wanted) => Self::Follow(wanted),
                None => return Ok(None),
            },
            ["budget", "set"] => {
                let (account, changes) = budget::read(fields)?;
                Self::SetBudget { account, changes }
            }
            ["budget", "reset"] => {
                Self::ResetCredential { credential: needed("credential", fields.take("credential")?)? }
            }
            _ => return Ok(None),
        }))
    }

    /// The request for `count` items that `fields` spell out.
    pub fn read_take(count: u16, fields: &mut Fields) -> Result<Self, Problem> {
        Ok(Self::Take { filter: crate::ask::wire::filter(fields)?, take: take(fields)?, count })
    }

    /// The limit on a part, when there is one, or the rate of a key. `None`: it is not said of what.
    pub fn limit(part: Option<Part>, rate: Option<Name>, most: u32, per: Option<Duration>) -> Result<Self, Problem> {
        match (rate, per, part) {
            (Some(rate), Some(per), None) => {
                let per_ms = i64::try_from(per.as_millis()).unwrap_or(i64::MAX);
                Ok(Self::Gate { part: Part::Rate(rate), command: GateCommand::Rate(most, per_ms) })
            }
            (None, None, Some(part)) => Ok(Self::Gate { part, command: GateCommand::Limit(most) }),
            _ => Err(Problem::malformed("a limit is for --team, --role or --type, or with --per for --rate")),
        }
    }
}

fn span_text(ms: i64) -> String {
    format_duration(Duration::from_millis(ms.unsigned_abs()))
}

fn some(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

fn send(draft: &Draft, fence: Option<Fence>) -> Written {
    let (to, role, team) = match &draft.to {
        Address::Agent(name) => (Some(name.as_str()), None, None),
        Address::Role(role) => (None, Some(role.as_str()), None),
        Address::Team(team) => (None, None, Some(team.as_str())),
        Address::All => (None, None, None),
    };
    Written::to("/messages".to_owned())
        .with("from", Some(draft.from.as_str()))
        .with("to", to)
        .with("to_role", role)
        .with("to_team", team)
        .with("to_all", (draft.to == Address::All).then_some(true))
        .with("subject", Some(&draft.subject))
        .with("body", some(&draft.body))
        .with("priority", draft.priority.map(domain::work::Priority::word))
        .with("class", Some(draft.class.word()))
        .with("thread", draft.thread.as_ref().map(ToString::to_string))
        .with("work", draft.item.as_ref().map(ToString::to_string))
        .with("fence", fence.map(Fence::number))
        .with("ack_required", draft.ack_required.then_some(true))
        .with("respond_within", draft.respond_within_ms.map(span_text))
}

fn read_send(fields: &mut Fields) -> Result<Deed, Problem> {
    let (agent, role, team) = (fields.parsed("to")?, fields.parsed("to_role")?, fields.parsed("to_team")?);
    let to = match (agent, role, team, fields.take("to_all")?.unwrap_or(false)) {
        (Some(agent), None, None, false) => Address::Agent(agent),
        (None, Some(role), None, false) => Address::Role(role),
        (None, None, Some(team), false) => Address::Team(team),
        (None, None, None, true) => Address::All,
        _ => return Err(Problem::malformed("to: say one of to, to_role, to_team and to_all")),
    };
    let from = needed("from", fields.parsed("from")?)?;
    let class = fields.read_as("class", |word| {
        Class::from_word(word).ok_or_else(|| format!("it can be one of {}", Class::WORDS.join(", ")))
    })?;
    let span: Option<Duration> = fields.read_as("respond_within", parse::span)?;
    let (item, fence) = (fields.parsed("work")?, fields.take("fence")?.map(Fence::new));
    if fence.is_some() && item.is_none() {
        return Err(Problem::malformed("fence: it is that of an item; say which with work"));
    }
    let draft = Draft::note(from, to, needed("subject", fields.take("subject")?)?);
    let draft = Draft {
        body: fields.take("body")?.unwrap_or_default(),
        priority: fields.read_as("priority", parse::priority)?,
        class: class.unwrap_or(draft.class),
        thread: fields.parsed("thread")?,
        item,
        ack_required: fields.take("ack_required")?.unwrap_or(false),
        respond_within_ms: span.map(|span| i64::try_from(span.as_millis()).unwrap_or(i64::MAX)),
        ..draft
    };
    Ok(Deed::Send { draft: Box::new(draft), fence })
}

fn gate(part: &Part, command: &GateCommand) -> Written {
    let (kind, name) = part.words();
    let verb = match command {
        GateCommand::Pause(_) => "pause",
        GateCommand::Resume => "resume",
        GateCommand::Limit(_) | GateCommand::Rate(..) => "limit",
    };
    let said = |word: &str| (kind == word).then_some(name);
    let to = Written::to(format!("/work/{verb}"))
        .with("team", said("team"))
        .with("role", said("role"))
        .with("type", said("type"))
        .with("rate", said("rate"));
    match command {
        GateCommand::Pause(reason) => to.with("reason", some(reason)),
        GateCommand::Resume => to,
        GateCommand::Limit(most) => to.with("most", Some(most)),
        GateCommand::Rate(most, per_ms) => to.with("most", Some(most)).with("per", Some(span_text(*per_ms))),
    }
}

fn part(fields: &mut Fields) -> Result<Option<Part>, Problem> {
    let team: Option<Team> = fields.parsed("team")?;
    let role: Option<Role> = fields.parsed("role")?;
    let kind: Option<Name> = fields.parsed("type")?;
    match (team, role, kind) {
        (None, None, None) => Ok(None),
        (Some(team), None, None) => Ok(Some(Part::Team(team))),
        (None, Some(role), None) => Ok(Some(Part::Role(role))),
        (None, None, Some(kind)) => Ok(Some(Part::Type(kind))),
        _ => Err(Problem::malformed("team, role and type: say one of them")),
    }
}

fn read_limit(fields: &mut Fields) -> Result<Deed, Problem> {
    let most = needed("most", fields.take("most")?)?;
    let (part, rate) = (part(fields)?, fields.parsed("rate")?);
    Deed::limit(part, rate, most, fields.read_as("per", parse::span)?)
}

fn hand_off(to: Written, receiver: &Receiver, bundle: &Bundle, anyway: bool) -> Written {
    let to = match receiver {
        Receiver::Agent { name, ttl } => to.with("to", Some(name.as_str())).with("ttl", Some(span_text(ttl.millis()))),
        Receiver::Role(role) => to.with("to_role", Some(role.as_str())),
    };
    to.with("artifacts", Some(&bundle.artifacts).filter(|all| !all.is_empty()))
        .with("context", some(&bundle.context))
        .with("note", some(&bundle.note))
        .with("anyway", anyway.then_some(true))
}

fn read_hand_off(id: WorkId, fields: &mut Fields) -> Result<Deed, Problem> {
    let held = held(fields)?;
    let ttl = fields.read_as("ttl", parse::ttl)?;
    let anyway = fields.take("anyway")?.unwrap_or(false);
    let to = match (fields.parsed("to")?, fields.parsed("to_role")?) {
        (Some(name), None) if !anyway => Receiver::Agent { name, ttl: receiver_ttl(ttl) },
        (None, Some(role)) if ttl.is_none() => Receiver::Role(role),
        (None, None) | (Some(_), Some(_)) => return Err(Problem::malformed("to: say one of to and to_role")),
        _ => return Err(Problem::malformed("ttl is for an agent (to), anyway for a role (to_role)")),
    };
    let bundle = Bundle {
        artifacts: fields.list("artifacts", "artifact")?.unwrap_or_default(),
        context: fields.take("context")?.unwrap_or_default(),
        note: fields.take("note")?.unwrap_or_default(),
    };
    Ok(Deed::HandOff { id, held, to, bundle, anyway })
}

/// For how long an agent has what is passed on to it.
pub fn receiver_ttl(said: Option<Ttl>) -> Ttl {
    said.or_else(|| Ttl::from_millis(RECEIVER_TTL_MS)).expect("ten minutes are a time-to-live")
}

fn lines(reports: &[Report]) -> Vec<Line<'_>> {
    let line = |it: &Report| Line {
        id: it.id.to_string().into(),
        agent: it.held.by.to_string().into(),
        fence: it.held.fence.number(),
        result: it.result.as_ref().and_then(|json| RawValue::from_string(json.0.clone()).ok()),
    };
    reports.iter().map(line).collect()
}

fn read_reports(fields: &mut Fields) -> Result<Vec<Report>, Problem> {
    let all: Vec<Box<RawValue>> = needed("reports", fields.take("reports")?)?;
    let named = |at: usize| format!("report {}", at + 1);
    all.iter().enumerate().map(|(at, raw)| read_report(&named(at), raw.get())).collect()
}

/// One report, `named` so when something is wrong with it.
pub fn read_report(named: &str, text: &str) -> Result<Report, Problem> {
    let wrong = |what: String| Problem::malformed(format!("{named}: {what}"));
    let line: Line<'_> =
        serde_json::from_str(text).map_err(|e| wrong(e.to_string().replace(" at line 1 column ", " at column ")))?;
    let result = line.result.map(|raw| Json(raw.get().to_owned())).filter(|json| json.0 != "null");
    if let Some(result) = &result {
        let most = domain::work::Limits::JSON_BYTES_MAX;
        domain::text::bounded("the result", &result.0, most).map_err(|bad| wrong(bad.to_string()))?;
    }
    let by = line.agent.parse().map_err(|bad: domain::text::BadText| wrong(bad.to_string()))?;
    let id = line.id.parse().map_err(|bad: domain::id::NotAnId| wrong(bad.to_string()))?;
    Ok(Report { id, held: Held { by, fence: Fence::new(line.fence) }, result })
}

fn name(fields: &mut Fields) -> Result<Name, Problem> {
    needed("name", fields.parsed("name")?)
}

/// The id of a message in a path.
pub fn message_id(text: &str) -> Result<MessageId, Problem> {
    text.parse().map_err(|_| {
        Problem::malformed(format!("{text:?} is not the id of a message; they look like msg_1795211860474123456"))
    })
}

#[cfg(test)]
mod tests {
    use domain::agent::Filter;
    use domain::budget::Measure;
    use engine::advice::Question;

    use super::*;
    use crate::ask::Take;

    fn there_and_back(deed: &Deed) -> Deed {
        let written = deed.written();
        let mut fields = Fields::read(written.body().as_bytes()).expect("it is an object");
        let read = match written.path.as_str() {
            "/work/next" => {
                let count = fields.take("count").expect("a number").expect("it is there");
                Deed::read_take(count, &mut fields).map(Some)
            }
            path => Deed::read(path, &mut fields),
        };
        fields.end().expect("every field is known");
        read.expect("what we write can be read").expect("there is such a route")
    }

    #[test]
    fn what_the_client_writes_is_what_the_door_reads() {
        let id: WorkId = "work_1".parse().expect("an id");
        let message: MessageId = "msg_2".parse().expect("an id");
        let held = Held { by: "Zoë \"7\"".parse().expect("a name"), fence: Fence::new(3) };
        let (agent, by) = (held.by.clone(), held.by.clone());
        let since = parse::since("7d").expect("a span");
        let advice = |question| Wanted { question, since, team: "a/b".parse().ok() };
        let take = Take { by: agent.clone(), ttl: Ttl::from_millis(90_000) };
        let name: Name = "a/b c".parse().expect("a name");
        let note = Draft::note(agent.clone(), Address::All, "tab\tand 日本語".to_owned());
        let full = Draft {
            body: "b".to_owned(),
            priority: parse::priority("high").ok(),
            class: Class::from_word(Class::WORDS[1]).expect("a class"),
            thread: Some(message.clone()),
            item: Some(id.clone()),
            ack_required: true,
            respond_within_ms: Some(900_000),
            ..note.clone()
        };
        let addressed = |to| Deed::Send { draft: Box::new(Draft { to, ..note.clone() }), fence: None };
        let gate = |part, command| Deed::Gate { part, command };
        let team = || Part::Team("a/b".parse().expect("a team"));
        let bundle = Bundle { artifacts: vec!["p".to_owned()], context: "c".to_owned(), note: "n".to_owned() };
        let to = Receiver::Agent { name: agent.clone(), ttl: receiver_ttl(None) };
        let role = Receiver::Role("QA".parse().expect("a role"));
        let hand = |to, bundle, anyway| Deed::HandOff { id: id.clone(), held: held.clone(), to, bundle, anyway };
        let report = |json: Option<&str>| Report {
            id: id.clone(),
            held: held.clone(),
            result: json.map(|text| Json(text.to_owned())),
        };
        for deed in [
            Deed::Send { draft: Box::new(full), fence: Some(Fence::new(9)) },
            addressed(Address::All),
            addressed(Address::Agent(agent.clone())),
            addressed(Address::Role("QA".parse().expect("a role"))),
            addressed(Address::Team("a/b".parse().expect("a team"))),
            Deed::Read { id: message.clone(), agent: agent.clone() },
            Deed::Acknowledge { id: message, agent },
            Deed::Acquire { name: name.clone(), take: take.clone() },
            Deed::Acquire { name: name.clone(), take: Take { ttl: None, ..take.clone() } },
            Deed::Keep { name: name.clone(), held: held.clone(), ttl: Ttl::from_millis(1_000) },
            Deed::GiveBack { name: name.clone(), held: held.clone() },
            gate(Part::Project, GateCommand::Pause("release".to_owned())),
            gate(team(), GateCommand::Pause(String::new())),
            gate(Part::Role("QA".parse().expect("a role")), GateCommand::Resume),
            gate(Part::Type("bug".parse().expect("a type")), GateCommand::Limit(3)),
            gate(Part::Rate(name), GateCommand::Rate(30, 60_000)),
            hand(to, bundle.clone(), false),
            hand(role.clone(), Bundle::default(), false),
            hand(role, bundle, true),
            Deed::Take { filter: Filter::default(), take: take.clone(), count: 7 },
            Deed::Take {
                filter: Filter { role: "x".parse().ok(), team: None, capabilities: Some([].into()) },
                take,
                count: 1,
            },
            Deed::Follow(advice(Question::Assignments { factor: 3 })),
            Deed::Follow(advice(Question::Recommend { kind: Some("bug".to_owned()), agent: Some(by) })),
            Deed::Follow(advice(Question::Bottlenecks)),
            Deed::SetBudget {
                account: "item:*".parse().expect("an account"),
                changes: vec![
                    (Measure::Attempts, None),
                    (Measure::Tokens, Some(5)),
                    (Measure::UsdMicros, Some(1_500_000)),
                    (Measure::WallMs, Some(90_000)),
                ],
            },
            Deed::ResetCredential { credential: "anthropic:1f0c3a9b77d2".to_owned() },
            Deed::Report { reports: vec![report(Some("{\"n\": 12345678901234567890.50}")), report(None)] },
        ] {
            assert_eq!(there_and_back(&deed), deed);
            assert_eq!(there_and_back(&deed).written().request(), deed.written().request());
        }
    }
}
