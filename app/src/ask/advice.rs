//! A question to the rules of advice as it goes over the wire.

use std::num::NonZeroU16;

use domain::text::{AgentName, Team};
use engine::Engine;
use engine::advice::Question;
use engine::problem::Problem;
use engine::wait;
use serde_json::Value;

use super::fields::Fields;
use super::look::Query;
use super::wire::Written;
use crate::cli::parse::{self, Since};

/// A question, and what is looked at for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// What is asked.
    pub question: Question,
    /// From when on the log is read.
    pub since: Since,
    /// Only what is of this team, and of none.
    pub team: Option<Team>,
}

/// What it says beside the word of the question, each part by its name.
struct Parts {
    team: Option<String>,
    since: Option<String>,
    kind: Option<String>,
    agent: Option<String>,
    factor: Option<String>,
}

impl Wanted {
    /// Where it is asked, below `/api/v1`.
    pub fn path(&self) -> String {
        format!("/advice/{}", self.question.word())
    }

    /// Everything else that it says.
    pub fn query(&self) -> Query {
        let (mut kind, mut agent, mut factor) = (None, None, None);
        match &self.question {
            Question::Recommend { kind: of, agent: by } => {
                kind.clone_from(of);
                agent = by.as_ref().map(ToString::to_string);
            }
            Question::Assignments { factor: most } => factor = Some(most.to_string()),
            _ => {}
        }
        vec![
            ("team", self.team.as_ref().map(ToString::to_string)),
            ("since", Some(self.since.to_string())),
            ("type", kind),
            ("agent", agent),
            ("workload_factor", factor),
        ]
    }

    /// The request to do what is advised.
    pub(super) fn written(&self) -> Written {
        let to = Written::to(format!("{}/apply", self.path()));
        self.query().into_iter().fold(to, |to, (name, value)| to.with(name, value))
    }

    /// The question called `word`, with what the parameters of a request say; `None` when there is none of that name.
    pub(super) fn of_query(
        word: &str,
        query: &mut dyn FnMut(&'static str) -> Option<String>,
    ) -> Result<Option<Self>, Problem> {
        if !Question::WORDS.contains(&word) {
            return Ok(None);
        }
        let (recommend, assignments) = (word == "recommend", word == "assignments");
        let mut only = |name: &'static str, fits: bool| if fits { query(name) } else { None };
        let parts = Parts {
            team: only("team", true),
            since: only("since", true),
            kind: only("type", recommend),
            agent: only("agent", recommend),
            factor: only("workload_factor", assignments),
        };
        Self::of(word, parts).map(Some)
    }

    /// The same from the fields of a body.
    pub(super) fn of_fields(word: &str, fields: &mut Fields) -> Result<Option<Self>, Problem> {
        if !Question::WORDS.contains(&word) {
            return Ok(None);
        }
        let mut parts =
            Parts { team: fields.take("team")?, since: fields.take("since")?, kind: None, agent: None, factor: None };
        if word == "recommend" {
            (parts.kind, parts.agent) = (fields.take("type")?, fields.take("agent")?);
        }
        if word == "assignments" {
            // A number or its text: flags are text.
            let factor: Option<Value> = fields.take("workload_factor")?;
            parts.factor = factor.map(|it| it.as_str().map_or_else(|| it.to_string(), str::to_owned));
        }
        Self::of(word, parts).map(Some)
    }

    fn of(word: &str, parts: Parts) -> Result<Self, Problem> {
        let bad = |name: &str, why: String| Problem::malformed(format!("{name}: {why}"));
        let agent: Option<AgentName> = parts
            .agent
            .map(|it| it.parse())
            .transpose()
            .map_err(|e: domain::text::BadText| bad("agent", e.to_string()))?;
        let team: Option<Team> = parts
            .team
            .map(|it| it.parse())
            .transpose()
            .map_err(|e: domain::text::BadText| bad("team", e.to_string()))?;
        let since = parse::since(parts.since.as_deref().unwrap_or(parse::SINCE)).map_err(|e| bad("since", e))?;
        let factor = parts.factor.map(|it| it.parse::<NonZeroU16>()).transpose();
        let factor = factor
            .map_err(|_| bad("workload_factor", "it can be a whole number from 1 to 65535".to_owned()))?
            .map_or(1, |factor| usize::from(factor.get()));
        let question = match word {
            "priorities" => Question::Priorities,
            "health" => Question::Health,
            "assignments" => Question::Assignments { factor },
            "teams" => Question::Teams,
            "recommend" => Question::Recommend { kind: parts.kind, agent },
            _ => Question::Bottlenecks,
        };
        Ok(Self { question, since, team })
    }

    /// What the rules say.
    pub fn ask(&self, engine: &Engine) -> Result<Value, Problem> {
        let since = self.since.moment(engine.scope().now);
        Ok(wait(engine.advise(&self.question, since, self.team.as_ref()))?.answer)
    }
}
