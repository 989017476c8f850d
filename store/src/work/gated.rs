//! Claims where there are gates: the same queue, with a look at every gate before an item is taken.

use domain::agent::{Agent, Filter};
use domain::text::AgentName;
use domain::time::Ttl;
use domain::work::{Command, Gates, InFlight, State, WorkItem};

use super::verbs::{self, Added, Lane, lane_values, lanes};
use super::{WorkError, gate, record};
use crate::{Scope, StoreError, Tx};

/// How many candidates are looked at in one go.
const PAGE: u32 = 128;

/// The gates of a project as one transaction goes through them.
pub struct Gated {
    gates: Gates,
    in_flight: InFlight,
}

impl Gated {
    /// The gates there are, or `None` when there are none: one look at a table that is empty then.
    pub async fn find(tx: &mut Tx<'_>, scope: &Scope) -> Result<Option<Self>, StoreError> {
        let (gates, in_flight) = gate::for_claim(tx, scope).await?;
        Ok((!gates.is_empty()).then_some(Self { gates, in_flight }))
    }

    /// Refuses `item` when a gate keeps it back.
    pub fn check(&self, scope: &Scope, item: &WorkItem) -> Result<(), WorkError> {
        Ok(self.gates.admits(&item.plan, &self.in_flight, scope.now).map_err(domain::work::Refusal::from)?)
    }

    /// Counts that `item` was taken.
    pub async fn taken(&mut self, tx: &mut Tx<'_>, scope: &Scope, item: &WorkItem) -> Result<(), StoreError> {
        let changed = self.gates.let_through(&item.plan, &mut self.in_flight, scope.now);
        gate::spend(tx, scope, &changed).await
    }

    /// Takes the ready item of lowest rank that fits and that no gate keeps back, or `None`.
    pub async fn next(
        &mut self,
        tx: &mut Tx<'_>,
        scope: &Scope,
        filter: &Filter,
        (agent, by, ttl): (&Agent, &AgentName, Ttl),
    ) -> Result<Option<WorkItem>, WorkError> {
        let Some(before) = self.first(tx, scope, filter).await? else { return Ok(None) };
        verbs::admit(tx, scope, agent).await?;
        let taken = verbs::change(tx, scope, &before, &Command::Claim { by: by.clone(), ttl }).await?;
        self.taken(tx, scope, &taken).await?;
        Ok(Some(taken))
    }

    async fn first(&self, tx: &mut Tx<'_>, scope: &Scope, filter: &Filter) -> Result<Option<WorkItem>, StoreError> {
        loop {
            let mut best: Option<WorkItem> = None;
            for lane in lanes(filter) {
                let found = self.first_in_lane(tx, scope, filter, &lane).await?;
                best = best.into_iter().chain(found).min_by(|a, b| (a.rank, &a.id).cmp(&(b.rank, &b.id)));
            }
            let Some(best) = best else { return Ok(None) };
            // Now for us alone; somebody may have been faster.
            match verbs::find(tx, scope, &best.id).await? {
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
    ) -> Result<Option<WorkItem>, StoreError> {
        let admitted = |item: &WorkItem| self.gates.admits(&item.plan, &self.in_flight, scope.now).is_ok();
        let mut after = verbs::START.clone();
        loop {
            let rows = tx.peek_all(lane.0, &lane_values(scope, lane, &after, PAGE)).await?;
            for row in &rows {
                let (item, _) = record::item(row)?;
                if filter.fits(&item.plan) && admitted(&item) {
                    return Ok(Some(item));
                }
                after = (item.rank.millis(), item.id.to_string());
            }
            if rows.len() < PAGE as usize {
                return Ok(None);
            }
        }
    }
}
