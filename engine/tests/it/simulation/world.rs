//! The world of one seed: machines, agents, a network that loses, repeats and reorders, and clocks that step.

use std::collections::BTreeSet;
use std::sync::Arc;

use domain::id::{ChangeId, WorkId};
use domain::text::{AgentName, Project, Role};
use domain::time::{Timestamp, Ttl};
use domain::work::{Command, Draft, Fence, Priority, Proof, Retry};
use engine::{Clock as _, ManualClock, wait};
use fastrand::Rng;
use store::audit;
use store::rig::{Ending, Rig};
use store::{StoreError, Tx, work};

use super::agent::{Agent, role};
use super::ask::{Answer, Ask, Call};
use super::judge::{Judge, Verdict};
use super::node::Node;

const EPOCH_MS: i64 = 1_800_000_000_000;

/// Something on its way.
enum Packet {
    Request(Call),
    Reply(Call, Box<Answer>),
}

/// What happened so far, for whoever wants to know that something did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub steps: u64,
    pub events: u64,
    pub rounds: u64,
    pub crashes: u64,
    pub lost: u64,
    pub repeated: u64,
    pub clock_steps: u64,
    pub agents: u64,
}

impl Tally {
    /// Adds what happened elsewhere.
    pub fn add(&mut self, other: &Self) {
        self.steps += other.steps;
        self.events += other.events;
        self.rounds += other.rounds;
        self.crashes += other.crashes;
        self.lost += other.lost;
        self.repeated += other.repeated;
        self.clock_steps += other.clock_steps;
        self.agents += other.agents;
    }
}

/// The world.
pub struct World {
    rng: Rng,
    rig: Rig,
    nodes: Vec<Node>,
    agents: Vec<Agent>,
    names: Vec<AgentName>,
    network: Vec<Packet>,
    now_ms: i64,
    calls: u64,
    judge: Judge,
    pub tally: Tally,
}

impl World {
    /// A world as `seed` has it.
    pub fn new(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let rig = Rig::new().expect("memory for a store");
        let nodes: Vec<Node> =
            (0..rng.usize(1..4)).map(|_| Node::start(&rig, Arc::new(ManualClock::at(EPOCH_MS)))).collect();
        // Few agents meet often, many make a crowd.
        let most = if rng.bool() { 8 } else { 400 };
        let agents: Vec<Agent> = (0..rng.usize(2..most)).map(Agent::new).collect();
        let names = agents.iter().map(|it| it.name.clone()).collect();
        let tally = Tally { agents: agents.len() as u64, ..Tally::default() };
        let (network, judge) = (Vec::new(), Judge::default());
        Self { rng, rig, nodes, agents, names, network, now_ms: EPOCH_MS, calls: 0, judge, tally }
    }

    /// One thing happens, whichever it is.
    pub fn step(&mut self) -> Verdict {
        self.tally.steps += 1;
        match self.rng.u8(0..100) {
            0..40 if !self.network.is_empty() => return self.deliver(),
            40..60 => return self.round(),
            84..94 => self.operator(),
            94..98 => self.pass(0..4_000),
            98 => self.call(None, Ask::Tend, false),
            99 => self.mishap(),
            _ => self.agent(),
        }
        Ok(())
    }

    /// Time goes by, for everybody.
    fn pass(&mut self, ms: std::ops::Range<i64>) {
        let ms = self.rng.i64(ms);
        self.now_ms += ms;
        self.nodes.iter().for_each(|node| node.clock.turn(ms));
    }

    fn deliver(&mut self) -> Verdict {
        let at = self.rng.usize(0..self.network.len());
        let packet = self.network.swap_remove(at);
        if self.rng.u8(0..30) == 0 {
            self.tally.lost += 1;
            return Ok(());
        }
        match packet {
            Packet::Request(call) => {
                // What has a key may be asked twice.
                if call.key.is_some() && self.rng.u8(0..15) == 0 {
                    self.tally.repeated += 1;
                    self.network.push(Packet::Request(call.clone()));
                }
                let node = self.rng.usize(0..self.nodes.len());
                let answered = self.nodes[node].take(call);
                self.answered(answered)
            }
            Packet::Reply(call, answer) => {
                if let Some(agent) = call.from {
                    self.agents[agent].hears(&call, &answer);
                    self.passed_on(&call, &answer);
                }
                Ok(())
            }
        }
    }

    /// Whoever an item was passed on to learns of it.
    fn passed_on(&mut self, call: &Call, answer: &Answer) {
        if let (Ask::HandOff { .. }, Ok(Some(view))) = (&call.ask, answer)
            && let Some(to) = self.agents.iter_mut().find(|it| view.holder.as_deref() == Some(it.name.as_str()))
        {
            to.holds.push((view.id.parse().expect("an id"), Fence::new(view.fence)));
        }
    }

    fn round(&mut self) -> Verdict {
        let busy: Vec<usize> = (0..self.nodes.len()).filter(|at| self.nodes[*at].waits()).collect();
        let Some(&at) = self.rng.choice(&busy) else { return Ok(()) };
        let ending = match self.rng.u8(0..60) {
            0 => Ending::DiesBeforeCommit,
            1 => Ending::DiesAfterCommit,
            _ => Ending::Answered,
        };
        let most = self.rng.usize(1..12);
        self.tally.rounds += 1;
        self.tally.crashes += u64::from(ending != Ending::Answered);
        let answered = self.nodes[at].round(&self.rig, most, ending);
        self.look()?;
        self.answered(answered)
    }

    /// The judge sees what is new in the log, and the rows that it is about.
    fn look(&mut self) -> Verdict {
        let (project, seen) = (Project::default(), self.judge.seen());
        let reading = async |tx: &mut Tx<'_>| {
            let new = audit::after(tx, &project, seen, 100_000).await?;
            let about: BTreeSet<WorkId> = new.iter().filter_map(|it| it.subject.parse().ok()).collect();
            let scope = self.nodes[0].engine.scope();
            let mut rows = Vec::with_capacity(about.len());
            for id in about {
                rows.extend(work::find(tx, &scope, &id).await?.map(|found| found.item));
            }
            Ok::<_, StoreError>((new, rows))
        };
        let (new, rows) = wait(self.nodes[0].engine.store.read(reading)).map_err(|e| e.to_string())?;
        let agents = &self.agents;
        let role_of = |name: &str| -> Option<Role> {
            let n: usize = name.strip_prefix("agent-")?.parse().ok()?;
            agents.get(n)?.role.clone()
        };
        self.tally.events += new.len() as u64;
        new.iter().try_for_each(|entry| self.judge.event(entry, &role_of))?;
        rows.iter().try_for_each(|item| self.judge.row(item))
    }

    fn answered(&mut self, answered: Vec<(Call, Answer)>) -> Verdict {
        for (call, answer) in answered {
            self.judge.answer(&call, &answer)?;
            self.network.push(Packet::Reply(call, Box::new(answer)));
        }
        Ok(())
    }

    fn call(&mut self, from: Option<usize>, ask: Ask, keyed: bool) {
        self.calls += 1;
        let call = Call { number: self.calls, from, key: keyed.then(|| format!("key-{}", self.calls)), ask };
        if let Some(agent) = from {
            self.agents[agent].asked = Some(call.clone());
        }
        self.network.push(Packet::Request(call));
    }

    fn agent(&mut self) {
        let mut at = self.rng.usize(0..self.agents.len());
        for _ in 0..3 {
            // Most often somebody who has something to do.
            if self.agents[at].asked.is_some() || self.agents[at].holds.is_empty() {
                at = self.rng.usize(0..self.agents.len());
            }
        }
        if self.agents[at].asleep_until > self.now_ms {
            return;
        }
        if let Some(asked) = self.agents[at].asked.clone() {
            // It has waited long enough: it asks again, or goes on as if it had never asked.
            if asked.key.is_some() && self.rng.u8(0..4) > 0 {
                self.network.push(Packet::Request(asked));
            } else if self.rng.u8(0..3) == 0 {
                self.agents[at].asked = None;
            }
            return;
        }
        let known = self.some_items();
        let ask = self.agents[at].asks(&mut self.rng, &known, &self.names);
        let keyed = self.rng.u8(0..10) < 7;
        self.call(Some(at), ask, keyed);
    }

    fn some_items(&mut self) -> Vec<WorkId> {
        let skip = self.rng.usize(0..self.judge.items.len().max(1));
        self.judge.items.keys().skip(skip).take(3).cloned().collect()
    }

    /// People, and the landing queue.
    fn operator(&mut self) {
        let known = self.some_items();
        let id = match known.first() {
            Some(id) if self.rng.u8(0..10) < 4 => id.clone(),
            _ => {
                let draft = self.draft(&known);
                let keyed = self.rng.u8(0..4) > 0;
                self.call(None, Ask::Add(Box::new(draft)), keyed);
                return;
            }
        };
        let item = &self.judge.items[&id];
        let reason = "somebody said so".to_owned();
        let fence = Fence::new(item.fence);
        let change = ChangeId::numbered(1);
        let command = match (item.state, self.rng.u8(0..10)) {
            ("submitted", 0..6) => Command::Land { fence, proof: Proof::Verified(change) },
            ("submitted", _) => Command::Reject { fence, reason },
            ("done", 0) => Command::Revert { reason },
            ("dead", 0..5) => Command::Requeue,
            ("dead", 5) => Command::Resubmit { change },
            ("blocked", 0..7) => Command::Unblock,
            (_, 0..3) => Command::Cancel { reason: None },
            (_, 3..5) => Command::Block { held: None, reason },
            _ => Command::Promote,
        };
        let keyed = self.rng.bool();
        self.call(None, Ask::Act { id, command }, keyed);
    }

    fn draft(&mut self, known: &[WorkId]) -> Draft {
        let rng = &mut self.rng;
        let depends_on = if rng.u8(0..4) == 0 { known.iter().take(2).cloned().collect() } else { BTreeSet::new() };
        let delay = (rng.u8(0..6) == 0).then(|| Timestamp::from_millis(self.now_ms + rng.i64(0..60_000)));
        Draft {
            title: format!("item {}", self.calls),
            priority: Priority::ALL[rng.usize(0..4)],
            role: (rng.u8(0..3) == 0).then(|| role(rng.usize(1..3))),
            depends_on,
            not_before: delay,
            attempts_max: Some(rng.u32(1..5)),
            retry: (rng.u8(0..4) == 0).then_some(Retry { delay_ms: 500, cap_ms: 20_000 }),
            ..Draft::default()
        }
    }

    /// A pause longer than a lease, a crash that forgets, a clock that steps.
    fn mishap(&mut self) {
        let at = self.rng.usize(0..self.agents.len());
        match self.rng.u8(0..4) {
            0 => self.agents[at].asleep_until = self.now_ms + self.rng.i64(1_000..200_000),
            1 => {
                self.agents[at].holds.clear();
                self.agents[at].asked = None;
            }
            2 => self.pass(0..90_000),
            _ => {
                self.tally.clock_steps += 1;
                let node = self.rng.usize(0..self.nodes.len());
                let ms = self.rng.i64(-300_000..300_000);
                self.nodes[node].clock.turn(ms);
            }
        }
    }

    /// The storm is over: one machine, one agent that does whatever there is. Everything must come to an end.
    pub fn settle(&mut self) -> Verdict {
        let latest = self.nodes.iter().map(|it| it.clock.now().millis()).max().unwrap_or(EPOCH_MS);
        self.nodes = vec![Node::start(&self.rig, Arc::new(ManualClock::at(latest + 3_600_000)))];
        self.network.clear();
        let by: AgentName = "the last one".parse().expect("a name");
        let ttl = Ttl::from_millis(60_000).expect("a time-to-live");
        let mut idle = 0;
        while idle < 3 {
            let unfinished: Vec<(WorkId, &str, Fence)> =
                self.judge.items.iter().map(|(id, it)| (id.clone(), it.state, Fence::new(it.fence))).collect();
            for (id, state, fence) in unfinished {
                let command = match state {
                    "blocked" => Command::Unblock,
                    "submitted" => Command::Land { fence, proof: Proof::Verified(ChangeId::numbered(1)) },
                    _ => continue,
                };
                let _ = self.ask(Ask::Act { id, command })?;
            }
            idle += 1;
            let next = || Ask::Next { filter: domain::agent::Filter::default(), by: by.clone(), ttl };
            while let Ok(Some(view)) = self.ask(next())? {
                idle = 0;
                let held = domain::work::Held { by: by.clone(), fence: Fence::new(view.fence) };
                let command = Command::Report { held, change: None, result: None };
                let reported = self.ask(Ask::Act { id: view.id.parse().expect("an id"), command })?;
                reported.map_err(|problem| format!("I3: a holder could not report: {problem}"))?;
            }
            self.pass(60_000..60_001);
        }
        self.ended()
    }

    /// The answer to `ask`, from a machine that does nothing else.
    fn ask(&mut self, ask: Ask) -> Result<Answer, String> {
        self.call(None, ask, false);
        let Some(Packet::Request(call)) = self.network.pop() else { unreachable!("it was just sent") };
        let mut answered = self.nodes[0].take(call);
        while answered.is_empty() {
            answered = self.nodes[0].round(&self.rig, usize::MAX, Ending::Answered);
            self.look()?;
        }
        let (call, answer) = answered.remove(0);
        self.judge.answer(&call, &answer)?;
        Ok(answer)
    }

    fn ended(&self) -> Verdict {
        let items = &self.judge.items;
        for (id, item) in items {
            let waits = item.needs.iter().any(|needed| items[needed].state != "done");
            if !(["done", "dead", "cancelled"].contains(&item.state) || (item.state == "pending" && waits)) {
                return Err(format!("I3, I12: {id} never came to an end: {item:?}"));
            }
        }
        self.replayed()
    }

    /// The whole log tells every item as it stands.
    fn replayed(&self) -> Verdict {
        let engine = &self.nodes[0].engine;
        let (project, scope) = (Project::default(), engine.scope());
        for id in self.judge.items.keys() {
            let reading = async |tx: &mut Tx<'_>| {
                let log = audit::of(tx, &project, id.as_str(), 0, 100_000).await?;
                Ok::<_, StoreError>((work::replay(&log, &project)?, work::find(tx, &scope, id).await?))
            };
            let (told, found) = wait(engine.store.read(reading)).map_err(|e| e.to_string())?;
            if told != found.map(|it| it.item) {
                return Err(format!("I6: the log of {id} tells another item"));
            }
        }
        Ok(())
    }
}
