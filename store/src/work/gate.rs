//! Gates, as they are kept: one row each, none for a gate that is open.

use domain::text::Project;
use domain::work::{Gate, GateCommand, Gates, InFlight, Part, Rate};

use super::WorkError;
use super::plan::PlanRecord;
use crate::audit::{Fact, append};
use crate::{Row, Scope, StoreError, Tx, sql};

/// Every gate of the project that keeps something back.
pub async fn all(tx: &mut Tx<'_>, project: &Project) -> Result<Gates, StoreError> {
    let rows = tx.query_all(&sql::gate::LIST, &[project.into()]).await?;
    rows.iter().map(read).collect::<Result<_, _>>().map(Gates)
}

/// The same, and how many items are in flight where that is limited. Where claims are counted, no other transaction
/// gets any further than this until the end of this one.
pub(super) async fn for_claim(tx: &mut Tx<'_>, scope: &Scope) -> Result<(Gates, InFlight), StoreError> {
    let mut gates = all(tx, &scope.project).await?;
    if gates.count() {
        let rows = tx.query_all(&sql::gate::COUNT, &[(&scope.project).into()]).await?;
        gates = Gates(rows.iter().map(read).collect::<Result<_, _>>()?);
    }
    let in_flight = in_flight(tx, scope, &gates).await?;
    Ok((gates, in_flight))
}

/// How many items are in flight of each part whose gate has a limit.
pub async fn in_flight(tx: &mut Tx<'_>, scope: &Scope, gates: &Gates) -> Result<InFlight, StoreError> {
    let limited: Vec<&Part> = gates.0.iter().filter(|gate| gate.limit.is_some()).map(|gate| &gate.part).collect();
    let mut counts = InFlight::new();
    if limited.is_empty() {
        return Ok(counts);
    }
    for row in tx.query_all(&sql::gate::IN_FLIGHT, &[(&scope.project).into(), scope.now.into()]).await? {
        let plan: PlanRecord =
            serde_json::from_str(row.text(2)?).map_err(|e| StoreError::Broken(format!("work: {e}")))?;
        let plan = plan.plan()?;
        for part in limited.iter().filter(|part| part.has(&plan)) {
            *counts.entry((*part).clone()).or_default() += 1;
        }
    }
    Ok(counts)
}

/// Does to the gate before `part` what `command` says; comes back with the gate as it stands then.
pub async fn change(tx: &mut Tx<'_>, scope: &Scope, part: &Part, command: &GateCommand) -> Result<Gate, WorkError> {
    let (kind, name) = part.words();
    let key = [(&scope.project).into(), kind.into(), name.into()];
    let before = tx.query_opt(&sql::gate::FIND, &key).await?.as_ref().map(read).transpose()?;
    let before = before.unwrap_or_else(|| Gate::open(part.clone()));
    let after = before.after(command)?;
    if after.is_open() {
        tx.execute(&sql::gate::REMOVE, &key).await?;
    } else {
        save(tx, scope, &after).await?;
    }
    let (event, data) = match command {
        GateCommand::Pause(reason) => ("gate.paused", serde_json::json!({ "reason": reason })),
        GateCommand::Resume => ("gate.resumed", serde_json::json!({})),
        GateCommand::Limit(most) => ("gate.limited", serde_json::json!({ "limit": most })),
        GateCommand::Rate(most, per_ms) => ("gate.limited", serde_json::json!({ "limit": most, "per_ms": per_ms })),
    };
    let subject = format!("{kind} {name}");
    let fact = Fact { name: event, subject: subject.trim_end(), agent: None, fence: None, data: &data.to_string() };
    append(tx, scope, fact).await?;
    Ok(after)
}

async fn save(tx: &mut Tx<'_>, scope: &Scope, gate: &Gate) -> Result<(), StoreError> {
    let (kind, name) = gate.part.words();
    let values = [
        (&scope.project).into(),
        kind.into(),
        name.into(),
        gate.paused.as_ref().into(),
        gate.limit.into(),
        gate.rate.map(|rate| rate.most).into(),
        gate.rate.map(|rate| rate.per_ms).into(),
        gate.rate.map_or(0, |rate| rate.since.millis()).into(),
        gate.rate.map_or(0, |rate| rate.used).into(),
    ];
    tx.execute(&sql::gate::SAVE, &values).await.map(drop)
}

/// Writes down what a claim has used up.
pub(super) async fn spend(tx: &mut Tx<'_>, scope: &Scope, gates: &[Gate]) -> Result<(), StoreError> {
    for gate in gates {
        let (kind, name) = gate.part.words();
        let Some(rate) = gate.rate else { continue };
        let values = [(&scope.project).into(), kind.into(), name.into(), rate.since.into(), rate.used.into()];
        tx.execute(&sql::gate::SPEND, &values).await?;
    }
    Ok(())
}

fn read(row: &Row) -> Result<Gate, StoreError> {
    let (kind, name) = (row.text(0)?, row.text(1)?);
    let part = Part::from_words(kind, name).ok_or_else(|| StoreError::Broken(format!("a gate: {kind} {name:?}")))?;
    let limit = row.int_or_null(3)?.and_then(|n| u32::try_from(n).ok());
    let rate = match (row.int_or_null(4)?, row.int_or_null(5)?) {
        (Some(most), Some(per_ms)) => Some(Rate {
            most: u32::try_from(most).unwrap_or(u32::MAX),
            per_ms,
            since: row.time(6)?,
            used: row.small(7)?,
        }),
        _ => None,
    };
    Ok(Gate { part, paused: row.text_or_null(2)?.map(str::to_owned), limit, rate })
}
