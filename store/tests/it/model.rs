//! What the store should say: the same verbs over plain maps, with `decide` and `apply` and nothing else.

use std::collections::BTreeMap;

use domain::agent::{Agent, Filter};
use domain::id::WorkId;
use domain::text::AgentName;
use domain::time::{Timestamp, Ttl};
use domain::work::{Command, Draft, Plan, Refusal, State, WorkItem, apply, decide};
use store::Scope;
use store::work::WorkError;

/// One project.
#[derive(Clone, Default)]
pub struct Model {
    pub items: BTreeMap<WorkId, WorkItem>,
    agents: BTreeMap<AgentName, Agent>,
}

impl Model {
    /// Does `verb`; what it changed is forgotten when it fails.
    pub fn write<T>(&mut self, verb: impl FnOnce(&mut Self) -> Result<T, WorkError>) -> Result<T, WorkError> {
        let before = self.clone();
        let answer = verb(self);
        if answer.is_err() {
            *self = before;
        }
        answer
    }

    pub fn register(&mut self, agent: &Agent) {
        // The first time that it was seen stays.
        let seen = self.agents.get(&agent.name).map_or(agent.registered_at, |known| known.registered_at);
        self.agents.insert(agent.name.clone(), Agent { registered_at: seen, ..agent.clone() });
    }

    pub fn agents(&self) -> Vec<Agent> {
        self.agents.values().cloned().collect()
    }

    pub fn add(&mut self, scope: &Scope, draft: Draft, mut number: u64) -> Result<WorkItem, WorkError> {
        let plan = Plan::try_from(draft)?;
        let mut open = 0;
        for needed in &plan.depends_on {
            let item = self.items.get(needed).ok_or_else(|| WorkError::UnknownDependency(needed.clone()))?;
            open += u32::from(!done(item));
        }
        while self.items.contains_key(&WorkId::numbered(number)) {
            number += 1;
        }
        let event = WorkItem::add(plan, open, scope.head_start, scope.now);
        let id = WorkId::numbered(number);
        let item = WorkItem::added(id, scope.project.clone(), &event, scope.now).expect("the event adds");
        self.items.insert(item.id.clone(), item.clone());
        Ok(item)
    }

    pub fn carry_out(&mut self, scope: &Scope, id: &WorkId, command: &Command) -> Result<WorkItem, WorkError> {
        let before = self.get(id)?;
        let after = self.step(scope, &before, command)?;
        let news = match (done(&before), done(&after)) {
            (false, true) => Command::DependencyDone,
            (true, false) => Command::DependencyReopened,
            _ => return Ok(after),
        };
        let waiting: Vec<WorkItem> =
            self.items.values().filter(|item| item.plan.depends_on.contains(id)).cloned().collect();
        for item in waiting {
            let item = self.step(scope, &item, &news)?;
            let _ = self.step(scope, &item, &Command::Promote);
        }
        Ok(after)
    }

    fn step(&mut self, scope: &Scope, item: &WorkItem, command: &Command) -> Result<WorkItem, Refusal> {
        let event = decide(item, command, scope.head_start, scope.now)?;
        let after = apply(item, &event, scope.now);
        self.items.insert(after.id.clone(), after.clone());
        Ok(after)
    }

    /// Whatever a clock can do is done, to as many items as there are.
    pub fn tend(&mut self, scope: &Scope) -> u32 {
        let all: Vec<WorkItem> = self.items.values().cloned().collect();
        let clock = |item: &WorkItem| match item.state {
            State::Leased(_) => Command::Lapse,
            _ => Command::Promote,
        };
        all.iter().map(|item| u32::from(self.step(scope, item, &clock(item)).is_ok())).sum()
    }

    pub fn claim(&mut self, scope: &Scope, id: &WorkId, by: &AgentName, ttl: Ttl) -> Result<WorkItem, WorkError> {
        self.tend(scope);
        let item = self.get(id)?;
        let command = Command::Claim { by: by.clone(), ttl };
        decide(&item, &command, scope.head_start, scope.now)?;
        self.admit(scope, by)?;
        Ok(self.step(scope, &item, &command)?)
    }

    pub fn claim_next(
        &mut self,
        scope: &Scope,
        filter: &Filter,
        by: &AgentName,
        ttl: Ttl,
    ) -> Result<Option<WorkItem>, WorkError> {
        self.tend(scope);
        let agent = self.meet(scope, by);
        let ready = self.items.values().filter(|item| item.state == State::Ready && fits(filter, &agent, item));
        let Some(best) = ready.min_by_key(|item| (item.rank, item.id.clone())).cloned() else { return Ok(None) };
        self.admit(scope, by)?;
        Ok(Some(self.step(scope, &best, &Command::Claim { by: by.clone(), ttl })?))
    }

    fn meet(&mut self, scope: &Scope, by: &AgentName) -> Agent {
        let new = || Agent::unregistered(by.clone(), scope.project.clone(), scope.now);
        self.agents.entry(by.clone()).or_insert_with(new).clone()
    }

    fn admit(&mut self, scope: &Scope, by: &AgentName) -> Result<(), Refusal> {
        let agent = self.meet(scope, by);
        let holds = |item: &&WorkItem| matches!(&item.state, State::Leased(lease) if lease.holder == *by);
        let held = u32::try_from(self.items.values().filter(holds).count()).expect("a small model");
        match agent.capacity {
            Some(capacity) if held >= capacity => Err(Refusal::Capacity { agent: by.clone(), held, capacity }),
            _ => Ok(()),
        }
    }

    fn get(&self, id: &WorkId) -> Result<WorkItem, WorkError> {
        self.items.get(id).cloned().ok_or_else(|| WorkError::Unknown(id.clone()))
    }

    /// When the next lease ends or delayed item comes due.
    pub fn next_due(&self) -> Option<Timestamp> {
        let due = |item: &WorkItem| match &item.state {
            State::Leased(lease) => Some(lease.until),
            State::Pending if item.open_dependencies == 0 => item.not_before,
            _ => None,
        };
        self.items.values().filter_map(due).min()
    }

    pub fn in_state(&self, word: &str) -> Vec<WorkItem> {
        self.items.values().filter(|item| item.state.word() == word).cloned().collect()
    }
}

fn done(item: &WorkItem) -> bool {
    matches!(item.state, State::Done(_))
}

/// Whether the item is for this agent, in words of its own.
fn fits(filter: &Filter, agent: &Agent, item: &WorkItem) -> bool {
    let role = filter.role.as_ref().or(agent.role.as_ref());
    let team = filter.team.as_ref().or(agent.team.as_ref());
    let can = match &filter.capabilities {
        Some(can) => Some(can),
        None if agent.capabilities.is_empty() => None,
        None => Some(&agent.capabilities),
    };
    let asked = &item.plan;
    (role.is_none() || asked.role.is_none() || role == asked.role.as_ref())
        && (team.is_none() || asked.team.is_none() || team == asked.team.as_ref())
        && can.is_none_or(|can| asked.capabilities.iter().all(|needed| can.contains(needed)))
}
