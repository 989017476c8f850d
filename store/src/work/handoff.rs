//! Passing an item on, with the document that the next one loads.

use domain::id::WorkId;
use domain::text::Project;
use domain::time::{Timestamp, Ttl};
use domain::work::{Bundle, Command, Fence, Handoff, Held, Percent, Progress, Receiver, State, WorkItem, check_hold};

use super::plan::PlanRecord;
use super::verbs::{admit, carry_out};
use super::{WorkError, find};
use crate::{Row, Scope, StoreError, Tx, agent, sql, workspace};

/// Passes `id` on from `held` to `to`, and keeps what is given along.
///
/// An agent that receives has to be known, at work, and below its capacity; a role has to have somebody, unless
/// `anyway`.
pub async fn hand_off(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: &WorkId,
    held: &Held,
    to: &Receiver,
    bundle: Bundle,
    anyway: bool,
) -> Result<WorkItem, WorkError> {
    bundle.check()?;
    let before = find(tx, scope, id).await?.ok_or_else(|| WorkError::Unknown(id.clone()))?.item;
    // A stale hold is answered before any question about the receiver.
    check_hold(&before, held)?;
    match to {
        Receiver::Agent { name, .. } => {
            let receiver = agent::find(tx, &scope.project, name).await?;
            let receiver = receiver.ok_or_else(|| WorkError::UnknownAgent(name.clone()))?;
            admit(tx, scope, &receiver).await?;
        }
        Receiver::Role(role) if !anyway && agent::with(tx, &scope.project, Some(role), None, 1).await?.is_empty() => {
            return Err(WorkError::NoAgentForRole(vec![role.clone()]));
        }
        Receiver::Role(_) => {}
    }
    let after = carry_out(tx, scope, id, &Command::HandOff { held: held.clone(), to: to.clone() }).await?;
    let workspace = workspace::of_grant(tx, &scope.project, id, held.fence).await?.map(|there| there.id);
    let handoff = Handoff {
        item: id.clone(),
        fence: held.fence,
        from: held.by.clone(),
        to: to.clone(),
        bundle,
        progress: before.progress,
        workspace,
        at: scope.now,
    };
    keep(tx, scope, &handoff).await?;
    Ok(after)
}

async fn keep(tx: &mut Tx<'_>, scope: &Scope, handoff: &Handoff) -> Result<(), StoreError> {
    let artifacts = serde_json::to_string(&handoff.bundle.artifacts).expect("text can be written as JSON");
    let (agent, role) = match &handoff.to {
        Receiver::Agent { name, .. } => (Some(name), None),
        Receiver::Role(role) => (None, Some(role)),
    };
    let progress = handoff.progress.as_ref();
    let values = [
        (&scope.project).into(),
        (&handoff.item).into(),
        handoff.fence.into(),
        (&handoff.from).into(),
        agent.into(),
        role.into(),
        (&artifacts).into(),
        (&handoff.bundle.context).into(),
        (&handoff.bundle.note).into(),
        progress.map(|p| i64::from(p.percent.number())).into(),
        progress.and_then(|p| p.note.as_ref()).into(),
        handoff.workspace.as_ref().into(),
        handoff.at.into(),
    ];
    tx.execute(&sql::work::INSERT_HANDOFF, &values).await?;
    Ok(())
}

/// The latest hand-off of `id`, or `None` when nobody ever passed it on.
pub async fn last_handoff(tx: &mut Tx<'_>, project: &Project, id: &WorkId) -> Result<Option<Handoff>, StoreError> {
    let row = tx.query_opt(&sql::work::LAST_HANDOFF, &[project.into(), id.into()]).await?;
    row.as_ref().map(read).transpose()
}

fn read(row: &Row) -> Result<Handoff, StoreError> {
    let broken = |what: &dyn std::fmt::Display| StoreError::Broken(format!("a hand-off: {what}"));
    let to = match row.parsed_or_null(4)? {
        Some(role) => Receiver::Role(role),
        // For how long it was given is in the log; here it is who has to read this.
        None => Receiver::Agent { name: row.parsed(3)?, ttl: Ttl::from_millis(Ttl::MIN_MS).expect("a time-to-live") },
    };
    let percent = |n: i64| u8::try_from(n).ok().and_then(Percent::new).ok_or_else(|| broken(&format!("{n} percent")));
    let progress = match row.int_or_null(8)? {
        Some(n) => Some(Progress { percent: percent(n)?, note: row.text_or_null(9)?.map(str::to_owned) }),
        None => None,
    };
    Ok(Handoff {
        item: row.parsed(0)?,
        fence: Fence::new(row.int(1)?),
        from: row.parsed(2)?,
        to,
        bundle: Bundle {
            artifacts: serde_json::from_str(row.text(5)?).map_err(|e| broken(&e))?,
            context: row.text(6)?.to_owned(),
            note: row.text(7)?.to_owned(),
        },
        progress,
        workspace: row.parsed_or_null(10)?,
        at: Timestamp::from_millis(row.int(11)?),
    })
}

/// Writes down for which role an item is from now on, when that has changed: in its row, by which claims find it, and
/// in its plan.
pub(super) async fn readdress(tx: &mut Tx<'_>, before: &WorkItem, after: &WorkItem) -> Result<(), StoreError> {
    if before.plan.role == after.plan.role {
        return Ok(());
    }
    debug_assert!(!matches!(after.state, State::Leased(_)), "only what nobody holds is offered to a role");
    let body = serde_json::to_string(&PlanRecord::of(&after.plan)).expect("a plan can be written as JSON");
    let role = after.plan.role.as_ref();
    tx.execute(&sql::work::SAVE_ROLE, &[(&after.project).into(), (&after.id).into(), role.into()]).await?;
    tx.execute(&sql::work::SAVE_PLAN, &[(&after.project).into(), (&after.id).into(), (&body).into()]).await?;
    Ok(())
}
