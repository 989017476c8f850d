//! Claims where there are gates, or where something is being written: the same queue, with a look at all of that
//! before an item is taken.

use domain::agent::{Agent, Filter};
use domain::id::WorkId;
use domain::text::AgentName;
use domain::time::Ttl;
use domain::work::{Command, Gates, InFlight, Refusal, Reservation, State, WorkItem, WriteSet, beside};

use super::ahead::Ahead;
use super::lane::{self, Lane, lane_values, lanes};
use super::reservation::{self, Writes};
use super::verbs::{self, Added};
use super::{WorkError, gate, record};
use crate::{Scope, StoreError, Tx, assignment};

/// How many candidates are looked at in one go.
const PAGE: u32 = 128;

/// The gates of a project, and what is being written, as one transaction goes through them.
pub struct Gated {
    gates: Gates,
    in_flight: InFlight,
    reserved: Vec<Reservation>,
    /// What whoever takes the next one is going to write beyond what the item says.
    more: Writes,
}

/// An item that may be taken, and whether somebody is writing the same.
struct Candidate {
    item: WorkItem,
    conflicts: bool,
}

impl Gated {
    /// All that is to be looked at, or `None` when there is nothing.
    pub async fn find(tx: &mut Tx<'_>, scope: &Scope, ahead: &Ahead) -> Result<Option<Self>, StoreError> {
        if !ahead.gates && !ahead.reserved {
            return Ok(None);
        }
        let (gates, in_flight) = gate::for_claim(tx, scope).await?;
        let reserved = if ahead.reserved { reservation::alone(tx, scope).await? } else { Vec::new() };
        Ok((!gates.is_empty() || !reserved.is_empty()).then_some(Self {
            gates,
            in_flight,
            reserved,
            more: Writes::default(),
        }))
    }

    /// The same for an item that is going to write something: nobody else takes such an item meanwhile.
    pub async fn for_writing(found: Option<Self>, tx: &mut Tx<'_>, scope: &Scope) -> Result<Self, StoreError> {
        let reserved = reservation::alone(tx, scope).await?;
        let found = found.map_or_else(Default::default, |it| (it.gates, it.in_flight));
        Ok(Self { gates: found.0, in_flight: found.1, reserved, more: Writes::default() })
    }

    /// The same for somebody who is going to write `more` than the item says. `None`: it cannot take anything now,
    /// whatever the item, as somebody is writing the same and one of the two is exclusive.
    pub fn adding(self, more: &Writes) -> Result<Option<Self>, WorkError> {
        let set = WriteSet::new(&more.globs).map_err(domain::work::BadDraft::from)?;
        // No item has this number.
        let nobodys = WorkId::numbered(0);
        let free = beside(&nobodys, &set, more.exclusive, &self.reserved).is_ok();
        Ok(free.then(|| Self { more: more.clone(), ..self }))
    }

    /// Refuses `item` when a gate keeps it back, or somebody who writes the same.
    pub fn check(&self, scope: &Scope, item: &WorkItem, writes: &Writes) -> Result<(), WorkError> {
        let set = WriteSet::new(&writes.globs).map_err(domain::work::BadDraft::from)?;
        let gates = self.gates.admits(&item.plan, &self.in_flight, scope.now);
        gates.and_then(|()| beside(&item.id, &set, writes.exclusive, &self.reserved)).map_err(Refusal::from)?;
        Ok(())
    }

    /// Counts that `item` was taken, and what its holder writes.
    pub async fn taken(
        &mut self,
        tx: &mut Tx<'_>,
        scope: &Scope,
        item: &WorkItem,
        writes: &Writes,
    ) -> Result<(), StoreError> {
        let changed = self.gates.let_through(&item.plan, &mut self.in_flight, scope.now);
        gate::spend(tx, scope, &changed).await?;
        self.reserved.extend(reservation::keep(tx, scope, item, writes).await?);
        Ok(())
    }

    /// Takes the ready item of lowest rank that fits and that nothing keeps back, or `None`. Of the first that could be
    /// taken, one that nobody else is writing at goes before others.
    pub async fn next(
        &mut self,
        tx: &mut Tx<'_>,
        scope: &Scope,
        filter: &Filter,
        (agent, by, ttl): (&Agent, &AgentName, Ttl),
    ) -> Result<Option<WorkItem>, WorkError> {
        agent.take_work()?;
        // What is kept for the agent comes first, and what is kept for another is passed over.
        let kept = assignment::any(tx, scope).await?;
        let own = if kept { assignment::first_for(tx, scope, filter, by).await? } else { None };
        let before = match own.and_then(|own| self.candidate(scope, own)) {
            Some(own) => Some(own.item),
            None => self.first(tx, scope, filter, kept.then_some(by)).await?,
        };
        let Some(before) = before else { return Ok(None) };
        let writes = Writes::of(&before, Some(&self.more));
        if !writes.globs.is_empty() {
            self.reserved = reservation::alone(tx, scope).await?;
            self.check(scope, &before, &writes)?;
        }
        verbs::admit(tx, scope, agent).await?;
        let taken = verbs::change(tx, scope, &before, &Command::Claim { by: by.clone(), ttl }).await?;
        self.taken(tx, scope, &taken, &writes).await?;
        Ok(Some(taken))
    }

    async fn first(
        &self,
        tx: &mut Tx<'_>,
        scope: &Scope,
        filter: &Filter,
        by: Option<&AgentName>,
    ) -> Result<Option<WorkItem>, StoreError> {
        loop {
            let mut best: Option<Candidate> = None;
            for lane in lanes(filter) {
                let found = self.first_in_lane(tx, scope, filter, &lane, by).await?;
                let place = |it: &Candidate| (it.conflicts, it.item.rank, it.item.id.clone());
                best = best.into_iter().chain(found).min_by_key(place);
            }
            let Some(best) = best else { return Ok(None) };
            // Now for us alone; somebody may have been faster.
            match verbs::find(tx, scope, &best.item.id).await? {
                Some(Added { item, .. }) if item.state == State::Ready => return Ok(Some(item)),
                _ => {}
            }
        }
    }

    async fn first_in_lane(
        &self,
        tx: &mut Tx<'_>,
        scope: &Scope,
        filter: &Filter,
        lane: &Lane<'_>,
        by: Option<&AgentName>,
    ) -> Result<Option<Candidate>, StoreError> {
        let mut after = lane::START.clone();
        loop {
            let rows = tx.peek_all(lane.0, &lane_values(scope, lane, &after, PAGE)).await?;
            let mut second = None;
            for row in &rows {
                let (item, _) = record::item(row)?;
                after = (item.rank.millis(), item.id.to_string());
                if !filter.fits(&item.plan) || lane::for_another(tx, scope, &item, by).await? {
                    continue;
                }
                match self.candidate(scope, item) {
                    Some(Candidate { item, conflicts: true }) if second.is_none() => second = Some(item),
                    Some(free @ Candidate { conflicts: false, .. }) => return Ok(Some(free)),
                    _ => {}
                }
            }
            // Nobody is overtaken by more than a page of others for writing what somebody writes.
            if second.is_some() || rows.len() < PAGE as usize {
                return Ok(second.map(|item| Candidate { item, conflicts: true }));
            }
        }
    }

    fn candidate(&self, scope: &Scope, item: WorkItem) -> Option<Candidate> {
        self.gates.admits(&item.plan, &self.in_flight, scope.now).ok()?;
        if self.reserved.is_empty() || (item.plan.writes.is_empty() && self.more.globs.is_empty()) {
            return Some(Candidate { item, conflicts: false });
        }
        let all = Writes::of(&item, Some(&self.more));
        let writes = WriteSet::new(&all.globs).unwrap_or_default();
        let found = beside(&item.id, &writes, all.exclusive, &self.reserved).ok()?;
        Some(Candidate { item, conflicts: !found.is_empty() })
    }
}
