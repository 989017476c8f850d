//! Deeds and looks: over the file, or through a server, with the same answer.

use std::thread::sleep;
use std::time::Duration;

use engine::history::Asked;
use engine::problem::Problem;
use engine::random_hex;
use engine::wait;
use engine::work::WorkView;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use super::client::{Client, Lost, with_query};
use super::reply::Reply;
use super::{PAUSES_MS, Reach, SERVER_PATIENCE, SOCKET_PATIENCE, Way, now_ms};
use crate::ask::{Deed, Look, ReportedView};

impl Reach {
    /// Does `deed`, once however often the connection is lost.
    pub fn deed<T: DeserializeOwned>(&self, deed: &Deed, key: Option<&str>) -> Result<T, Problem> {
        // Refused here, so that it reads the same each way.
        deed.check()?;
        let client = match &self.way {
            Way::File => return typed(&self.deed_over_file(deed, key)?),
            Way::Socket(client) | Way::Server(client) => client,
        };
        let made = key.is_none().then(|| format!("request {}", random_hex::<16>()));
        let key = key.or(made.as_deref());
        let asked_ms = now_ms();
        let told = match self.send(client, deed, key) {
            Ok(reply) => reply.json::<Box<RawValue>>().and_then(|told| {
                if let Some((id, held)) = deed.gives_up().filter(|_| reply.left_a_workspace() && !self.far()) {
                    self.put_away(id, held)?;
                }
                Ok(told)
            }),
            Err(lost) if self.far() => Err(client.unreachable(&lost)),
            // Nothing was asked yet when nobody was reached, and then no key is needed.
            Err(lost) => self.deed_over_file(deed, key.filter(|_| made.is_none() || matches!(lost, Lost::Cut(_)))),
        };
        self.record_deed(deed, asked_ms, &told);
        typed(&told?)
    }

    /// What `look` shows.
    pub fn look<T: DeserializeOwned>(&self, look: &Look) -> Result<T, Problem> {
        let file = || look.clone().carry_out(self.engine()?);
        let told = match &self.way {
            Way::File => file()?,
            Way::Socket(client) => match self.shown_by(client, look, SOCKET_PATIENCE) {
                Ok(reply) if !reply.is_gone() => reply.json()?,
                Ok(_) | Err(_) => file()?,
            },
            Way::Server(client) => match self.shown_by(client, look, SERVER_PATIENCE) {
                Ok(reply) => reply.json()?,
                Err(lost) => return Err(client.unreachable(&lost)),
            },
        };
        typed(&told)
    }

    fn shown_by(&self, client: &Client, look: &Look, patience: Duration) -> Result<Reply, Lost> {
        let query = look.query();
        let said = query.iter().map(|(name, value)| (*name, value.as_deref())).chain([("project", self.project())]);
        client.get(&with_query(&look.path(), &said.collect::<Vec<_>>()), patience)
    }

    fn deed_over_file(&self, deed: &Deed, key: Option<&str>) -> Result<Box<RawValue>, Problem> {
        let usual = self.here.settings().lease_ttl;
        let told = wait(deed.clone().carry_out(self.engine()?, usual, key))?;
        if let Some((id, held)) = deed.gives_up() {
            self.put_away(id, held)?;
        }
        Ok(told)
    }

    /// Asks `client`: once behind the socket, as the file is there too; a server that was named as often as may help.
    fn send(&self, client: &Client, deed: &Deed, key: Option<&str>) -> Result<Reply, Lost> {
        let written = deed.written().with("key", key).with("project", self.project());
        let patience = if self.far() { SERVER_PATIENCE } else { SOCKET_PATIENCE };
        let mut pauses = PAUSES_MS.iter().filter(|_| self.far());
        loop {
            let sent = client.post(&written.path, "application/json", written.body(), !self.far(), patience);
            match sent {
                Ok(reply) if !reply.is_gone() => return Ok(reply),
                sent => match (pauses.next(), sent) {
                    (Some(pause), _) => sleep(Duration::from_millis(*pause)),
                    (None, Ok(reply)) if self.far() => return Ok(reply),
                    (None, Ok(_)) => return Err(Lost::Cut("the server is ending".to_owned())),
                    (None, Err(lost)) => return Err(lost),
                },
            }
        }
    }

    /// Writes down what was seen of holds, as the engine does over the file.
    fn record_deed(&self, deed: &Deed, asked_ms: i64, told: &Result<Box<RawValue>, Problem>) {
        let Some(history) = &self.history else { return };
        let note = |asked: Asked, saw: Result<WorkView, Problem>| history.answered(asked, asked_ms, now_ms(), &saw);
        match (deed, told) {
            (Deed::HandOff { id, held, .. }, told) => {
                let saw = told.as_ref().map_err(Clone::clone).and_then(|told| typed(told));
                note(Asked::held("handoff", id.as_str(), held), saw);
            }
            (Deed::Take { take, .. }, Err(problem)) => {
                note(Asked::claim(None, take.by.as_str()), Err(problem.clone()));
            }
            (Deed::Take { take, .. }, Ok(told)) => {
                let all: Vec<WorkView> = typed(told).unwrap_or_default();
                all.into_iter().for_each(|item| note(Asked::claim(None, take.by.as_str()), Ok(item)));
            }
            (Deed::Report { reports }, Ok(told)) => {
                let all: Vec<ReportedView> = typed(told).unwrap_or_default();
                for (report, it) in reports.iter().zip(all) {
                    let asked = Asked::held("report", report.id.as_str(), &report.held);
                    match (it.problem(), it.item) {
                        (None, Some(item)) => note(asked, Ok(item)),
                        (Some(problem), _) => note(asked, Err(problem)),
                        (None, None) => {}
                    }
                }
            }
            _ => {}
        }
    }
}

/// What was answered, as its type.
fn typed<T: DeserializeOwned>(told: &RawValue) -> Result<T, Problem> {
    serde_json::from_str(told.get()).map_err(|e| super::reply::strange(&e))
}
