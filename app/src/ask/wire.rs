//! A request as it goes over the wire: a path, and fields that carry the names of the flags.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::agent::Filter;
use domain::id::WorkId;
use domain::text::AgentName;
use domain::time::Ttl;
use domain::work::{Command, Draft, Fence, Held, Json, Needs, Percent};
use engine::problem::{Kind, Problem};
use engine::units::format_duration;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use store::work::Writes;

use super::fields::{Fields, needed};
use super::{Ask, Take};
use crate::cli::parse;

/// A request that is written down.
#[derive(Clone, Debug)]
pub struct Written {
    /// Where it goes: below `/api/v1/work` for an [`Ask`], below `/api/v1` for other requests.
    pub path: String,
    fields: BTreeMap<&'static str, Box<RawValue>>,
}

impl Written {
    pub(super) fn to(path: String) -> Self {
        Self { path, fields: BTreeMap::new() }
    }

    /// The same with `value` under `name`, unless there is none.
    #[must_use]
    pub fn with<T: Serialize>(mut self, name: &'static str, value: Option<T>) -> Self {
        let raw = value.map(|value| to_raw_value(&value).expect("a field can be written as JSON"));
        self.fields.extend(raw.map(|raw| (name, raw)));
        self
    }

    fn json(mut self, name: &'static str, json: Option<&Json>) -> Self {
        // Null is how a body says that there is nothing.
        let json = json.filter(|json| json.0.trim() != "null");
        let raw = json.map(|json| RawValue::from_string(json.0.clone()).expect("what is called JSON is JSON"));
        self.fields.extend(raw.map(|raw| (name, raw)));
        self
    }

    pub(super) fn take(self, take: &Take) -> Self {
        self.with("agent", Some(take.by.as_str())).with("ttl", take.ttl.map(ttl_text))
    }

    pub(super) fn held(self, held: Option<&Held>) -> Self {
        self.with("agent", held.map(|held| held.by.as_str())).with("fence", held.map(|held| held.fence.number()))
    }

    pub(super) fn filter(self, filter: &Filter) -> Self {
        self.with("role", filter.role.as_ref().map(ToString::to_string))
            .with("team", filter.team.as_ref().map(ToString::to_string))
            .with("capabilities", filter.capabilities.as_ref().map(|all| texts(all).unwrap_or_default()))
    }

    fn writes(self, writes: &Writes) -> Self {
        self.with("writes", texts(&writes.globs)).with("exclusive", writes.exclusive.then_some(true))
    }

    /// The body: one JSON object.
    pub fn body(&self) -> String {
        serde_json::to_string(&self.fields).expect("fields can be written as JSON")
    }

    /// The request spelt out in full, without how long it would wait.
    pub fn request(&self) -> String {
        let lasting: BTreeMap<_, _> = self.fields.iter().filter(|(name, _)| **name != "wait").collect();
        format!("{} {}", self.path, serde_json::to_string(&lasting).expect("fields can be written as JSON"))
    }
}

fn ttl_text(ttl: Ttl) -> String {
    ms_text(ttl.millis())
}

fn ms_text(ms: i64) -> String {
    format_duration(Duration::from_millis(ms.unsigned_abs()))
}

/// `None` when there is nothing in it.
fn some(text: &str) -> Option<&str> {
    Some(text).filter(|text| !text.is_empty())
}

fn texts<'a, T: ToString + 'a>(all: impl IntoIterator<Item = &'a T>) -> Option<Vec<String>> {
    let all: Vec<_> = all.into_iter().map(ToString::to_string).collect();
    (!all.is_empty()).then_some(all)
}

impl Ask {
    /// The request as it goes over the wire.
    pub fn written(&self) -> Written {
        let of = |id: &WorkId, verb: &str| Written::to(format!("/{id}/{verb}"));
        match self {
            Self::Add { draft, delay, similar } => add(draft, *delay).with("similar", (!similar).then_some(false)),
            Self::Claim { id, take, writes } => of(id, "claim").take(take).writes(writes),
            Self::Next { filter, take, writes, wait } => Written::to("/next".to_owned())
                .take(take)
                .filter(filter)
                .writes(writes)
                .with("wait", wait.map(format_duration)),
            Self::Renew { id, held, ttl } => of(id, "renew").held(Some(held)).with("ttl", ttl.map(ttl_text)),
            Self::Report { id, held, result } => of(id, "report").held(Some(held)).json("result", result.as_ref()),
            Self::Act { id, command } => act(command, |verb| of(id, verb)),
        }
    }

    /// The request to do `verb` to `id` that `fields` spell out; the fields that it knows are taken. Fails with
    /// `not_found` when there is no such verb.
    pub fn read(verb: &str, id: WorkId, fields: &mut Fields) -> Result<Self, Problem> {
        let command = match verb {
            "claim" => {
                let writes = writes(fields)?;
                return Ok(Self::Claim { id, take: take(fields)?, writes });
            }
            "renew" => return Ok(Self::Renew { id, held: held(fields)?, ttl: fields.read_as("ttl", parse::ttl)? }),
            "report" => {
                let result = fields.raw("result").map(|raw| Json(raw.get().to_owned()));
                return Ok(Self::Report { id, held: held(fields)?, result });
            }
            "progress" => {
                let percent: Option<u8> = fields.take("percent")?;
                let percent = Percent::new(needed("percent", percent)?)
                    .ok_or_else(|| Problem::malformed("percent: it can be a whole number from 0 to 100"))?;
                Command::Progress { held: held(fields)?, percent, note: fields.take("note")? }
            }
            "fail" => Command::Fail { held: held(fields)?, reason: reason(fields)? },
            "release" => Command::Release { held: held(fields)?, reason: fields.take("reason")? },
            "block" => {
                let (agent, fence): (Option<AgentName>, Option<i64>) = (fields.parsed("agent")?, fields.take("fence")?);
                let held = match (agent, fence) {
                    (Some(by), Some(fence)) => Some(Held { by, fence: Fence::new(fence) }),
                    (None, None) => None,
                    _ => return Err(Problem::malformed("agent and fence: a holder shows both, others neither")),
                };
                Command::Block { held, reason: reason(fields)? }
            }
            "unblock" => Command::Unblock,
            "cancel" => Command::Cancel { reason: fields.take("reason")? },
            "requeue" => Command::Requeue,
            other => {
                let message =
                    format!("nothing called {other:?} can be done to an item; docs/http.md lists every route");
                return Err(Problem::new(Kind::NotFound, "not_found", message));
            }
        };
        Ok(Self::Act { id, command })
    }

    /// The request to add what `fields` spell out.
    pub fn read_add(fields: &mut Fields) -> Result<Self, Problem> {
        let draft = Draft {
            title: needed("title", fields.take("title")?)?,
            description: fields.take("description")?.unwrap_or_default(),
            kind: fields.take("type")?.unwrap_or_else(|| "task".to_owned()),
            priority: fields.read_as("priority", parse::priority)?.unwrap_or_default(),
            team: fields.parsed("team")?,
            role: fields.parsed("role")?,
            capabilities: fields.list("capabilities", "capability")?.unwrap_or_default(),
            labels: fields.list("labels", "label")?.unwrap_or_default(),
            points: fields.take("points")?,
            business_value: fields.take("business_value")?,
            acceptance: fields.take("acceptance")?.unwrap_or_default(),
            payload: fields.raw("payload").map(|raw| Json(raw.get().to_owned())),
            depends_on: fields.list("depends_on", "depends_on")?.unwrap_or_default(),
            not_before: fields.read_as("at", parse::moment)?,
            attempts_max: fields.take("attempts")?,
            needs: Needs {
                ports: fields.take("ports")?.unwrap_or_default(),
                databases: fields.take("databases")?.unwrap_or_default(),
                cache: fields.take("cache")?.unwrap_or_default(),
            },
            rate_key: fields.parsed("rate_key")?,
            unique: fields.parsed("unique")?,
            writes: fields.list("writes", "writes")?.unwrap_or_default(),
            exclusive: fields.take("exclusive")?.unwrap_or_default(),
            retry: parse::retry(fields.read_as("retry_delay", parse::span)?, fields.read_as("retry_cap", parse::span)?),
        };
        let similar = fields.take("similar")?.unwrap_or(true);
        Ok(Self::Add { draft: Box::new(draft), delay: fields.read_as("delay", parse::span)?, similar })
    }

    /// The request for the next item that `fields` spell out.
    pub fn read_next(fields: &mut Fields) -> Result<Self, Problem> {
        let (filter, take, writes) = (filter(fields)?, take(fields)?, writes(fields)?);
        Ok(Self::Next { filter, take, writes, wait: fields.read_as("wait", parse::span)? })
    }
}

fn add(draft: &Draft, delay: Option<Duration>) -> Written {
    Written::to(String::new())
        .with("title", Some(&draft.title))
        .with("description", some(&draft.description))
        .with("type", some(&draft.kind))
        .with("priority", Some(draft.priority.word()))
        .with("team", draft.team.as_ref().map(ToString::to_string))
        .with("role", draft.role.as_ref().map(ToString::to_string))
        .with("capabilities", texts(&draft.capabilities))
        .with("labels", texts(&draft.labels))
        .with("points", draft.points)
        .with("business_value", draft.business_value)
        .with("acceptance", some(&draft.acceptance))
        .json("payload", draft.payload.as_ref())
        .with("depends_on", texts(&draft.depends_on))
        .with("delay", delay.map(format_duration))
        .with("at", draft.not_before.map(parse::moment_text))
        .with("attempts", draft.attempts_max)
        .with("ports", Some(draft.needs.ports).filter(|n| *n > 0))
        .with("databases", Some(draft.needs.databases).filter(|n| *n > 0))
        .with("cache", Some(draft.needs.cache).filter(|wanted| *wanted))
        .with("rate_key", draft.rate_key.as_ref().map(ToString::to_string))
        .with("unique", draft.unique.as_ref().map(ToString::to_string))
        .with("writes", texts(&draft.writes))
        .with("exclusive", draft.exclusive.then_some(true))
        .with("retry_delay", draft.retry.map(|retry| ms_text(retry.delay_ms)))
        .with("retry_cap", draft.retry.map(|retry| ms_text(retry.cap_ms)))
}

fn act(command: &Command, to: impl Fn(&str) -> Written) -> Written {
    match command {
        Command::Progress { held, percent, note } => {
            to("progress").held(Some(held)).with("percent", Some(percent.number())).with("note", note.as_ref())
        }
        Command::Fail { held, reason } => to("fail").held(Some(held)).with("reason", Some(reason)),
        Command::Release { held, reason } => to("release").held(Some(held)).with("reason", reason.as_ref()),
        Command::Block { held, reason } => to("block").held(held.as_ref()).with("reason", Some(reason)),
        Command::Cancel { reason } => to("cancel").with("reason", reason.as_ref()),
        Command::Unblock => to("unblock"),
        Command::Requeue => to("requeue"),
        other => unreachable!("nobody asks for {other:?} from outside"),
    }
}

fn writes(fields: &mut Fields) -> Result<Writes, Problem> {
    let globs = fields.list("writes", "writes")?.unwrap_or_default();
    Ok(Writes { globs, exclusive: fields.take("exclusive")?.unwrap_or_default() })
}

pub(super) fn filter(fields: &mut Fields) -> Result<Filter, Problem> {
    Ok(Filter {
        role: fields.parsed("role")?,
        team: fields.parsed("team")?,
        capabilities: fields.list("capabilities", "capability")?,
    })
}

pub(super) fn take(fields: &mut Fields) -> Result<Take, Problem> {
    Ok(Take { by: needed("agent", fields.parsed("agent")?)?, ttl: fields.read_as("ttl", parse::ttl)? })
}

pub(super) fn held(fields: &mut Fields) -> Result<Held, Problem> {
    let by = needed("agent", fields.parsed("agent")?)?;
    Ok(Held { by, fence: Fence::new(needed("fence", fields.take("fence")?)?) })
}

fn reason(fields: &mut Fields) -> Result<String, Problem> {
    Ok(fields.take("reason")?.unwrap_or_else(|| "no reason given".to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the door makes of what the client writes.
    fn there_and_back(ask: &Ask) -> Ask {
        let written = ask.written();
        let mut fields = Fields::read(written.body().as_bytes()).expect("it is an object");
        let read = match *written.path.split('/').collect::<Vec<_>>() {
            [""] => Ask::read_add(&mut fields),
            ["", "next"] => Ask::read_next(&mut fields),
            ["", id, verb] => Ask::read(verb, id.parse().expect("an id"), &mut fields),
            _ => panic!("{}", written.path),
        };
        fields.end().expect("every field is known");
        read.expect("what we write can be read")
    }

    #[test]
    fn what_the_client_writes_is_what_the_door_reads() {
        let id: WorkId = "work_1".parse().expect("an id");
        let held = Held { by: "Zoë \"7\"".parse().expect("a name"), fence: Fence::new(3) };
        let take = Take { by: held.by.clone(), ttl: Ttl::from_millis(90_000) };
        let draft = Draft {
            title: "tab\tand \u{1}".to_owned(),
            description: "日本語".to_owned(),
            kind: "bug".to_owned(),
            team: "a/b".parse().ok(),
            role: "reviewer".parse().ok(),
            capabilities: ["rust".parse().expect("a word")].into(),
            labels: ["one".parse().expect("a word"), "two".parse().expect("a word")].into(),
            points: Some(3),
            business_value: Some(0),
            acceptance: "it works".to_owned(),
            payload: Some(Json("{\"n\": 12345678901234567890123.50}".to_owned())),
            depends_on: [id.clone()].into(),
            attempts_max: Some(1),
            needs: Needs { ports: 2, databases: 1, cache: true },
            not_before: Some(domain::time::Timestamp::from_millis(1_795_211_860_474)),
            rate_key: "k".parse().ok(),
            unique: "only".parse().ok(),
            writes: ["src/**".to_owned()].into(),
            exclusive: true,
            retry: Some(domain::work::Retry { delay_ms: 1_000, cap_ms: 60_000 }),
            ..Draft::default()
        };
        let plain = Draft { title: "plain".to_owned(), kind: "task".to_owned(), ..Draft::default() };
        let act = |command| Ask::Act { id: id.clone(), command };
        let (one, none) = (Some("because".to_owned()), None);
        for ask in [
            Ask::Add { draft: Box::new(draft), delay: Some(Duration::from_millis(1_500)), similar: true },
            Ask::Add { draft: Box::new(plain), delay: None, similar: false },
            Ask::Claim {
                id: id.clone(),
                take: take.clone(),
                writes: Writes { globs: ["src/**".to_owned()].into(), exclusive: true },
            },
            Ask::Claim { id: id.clone(), take: Take { ttl: None, ..take.clone() }, writes: Writes::default() },
            Ask::Next {
                filter: Filter::default(),
                take: take.clone(),
                writes: Writes::default(),
                wait: Some(Duration::from_mins(5)),
            },
            Ask::Next {
                filter: Filter { role: "x".parse().ok(), team: None, capabilities: Some([].into()) },
                take,
                writes: Writes { globs: ["src/**".to_owned()].into(), exclusive: true },
                wait: None,
            },
            Ask::Renew { id: id.clone(), held: held.clone(), ttl: Ttl::from_millis(1_000) },
            Ask::Report { id: id.clone(), held: held.clone(), result: Some(Json("[1, null]".to_owned())) },
            Ask::Report { id: id.clone(), held: held.clone(), result: None },
            act(Command::Progress { held: held.clone(), percent: Percent::new(40).expect("40 %"), note: one.clone() }),
            act(Command::Fail { held: held.clone(), reason: "no".to_owned() }),
            act(Command::Release { held: held.clone(), reason: none.clone() }),
            act(Command::Block { held: Some(held), reason: "waits".to_owned() }),
            act(Command::Block { held: None, reason: "waits".to_owned() }),
            act(Command::Unblock),
            act(Command::Cancel { reason: one }),
            act(Command::Requeue),
        ] {
            assert_eq!(there_and_back(&ask), ask);
            assert_eq!(there_and_back(&ask).written().request(), ask.written().request());
        }
    }

    #[test]
    fn a_field_that_nobody_knows_is_named_with_those_that_are_known() {
        let mut fields = Fields::read(br#"{"agent":"zoe","fance":1,"fence":2}"#).expect("an object");
        Ask::read("fail", "work_1".parse().expect("an id"), &mut fields).expect("all is there");
        let problem = fields.end().expect_err("there is no fance");
        assert!(problem.message.contains("\"fance\"") && problem.message.contains("fence"), "{problem}");
        assert_eq!(problem.fields["unknown"], serde_json::json!(["fance"]));
    }

    #[test]
    fn how_long_somebody_waits_is_no_part_of_what_is_asked() {
        let take = Take { by: "zoe".parse().expect("a name"), ttl: None };
        let next = |wait| {
            let (filter, writes) = (Filter::default(), Writes::default());
            Ask::Next { filter, take: take.clone(), writes, wait }.written().request()
        };
        assert_eq!(next(None), next(Some(Duration::from_secs(9))));
    }
}
