//! Escalation: telling a role, then a person, of what nobody has answered.
//!
//! What a person is to hear of is written down in the transaction that decides it; the hook is run afterwards, and again
//! until it ends with 0. A crash between its end and our note of it runs it once more: at least once, with the same id.

use std::path::Path;
use std::time::Duration;

use domain::escalation::Target;
use serde::{Deserialize, Serialize};
use store::escalation as kept;

use crate::agent::{Attended, attend};
use crate::ports::{Caps, Inherit, Launch, Launcher};
use crate::problem::Problem;
use crate::site::Site;
use crate::{Engine, wait};

/// How many notifications one visit tells.
const AT_ONCE: u32 = 20;
/// The first and the longest wait before a notification is tried again, in milliseconds.
const RETRY_MS: (i64, i64) = (10_000, 3_600_000);
/// How long notifications are kept, in milliseconds.
const KEPT_MS: i64 = 7 * 24 * 3_600_000;

/// The hook that tells a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notify {
    /// The program and its arguments; run without a shell, with the notification as JSON on its standard input.
    pub command: Vec<String>,
    /// How long it may take.
    pub timeout: Duration,
}

/// The JSON object of something that was escalated.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)] // The names say it; `docs/formats.md` has the whole table.
pub struct EscalatedView {
    pub subject: String,
    pub event: String,
    pub level: String,
    pub to: Option<String>,
}

impl Engine {
    /// Escalates what is due; writes nothing when nothing is.
    pub async fn escalate_due(&self) -> Result<Vec<EscalatedView>, Problem> {
        let (scope, thresholds) = (self.scope(), self.escalation.clone());
        let due = self.store.read(async |tx| kept::anything_due(tx, &scope, &thresholds).await);
        if !due.await? {
            return Ok(Vec::new());
        }
        let engine = self.clone();
        let done = self.store.write(async move |tx| {
            let number = || engine.number();
            kept::escalate(tx, &scope, &thresholds, &number).await.map_err(Problem::from)
        });
        Ok(done.await?.into_iter().map(EscalatedView::from).collect())
    }

    /// Runs the hook for what a person is to hear of; comes back with how many it took.
    pub fn tell_people(&self, launcher: &dyn Launcher, notify: &Notify, folder: &Path) -> Result<u32, Problem> {
        let scope = self.scope();
        let due = wait(self.store.read(async |tx| kept::unsent(tx, &scope, AT_ONCE).await))?;
        let mut taken = 0;
        for notification in due {
            let scope = self.scope();
            let ended = run_hook(launcher, notify, folder, notification.body.into_bytes());
            taken += u32::from(ended.is_ok());
            let id = notification.id;
            let tries = notification.tries;
            wait(self.store.write(async move |tx| match ended {
                Ok(()) => kept::sent(tx, &scope, &id).await,
                Err(why) => {
                    let pause = RETRY_MS.0.saturating_mul(1 << tries.min(16)).min(RETRY_MS.1);
                    kept::trouble(tx, &scope, &id, scope.now.plus_millis(pause), &why).await
                }
            }))?;
        }
        Ok(taken)
    }

    /// Forgets notifications that are older than a week.
    pub async fn forget_notifications(&self) -> Result<u64, Problem> {
        let scope = self.scope();
        let before = scope.now.plus_millis(-KEPT_MS);
        Ok(self.store.write(async move |tx| kept::prune(tx, &scope, before).await).await?)
    }
}

impl Site {
    /// Escalates what is due and tells people, when no other process is at it.
    pub(crate) fn escalate(&self) -> Result<(), Problem> {
        const DUTY: &str = "escalate";
        let scope = self.engine.scope();
        let thresholds = self.engine.escalation.clone();
        let due = wait(self.engine.store.read(async |tx| {
            Ok::<_, store::StoreError>(
                kept::anything_due(tx, &scope, &thresholds).await?
                    || (self.habits.notify.is_some() && !kept::unsent(tx, &scope, 1).await?.is_empty()),
            )
        }))?;
        if !due {
            return Ok(());
        }
        let Some(fence) = self.take_duty(DUTY)? else { return Ok(()) };
        let done = wait(self.engine.escalate_due()).and_then(|_| match &self.habits.notify {
            Some(notify) => self.engine.tell_people(&*self.launcher, notify, &self.places.data).map(drop),
            None => Ok(()),
        });
        self.end_duty(DUTY, fence)?;
        done
    }
}

/// Runs the hook once, or says why it did not end with 0.
fn run_hook(launcher: &dyn Launcher, notify: &Notify, folder: &Path, stdin: Vec<u8>) -> Result<(), String> {
    let launch = Launch {
        argv: notify.command.clone(),
        dir: folder.to_path_buf(),
        env: Vec::new(),
        env_remove: vec!["NEXUS_FAILPOINT".to_owned()],
        inherit: Inherit::All,
        stdin,
        output: folder.join("notify.log"),
        output_bytes_max: 100_000,
        caps: Caps::default(),
        talk: None,
    };
    let mut running = launcher.launch(&launch).map_err(|never| never.0)?;
    match attend(running.as_mut(), notify.timeout, Duration::from_secs(1), &mut || true) {
        Attended::Exited(exit) if exit.code == 0 => Ok(()),
        Attended::Exited(exit) => Err(format!("the hook ended with {}", exit.code)),
        Attended::OutOfTime(_) => Err("the hook took too long".to_owned()),
        Attended::Stopped => Err("the hook was stopped".to_owned()),
    }
}

impl From<kept::Escalated> for EscalatedView {
    fn from(escalated: kept::Escalated) -> Self {
        let level = escalated.target.level().word().unwrap_or_default().to_owned();
        let to = match &escalated.target {
            Target::Role(role) => Some(role.to_string()),
            Target::Human => None,
        };
        Self { subject: escalated.subject, event: escalated.event.to_owned(), level, to }
    }
}
