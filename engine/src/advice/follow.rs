//! Doing what was advised, through the verbs that everybody uses.

use domain::advice::Action;
use domain::text::Name;
use domain::work::{Command, Draft, Fence, Held};
use serde::{Deserialize, Serialize};
use store::StoreError;

use crate::problem::{Kind, Problem};
use crate::{Engine, Key, sha256_hex};

/// How long an item is kept for the agent that it was given to, in milliseconds.
const KEPT_MS: i64 = 60 * 60 * 1_000;

/// What became of an action.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)] // The names say it; `docs/advice.md` has the table.
pub struct Followed {
    pub action: String,
    pub told: String,
    pub done: bool,
    pub refused: Option<String>,
}

/// An action as it is kept.
#[derive(Clone, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Written {
    Release { item: String, from: String, fence: i64 },
    Reassign { item: String, to: String },
    Requeue { item: String },
    Add { title: String, kind: String, unique: String },
}

impl From<Action> for Written {
    fn from(action: Action) -> Self {
        match action {
            Action::Release { item, from, fence } => {
                Self::Release { item: item.to_string(), from: from.to_string(), fence: fence.number() }
            }
            Action::Reassign { item, to } => Self::Reassign { item: item.to_string(), to: to.to_string() },
            Action::Requeue { item } => Self::Requeue { item: item.to_string() },
            Action::Add { title, kind, unique } => Self::Add { title, kind, unique },
        }
    }
}

impl TryFrom<Written> for Action {
    type Error = Problem;

    fn try_from(written: Written) -> Result<Self, Problem> {
        fn read<T: std::str::FromStr<Err: ToString>>(text: &str) -> Result<T, Problem> {
            let broken =
                |e: T::Err| StoreError::Broken(format!("an action that was kept: {text:?}: {}", e.to_string()));
            Ok(text.parse().map_err(broken)?)
        }
        Ok(match written {
            Written::Release { item, from, fence } => {
                Self::Release { item: read(&item)?, from: read(&from)?, fence: Fence::new(fence) }
            }
            Written::Reassign { item, to } => Self::Reassign { item: read(&item)?, to: read(&to)? },
            Written::Requeue { item } => Self::Requeue { item: read(&item)? },
            Written::Add { title, kind, unique } => Self::Add { title, kind, unique },
        })
    }
}

impl Engine {
    /// Does `actions` one after another, each under a key of its own made of `key`; one that is refused, as things
    /// have changed since, does not keep the rest from being done. Fails only when the store does.
    pub async fn follow(&self, actions: &[Action], key: Option<&str>) -> Result<Vec<Followed>, Problem> {
        let mut all = Vec::with_capacity(actions.len());
        for action in actions {
            let told = action.told();
            // Of one length, however long the key and what is told are.
            let key = key.map(|key| format!("advice {}", sha256_hex(format!("{key}\n{told}").as_bytes())));
            let key = key.map(|key| Key::new(&key, &told)).transpose()?;
            let refused = match self.carry_out(action, key).await {
                Err(problem) if problem.kind == Kind::Failed => return Err(problem),
                done => done.err().map(|problem| problem.message),
            };
            all.push(Followed { action: action.word().to_owned(), told, done: refused.is_none(), refused });
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
