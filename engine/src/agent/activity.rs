//! What agents do while they work, for people to see, and what they ask of people.

use std::time::Duration;

use domain::agent::activity::LINES_MAX;
use domain::agent::event::Question;
use domain::agent::permission::{INPUT_BYTES_MAX, Permission};
use domain::id::{PermissionId, WorkId};
use domain::work::Held;
use serde::{Deserialize, Serialize};
use store::activity::{self as kept, Noted};

use crate::problem::Problem;
use crate::{Engine, Key};

/// How many of the oldest lines and questions are looked at when old ones are forgotten.
const FORGET_AT_ONCE: u32 = 10_000;
/// The most lines and questions that are told at once.
pub const TOLD_MAX: u32 = 1_000;

/// The JSON object of a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)] // The names say it; `docs/formats.md` has the whole table.
pub struct ActivityView {
    pub item: String,
    pub fence: i64,
    pub seq: i64,
    pub at_ms: i64,
    pub kind: String,
    pub text: String,
}

impl From<Noted> for ActivityView {
    fn from(noted: Noted) -> Self {
        Self {
            item: noted.item.to_string(),
            fence: noted.fence.number(),
            seq: noted.seq,
            at_ms: noted.at.millis(),
            kind: noted.line.kind.to_owned(),
            text: noted.line.text,
        }
    }
}

/// The JSON object of a question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)] // The names say it; `docs/formats.md` has the whole table.
pub struct QuestionView {
    pub id: String,
    pub item: String,
    pub fence: i64,
    pub agent: String,
    pub tool: String,
    pub input: String,
    pub asked_at_ms: i64,
    pub until_ms: i64,
    pub allow: Option<bool>,
    pub answered_by: Option<String>,
    pub answered_at_ms: Option<i64>,
}

impl From<Permission> for QuestionView {
    fn from(asked: Permission) -> Self {
        let answer = asked.answer.as_ref();
        Self {
            id: asked.id.to_string(),
            item: asked.item.to_string(),
            fence: asked.fence.number(),
            agent: asked.agent.to_string(),
            tool: asked.tool,
            input: asked.input,
            asked_at_ms: asked.asked_at.millis(),
            until_ms: asked.until.millis(),
            allow: answer.map(|it| it.allow),
            answered_by: answer.map(|it| it.by.clone()),
            answered_at_ms: answer.map(|it| it.at.millis()),
        }
    }
}

impl Engine {
    /// Keeps what agents did, of each attempt no more than the last lines.
    pub async fn keep_activity(&self, lines: Vec<Noted>) -> Result<(), Problem> {
        let project = self.project.clone();
        self.store
            .write(async move |tx| {
                kept::keep(tx, &project, &lines).await?;
                let most = i64::from(LINES_MAX);
                // The last line of each attempt says from where on lines stay.
                for (at, line) in lines.iter().enumerate().filter(|(_, line)| line.seq > most) {
                    let later = lines[at + 1..].iter().any(|it| (&it.item, it.fence) == (&line.item, line.fence));
                    if !later {
                        kept::trim(tx, &project, &line.item, line.fence, line.seq - most + 1).await?;
                    }
                }
                Ok::<_, Problem>(())
            })
            .await
    }

    /// The last `limit` lines of what agents did for an item, oldest first; at most [`TOLD_MAX`].
    pub async fn activity(&self, item: &WorkId, limit: u32) -> Result<Vec<ActivityView>, Problem> {
        // An item that is not there is said to be so.
        self.show(item).await?;
        let told = self.store.read(async |tx| kept::last(tx, &self.project, item, limit.min(TOLD_MAX)).await);
        Ok(told.await?.into_iter().map(ActivityView::from).collect())
    }

    /// Asks people whether the holder's agent may; the answer is awaited for `patience`.
    pub async fn ask_permission(
        &self,
        held: &Held,
        item: &WorkId,
        question: &Question,
        patience: Duration,
    ) -> Result<PermissionId, Problem> {
        let scope = self.scope();
        let patience = i64::try_from(patience.as_millis()).unwrap_or(i64::MAX);
        let asked = Permission {
            id: PermissionId::numbered(self.number()),
            item: item.clone(),
            fence: held.fence,
            agent: held.by.clone(),
            tool: beginning(&question.tool, 200),
            input: beginning(&question.input, INPUT_BYTES_MAX),
            asked_at: scope.now,
            until: scope.now.plus_millis(patience),
            answer: None,
        };
        let id = asked.id.clone();
        let engine = self.clone();
        let kept = self.store.write(async move |tx| {
            let number = || engine.number();
            kept::ask(tx, &scope, &asked, &number).await.map_err(Problem::from)
        });
        kept.await?;
        Ok(id)
    }

    /// What the agent is told that asked: `None` while it has to wait.
    pub async fn permitted(&self, id: &PermissionId) -> Result<Option<bool>, Problem> {
        let scope = self.scope();
        let asked = self.store.read(async |tx| kept::look(tx, &scope.project, id).await).await?;
        // A question that nobody keeps any more has no answer but no.
        Ok(asked.map_or(Some(false), |asked| asked.told(scope.now)))
    }

    /// The questions that wait for an answer.
    pub async fn questions(&self) -> Result<Vec<QuestionView>, Problem> {
        let scope = self.scope();
        let open = self.store.read(async |tx| kept::open(tx, &scope, TOLD_MAX).await).await?;
        Ok(open.into_iter().map(QuestionView::from).collect())
    }

    /// Answers a question, once.
    pub async fn answer_question(
        &self,
        id: PermissionId,
        allow: bool,
        by: String,
        key: Option<Key>,
    ) -> Result<QuestionView, Problem> {
        self.keyed(key, async move |tx, scope| {
            let asked = kept::find(tx, &scope.project, &id).await?;
            let asked = asked.ok_or_else(|| {
                Problem::not_found(format!(
                    "there is no question {id}; `nexus agent questions` lists those that are open"
                ))
            })?;
            let answered = asked.answered(allow, &by, scope.now);
            let answered = answered.map_err(|closed| Problem::refused("question_closed", format!("{id}: {closed}")))?;
            kept::answer(tx, scope, &answered).await?;
            Ok(QuestionView::from(answered))
        })
        .await
    }

    /// Forgets what agents did, and asked, longer ago than `kept`.
    pub async fn forget_activity(&self, kept: Duration) -> Result<u64, Problem> {
        let scope = self.scope();
        let before = scope.now.millis() - i64::try_from(kept.as_millis()).unwrap_or(i64::MAX);
        let forget = self.store.write(async move |tx| kept::prune(tx, &scope, before, FORGET_AT_ONCE).await);
        Ok(forget.await?)
    }
}

fn beginning(text: &str, bytes_max: usize) -> String {
    text[..text.floor_char_boundary(bytes_max)].to_owned()
}
