//! Work: its table, its leases, its queue, its drafts, and the graph of what needs what.

mod critical;
mod draft;
mod explain;
mod gate;
mod graph;
mod handoff;
mod leases;
mod lock;
mod order;
mod random;
mod retry;
mod similar;
mod table;
mod writes;

use super::*;
use crate::id::{ChangeId, WorkId};
use crate::text::{AgentName, Project};
use crate::time::{Timestamp, Ttl};

const NOW: Timestamp = Timestamp::from_millis(1_000_000);

fn agent(name: &str) -> AgentName {
    name.parse().expect("a name")
}

fn held(by: &str, fence: i64) -> Held {
    Held { by: agent(by), fence: Fence::new(fence) }
}

fn ttl(ms: i64) -> Ttl {
    Ttl::from_millis(ms).expect("a time-to-live")
}

fn plan(draft: Draft) -> Plan {
    Plan::try_from(Draft { title: "t".into(), ..draft }).expect("a plan")
}

/// An item in `state` that was granted three times, the last time with one of three attempts used.
fn item(state: State) -> WorkItem {
    WorkItem {
        id: WorkId::numbered(1),
        project: Project::default(),
        plan: plan(Draft::default()),
        state,
        fence: Fence::new(3),
        attempts: Attempts { used: 1, max: 3 },
        open_dependencies: 0,
        rank: Timestamp::from_millis(0),
        not_before: None,
        progress: None,
        result: None,
        feedback: None,
        added_at: Timestamp::from_millis(0),
        changed_at: Timestamp::from_millis(0),
    }
}

/// Held by `ann` under fence 3 until just now.
fn leased() -> WorkItem {
    item(State::Leased(Lease { holder: agent("ann"), until: NOW }))
}

fn decided(item: &WorkItem, command: &Command) -> Result<WorkItem, Refusal> {
    decided_at(item, command, NOW)
}

fn decided_at(item: &WorkItem, command: &Command, now: Timestamp) -> Result<WorkItem, Refusal> {
    decide(item, command, HeadStart::default(), now).map(|event| apply(item, &event, now))
}

/// The item after `commands` one after another, all of them legal.
#[track_caller]
fn after(item: &WorkItem, commands: &[Command]) -> WorkItem {
    commands.iter().fold(item.clone(), |item, command| match decided(&item, command) {
        Ok(item) => item,
        Err(refusal) => panic!("{command:?}: {refusal}"),
    })
}

fn claim(by: &str) -> Command {
    Command::Claim { by: agent(by), ttl: ttl(5_000) }
}

fn release(by: &str, fence: i64) -> Command {
    Command::Release { held: held(by, fence), reason: None }
}

fn agent_receiver(name: &str) -> Receiver {
    Receiver::Agent { name: agent(name), ttl: ttl(5_000) }
}

fn hand_off(to: Receiver) -> Command {
    Command::HandOff { held: held("ann", 3), to }
}

fn fail(by: &str, fence: i64) -> Command {
    Command::Fail { held: held(by, fence), reason: "broken".into() }
}

fn submit(by: &str, fence: i64) -> Command {
    Command::Report { held: held(by, fence), change: Some(ChangeId::numbered(9)), result: None }
}

fn block(by: Option<Held>) -> Command {
    Command::Block { held: by, reason: "needs a key".into() }
}

fn cancel() -> Command {
    Command::Cancel { reason: None }
}

fn reject(fence: i64) -> Command {
    Command::Reject { fence: Fence::new(fence), reason: "conflict".into() }
}

fn land(fence: i64) -> Command {
    Command::Land { fence: Fence::new(fence), proof: Proof::Verified(ChangeId::numbered(9)) }
}
