//! Locks by name, for what is no item: a port, a database, a folder that all worktrees share.
//!
//! A lock is held like an item: under a lease, by one agent, with a fence that rises with every grant. Until somebody
//! else takes it, a late holder still holds it.

use super::decide::{Held, Refusal};
use super::item::Fence;
use crate::text::{AgentName, Name};
use crate::time::{Timestamp, Ttl};

/// A lock as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lock {
    /// Its name.
    pub name: Name,
    /// Who holds it, if anybody does.
    pub holder: Option<AgentName>,
    /// The number of the latest grant; 0 before the first.
    pub fence: Fence,
    /// When the hold may be taken away.
    pub until: Timestamp,
}

impl Lock {
    /// A lock that nobody ever had.
    pub fn new(name: Name) -> Self {
        Self { name, holder: None, fence: Fence::default(), until: Timestamp::default() }
    }

    /// The lock in the hands of `by`. Refused while somebody holds it whose time is not over, `by` itself included.
    pub fn acquire(&self, by: &AgentName, ttl: Ttl, now: Timestamp) -> Result<Self, Refusal> {
        match &self.holder {
            Some(holder) if self.until > now => {
                Err(Refusal::Held { holder: holder.clone(), fence: self.fence, until: self.until })
            }
            _ => Ok(Self {
                holder: Some(by.clone()),
                fence: self.fence.next(),
                until: now.plus_millis(ttl.millis()),
                ..self.clone()
            }),
        }
    }

    /// The lock, held for longer; never for less.
    pub fn renew(&self, held: &Held, ttl: Ttl, now: Timestamp) -> Result<Self, Refusal> {
        self.check(held)?;
        Ok(Self { until: self.until.max(now.plus_millis(ttl.millis())), ..self.clone() })
    }

    /// The lock, given back.
    pub fn release(&self, held: &Held) -> Result<Self, Refusal> {
        self.check(held)?;
        Ok(Self { holder: None, ..self.clone() })
    }

    fn check(&self, held: &Held) -> Result<(), Refusal> {
        if self.holder.as_ref() == Some(&held.by) && self.fence == held.fence {
            return Ok(());
        }
        Err(Refusal::LeaseLost { by: held.by.clone(), fence: held.fence, holder: self.holder.clone() })
    }
}
