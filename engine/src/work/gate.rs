//! Gates: what keeps ready work back for a while, and how it is shown.

use domain::work::{Gate, GateCommand, InFlight, Part};
use serde::{Deserialize, Serialize};
use store::work as kept;

use crate::problem::Problem;
use crate::{Engine, Key};

/// The JSON object of a gate. Times are Unix milliseconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)] // The names say it; `docs/formats.md` has the whole table.
pub struct GateView {
    pub gate: String,
    pub name: String,
    pub paused: bool,
    pub reason: Option<String>,
    pub limit: Option<u32>,
    pub in_flight: Option<u32>,
    pub per_ms: Option<i64>,
    pub opens_at_ms: Option<i64>,
}

impl Engine {
    /// Does to the gate before `part` what `command` says.
    pub async fn change_gate(&self, part: Part, command: GateCommand, key: Option<Key>) -> Result<GateView, Problem> {
        self.keyed(key, async move |tx, scope| {
            let gate = kept::change_gate(tx, scope, &part, &command).await?;
            let gates = domain::work::Gates(vec![gate]);
            let in_flight = kept::in_flight(tx, scope, &gates).await?;
            Ok(view(&gates.0[0], &in_flight, scope.now))
        })
        .await
    }

    /// Every gate that keeps something back.
    pub async fn gates(&self) -> Result<Vec<GateView>, Problem> {
        let scope = self.scope();
        let read = self.store.read(async |tx| {
            let gates = kept::gates(tx, &scope.project).await?;
            let in_flight = kept::in_flight(tx, &scope, &gates).await?;
            Ok::<_, store::StoreError>((gates, in_flight))
        });
        let (gates, in_flight) = read.await?;
        Ok(gates.0.iter().map(|gate| view(gate, &in_flight, scope.now)).collect())
    }
}

fn view(gate: &Gate, in_flight: &InFlight, now: domain::time::Timestamp) -> GateView {
    let (kind, name) = gate.part.words();
    let opens_at = gate.rate.map(|rate| rate.opens_at(now)).filter(|at| *at > now);
    GateView {
        gate: kind.to_owned(),
        name: name.to_owned(),
        paused: gate.paused.is_some(),
        reason: gate.paused.clone().filter(|reason| !reason.is_empty()),
        limit: gate.limit.or(gate.rate.map(|rate| rate.most)),
        in_flight: gate.limit.map(|_| in_flight.get(&gate.part).copied().unwrap_or(0)),
        per_ms: gate.rate.map(|rate| rate.per_ms),
        opens_at_ms: opens_at.map(domain::time::Timestamp::millis),
    }
}
