//! An agent: asks for work, does something with it, sleeps too long, forgets.

use domain::agent::Filter;
use domain::id::{ChangeId, WorkId};
use domain::text::{AgentName, Role};
use domain::time::Ttl;
use domain::work::{Command, Fence, Held, Json, Percent, Receiver};
use fastrand::Rng;

use super::ask::{Answer, Ask, Call};

/// The agent, with what it believes.
pub struct Agent {
    pub name: AgentName,
    pub role: Option<Role>,
    /// What it believes to hold.
    pub holds: Vec<(WorkId, Fence)>,
    /// What it has asked and not heard of.
    pub asked: Option<Call>,
    /// It does nothing before this moment.
    pub asleep_until: i64,
}

impl Agent {
    /// The agent numbered `n`.
    pub fn new(n: usize) -> Self {
        let role = Some(n % 3).filter(|n| *n > 0).map(role);
        let name = format!("agent-{n}").parse().expect("a name");
        Self { name, role, holds: Vec::new(), asked: None, asleep_until: 0 }
    }

    /// What it asks next, when it is not waiting for an answer.
    pub fn asks(&self, rng: &mut Rng, known: &[WorkId], others: &[AgentName]) -> Ask {
        let ttl = Ttl::from_millis(rng.i64(1_000..60_000)).expect("a time-to-live");
        let by = self.name.clone();
        if self.holds.is_empty() || (self.holds.len() < 3 && rng.u8(0..5) == 0) {
            return match rng.choice(known) {
                Some(id) if rng.u8(0..6) == 0 => Ask::Claim { id: id.clone(), by, ttl },
                _ => Ask::Next { filter: Filter { role: self.role.clone(), ..Filter::default() }, by, ttl },
            };
        }
        let (id, fence) = rng.choice(&self.holds).expect("it holds something").clone();
        // Now and then one shows a hold that it had before.
        let fence = if rng.u8(0..40) == 0 { Fence::new(fence.number() - 1) } else { fence };
        let held = Held { by, fence };
        let result = || Json(format!("{{\"n\":{}}}", fence.number()));
        let reason = "for a reason".to_owned();
        let command = match rng.u8(0..100) {
            0..20 => Command::Renew { held, ttl },
            20..45 => Command::Progress { held, percent: Percent::new(rng.u8(0..101)).expect("in range"), note: None },
            45..50 => Command::KeepResult { held, result: result() },
            50..70 => Command::Report { held, change: None, result: Some(result()) },
            70..77 => Command::Report { held, change: Some(ChangeId::numbered(rng.u64(1..9))), result: None },
            77..85 => Command::Fail { held, reason },
            85..91 => Command::Release { held, reason: Some(reason) },
            91..94 => Command::Block { held: Some(held), reason },
            94..98 => {
                let name = rng.choice(others).expect("there are agents").clone();
                return Ask::HandOff { id, held, to: Receiver::Agent { name, ttl } };
            }
            _ => return Ask::HandOff { id, held, to: Receiver::Role(role(rng.usize(1..3))) },
        };
        Ask::Act { id, command }
    }

    /// It hears `answer` to `call`; one that it does not wait for any more is lost on it.
    pub fn hears(&mut self, call: &Call, answer: &Answer) {
        if self.asked.as_ref().is_none_or(|asked| asked.number != call.number) {
            return;
        }
        self.asked = None;
        match (&call.ask, answer) {
            (Ask::Next { .. } | Ask::Claim { .. }, Ok(Some(view))) => {
                self.holds.push((view.id.parse().expect("an id"), Fence::new(view.fence)));
            }
            (
                Ask::Act {
                    command: Command::Renew { .. } | Command::Progress { .. } | Command::KeepResult { .. }, ..
                },
                Ok(_),
            ) => {}
            (Ask::Act { id, .. } | Ask::HandOff { id, .. }, _) => self.holds.retain(|(held, _)| held != id),
            _ => {}
        }
    }
}

/// One of the roles.
pub fn role(n: usize) -> Role {
    format!("role-{n}").parse().expect("a role")
}
