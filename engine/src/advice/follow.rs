//! Doing what was advised, through the verbs that everybody uses.

use domain::advice::Action;
use domain::text::Name;
use domain::work::{Command, Draft, Held};
use serde::Serialize;

use crate::problem::{Kind, Problem};
use crate::{Engine, Key};

/// How long an item is kept for the agent that it was given to, in milliseconds.
const KEPT_MS: i64 = 60 * 60 * 1_000;

/// What became of an action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[allow(missing_docs)] // The names say it; `docs/advice.md` has the table.
pub struct Followed {
    pub action: &'static str,
    pub told: String,
    pub done: bool,
    pub refused: Option<String>,
}

impl Engine {
    /// Does `actions` one after another, each under a key of its own made of `key`; one that is refused, as things
    /// have changed since, does not keep the rest from being done. Fails only when the store does.
    pub async fn follow(&self, actions: &[Action], key: Option<&str>) -> Result<Vec<Followed>, Problem> {
        let mut all = Vec::with_capacity(actions.len());
        for action in actions {
            let told = action.told();
            let key = key.map(|key| Key::new(&format!("{key} {told}"), &told)).transpose()?;
            let refused = match self.carry_out(action, key).await {
                Err(problem) if problem.kind == Kind::Failed => return Err(problem),
                done => done.err().map(|problem| problem.message),
            };
            all.push(Followed { action: action.word(), told, done: refused.is_none(), refused });
        }
        Ok(all)
    }

    async fn carry_out(&self, action: &Action, key: Option<Key>) -> Result<(), Problem> {
        match action.clone() {
            Action::Release { item, from, fence } => {
                let held = Held { by: from, fence };
                let reason = Some("its holder did not get on with it".to_owned());
                self.act(item, Command::Release { held, reason }, key).await.map(drop)
            }
            Action::Reassign { item, to } => self.reassign(item, to, KEPT_MS, key).await.map(drop),
            Action::Requeue { item } => self.act(item, Command::Requeue, key).await.map(drop),
            Action::Add { title, kind, unique } => {
                let unique: Name = unique.parse().map_err(|bad| Problem::malformed(format!("unique: {bad}")))?;
                let draft = Draft { title, kind, unique: Some(unique), ..Draft::default() };
                self.add(draft, None, key).await.map(drop)
            }
        }
    }
}
