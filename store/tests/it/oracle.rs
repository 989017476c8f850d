//! Random commands and clock steps: the store answers as the rules do, and keeps what the rules say (I1, I3, I4, I6).
//!
//! A failing case prints itself, shrunk, and the seed that finds it again.

use std::collections::{BTreeMap, BTreeSet};

use domain::agent::{Agent, Filter};
use domain::id::{ChangeId, WorkId};
use domain::text::Project;
use domain::time::Timestamp;
use domain::work::{
    Command, Draft, Fence, HeadStart, Held, Json, Percent, Priority, Proof, Receiver, Retry, State, WorkItem, decide,
};
use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use store::work::{self, WorkError, replay};
use store::{Mode, Scope, Store, StoreError, Tx, audit};

use crate::database::Database;
use crate::kit::{FIRST, everything, name, ttl, wait};
use crate::model::Model;
use crate::place::{open, url};

/// What a step does, in small numbers: which item, which agent, and so on.
#[derive(Clone, Debug)]
enum Step {
    Add {
        number: u64,
        wants: Wants,
        needs: Vec<usize>,
        delay_ms: Option<i64>,
        attempts_max: Option<u32>,
        retry_ms: Option<i64>,
    },
    Register {
        agent: usize,
        wants: Wants,
        capacity: Option<u32>,
    },
    Claim {
        item: usize,
        agent: usize,
        ttl_ms: i64,
    },
    Next {
        agent: usize,
        role: Option<u8>,
        team: Option<u8>,
        capabilities: Option<u8>,
        ttl_ms: i64,
    },
    NextMany {
        agents: Vec<usize>,
        role: Option<u8>,
        ttl_ms: i64,
    },
    RenewMany {
        items: Vec<usize>,
        ttl_ms: i64,
    },
    /// `fits`: to one of the items that allow it, when there is one.
    Do {
        item: usize,
        fits: bool,
        what: What,
        agent: Option<usize>,
        fence_back: i64,
    },
    Tend,
    Clock {
        step_ms: i64,
    },
}

/// Role, team, capabilities and priority, of an item or of an agent.
#[derive(Clone, Debug)]
struct Wants {
    role: Option<u8>,
    team: Option<u8>,
    capabilities: u8,
    priority: usize,
}

#[derive(Clone, Debug)]
enum What {
    Promote,
    Renew(i64),
    Progress(u8, bool),
    KeepResult,
    Report { change: bool, result: bool },
    Fail,
    Release(bool),
    HandOff { to: usize },
    Offer(u8),
    Lapse,
    Block,
    BlockHeld,
    Unblock,
    Cancel(bool),
    Requeue,
    Land { verified: bool },
    Reject,
    Resubmit,
    Revert,
}

fn wants() -> impl Strategy<Value = Wants> {
    let maybe = || prop_oneof![2 => Just(None), 1 => (0..2u8).prop_map(Some)];
    (maybe(), maybe(), prop_oneof![3 => Just(0), 1 => 0..8u8], 0..4usize)
        .prop_map(|(role, team, capabilities, priority)| Wants { role, team, capabilities, priority })
}

fn what() -> impl Strategy<Value = What> {
    prop_oneof![
        1 => Just(What::Promote),
        2 => (1_000..9_000i64).prop_map(What::Renew),
        2 => (0..=100u8, any::<bool>()).prop_map(|(n, note)| What::Progress(n, note)),
        1 => Just(What::KeepResult),
        6 => any::<(bool, bool)>().prop_map(|(change, result)| What::Report { change, result }),
        2 => Just(What::Fail),
        2 => any::<bool>().prop_map(What::Release),
        2 => (0..4usize).prop_map(|to| What::HandOff { to }),
        2 => (0..2u8).prop_map(What::Offer),
        1 => Just(What::Lapse),
        1 => Just(What::Block),
        1 => Just(What::BlockHeld),
        2 => Just(What::Unblock),
        1 => any::<bool>().prop_map(What::Cancel),
        1 => Just(What::Requeue),
        3 => any::<bool>().prop_map(|verified| What::Land { verified }),
        2 => Just(What::Reject),
        1 => Just(What::Resubmit),
        2 => Just(What::Revert),
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let maybe = || prop_oneof![3 => Just(None), 1 => (0..2u8).prop_map(Some)];
    let (item, agent) = (0..12usize, 0..4usize);
    let ttl_ms = 1_000..6_000i64;
    prop_oneof![
        6 => (0..10u64, wants(), prop::collection::vec(item.clone(), 0..3), prop::option::of(-2_000..8_000i64),
                prop::option::of(1..4u32), prop::option::weighted(0.3, 0..3_000i64))
            .prop_map(|(number, wants, needs, delay_ms, attempts_max, retry_ms)|
                Step::Add { number, wants, needs, delay_ms, attempts_max, retry_ms }),
        1 => (agent.clone(), wants(), prop::option::of(1..3u32))
            .prop_map(|(agent, wants, capacity)| Step::Register { agent, wants, capacity }),
        3 => (item.clone(), agent.clone(), ttl_ms.clone())
            .prop_map(|(item, agent, ttl_ms)| Step::Claim { item, agent, ttl_ms }),
        6 => (agent.clone(), maybe(), maybe(), prop::option::of(0..8u8), ttl_ms)
            .prop_map(|(agent, role, team, capabilities, ttl_ms)|
                Step::Next { agent, role, team, capabilities, ttl_ms }),
        2 => (prop::collection::vec(agent.clone(), 2..6), maybe(), 1_000..6_000i64)
            .prop_map(|(agents, role, ttl_ms)| Step::NextMany { agents, role, ttl_ms }),
        1 => (prop::collection::vec(item.clone(), 2..6), 1_000..6_000i64)
            .prop_map(|(items, ttl_ms)| Step::RenewMany { items, ttl_ms }),
        18 => (item, prop::bool::weighted(0.8), what(), prop_oneof![6 => Just(None), 1 => agent.prop_map(Some)],
                prop_oneof![8 => Just(0), 1 => -1..3i64])
            .prop_map(|(item, fits, what, agent, fence_back)| Step::Do { item, fits, what, agent, fence_back }),
        1 => Just(Step::Tend),
        // Clocks go back, too.
        4 => prop_oneof![8 => 0..4_000i64, 1 => -3_000..0i64].prop_map(|step_ms| Step::Clock { step_ms }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]
    #[test]
    fn the_store_answers_and_keeps_what_the_rules_say(
        steps in prop::collection::vec((0..4usize, step()), 1..100)
    ) {
        Both::over(Store::in_memory().expect("a store in memory")).go_through(&steps)?;
    }
}

/// The same sequences on PostgreSQL, and so, by way of the rules, the same answers on both (I11).
#[test]
fn postgres_answers_and_keeps_what_the_rules_say() {
    let database = Database::new();
    drop(Store::create_database(&url(&database), Mode::Direct).expect("the tables can be made"));
    let cases = if std::env::var_os("NEXUS_TEST_FULL").is_some() { 128 } else { 24 };
    let config = ProptestConfig { cases, source_file: Some(file!()), ..ProptestConfig::default() };
    let steps = prop::collection::vec((0..4usize, step()), 1..60);
    let told = TestRunner::new(config).run(&steps, |steps| {
        database.clear();
        Both::over(open(&database, Mode::Direct)).go_through(&steps)
    });
    told.unwrap_or_else(|error| panic!("{error}"));
}

/// The store and the model, side by side.
struct Both {
    store: Store,
    models: BTreeMap<Project, Model>,
    projects: [Project; 2],
    now_ms: i64,
}

impl Both {
    fn over(store: Store) -> Self {
        let projects = ["one", "two"].map(|name| name.parse::<Project>().expect("a project"));
        Self {
            store,
            models: projects.iter().map(|project| (project.clone(), Model::default())).collect(),
            projects,
            now_ms: 1_000_000_000,
        }
    }

    fn go_through(mut self, steps: &[(usize, Step)]) -> Result<(), TestCaseError> {
        for (project, step) in steps {
            // Most of what happens is in one of the two projects, so that items get on in life.
            self.take(usize::from(*project == 0), step)?;
            self.compare()?;
        }
        self.replay()
    }

    fn scope(&self, project: usize) -> Scope {
        Scope {
            project: self.projects[project].clone(),
            now: Timestamp::from_millis(self.now_ms),
            // Short, so that the clock steps change who is first.
            head_start: HeadStart { critical_ms: 4_000, high_ms: 2_000, medium_ms: 1_000 },
        }
    }

    fn take(&mut self, project: usize, step: &Step) -> Result<(), TestCaseError> {
        let scope = self.scope(project);
        match step {
            Step::Clock { step_ms } => {
                self.now_ms += step_ms;
                Ok(())
            }
            Step::Register { agent, wants, capacity } => {
                let agent = registered(&scope, *agent, wants, *capacity);
                self.model(&scope).register(&agent);
                let verb = async move |tx: &mut Tx<'_>| store::agent::register(tx, &scope, &agent).await;
                wait(self.store.write(verb)).expect("an agent can be registered");
                Ok(())
            }
            Step::Add { number, wants, needs, delay_ms, attempts_max, retry_ms } => {
                let draft = Draft {
                    depends_on: needs.iter().map(|needed| self.needed(&scope, *needed)).collect(),
                    not_before: delay_ms.map(|ms| scope.now.plus_millis(ms)),
                    attempts_max: *attempts_max,
                    retry: retry_ms.map(|delay_ms| Retry { delay_ms, cap_ms: 5_000 }),
                    ..asked(wants)
                };
                let number = FIRST + number;
                let expected = self.model(&scope).write(|model| model.add(&scope, draft.clone(), number));
                self.same(&expected, async move |tx: &mut Tx<'_>| work::add(tx, &scope, draft, number, "").await)
            }
            Step::Claim { item, agent, ttl_ms } => {
                let (id, by, ttl) = (id_of(*item), agent_name(*agent), ttl(*ttl_ms));
                let expected = self.model(&scope).write(|model| model.claim(&scope, &id, &by, ttl));
                self.same(&expected, async move |tx: &mut Tx<'_>| work::claim(tx, &scope, &id, &by, ttl).await)
            }
            Step::Next { agent, role, team, capabilities, ttl_ms } => {
                let filter = Filter {
                    role: role.map(|n| format!("role {n}").parse().expect("a role")),
                    team: team.map(|n| format!("team {n}").parse().expect("a team")),
                    capabilities: capabilities.map(able),
                };
                let (by, ttl) = (agent_name(*agent), ttl(*ttl_ms));
                let expected = self.model(&scope).write(|model| model.claim_next(&scope, &filter, &by, ttl));
                let verb = async move |tx: &mut Tx<'_>| work::claim_next(tx, &scope, &filter, &by, ttl).await;
                self.same(&expected, verb)
            }
            Step::NextMany { agents, role, ttl_ms } => {
                let role = role.map(|n| format!("role {n}").parse().expect("a role"));
                let (filter, ttl) = (Filter { role, ..Filter::default() }, ttl(*ttl_ms));
                let claims = agents.iter().map(|agent| work::Next {
                    scope: scope.clone(),
                    filter: filter.clone(),
                    by: agent_name(*agent),
                    ttl,
                });
                let claims: Vec<work::Next> = claims.collect();
                let model = self.model(&scope);
                let expected: Vec<_> = claims
                    .iter()
                    .map(|it| model.write(|model| model.claim_next(&scope, &it.filter, &it.by, it.ttl)))
                    .collect();
                self.same(&Ok(expected), async move |tx: &mut Tx<'_>| {
                    let taken = work::claim_next_many(tx, &claims).await?;
                    Ok(taken.into_iter().map(|it| it.map(|found| found.map(|added| added.item))).collect())
                })
            }
            Step::RenewMany { items, ttl_ms } => {
                let known = &self.models[&scope.project].items;
                let acts = items.iter().map(|item| {
                    let id = id_of(*item);
                    let command = command(&What::Renew(*ttl_ms), known.get(&id), None, 0);
                    work::Act { scope: scope.clone(), id, command }
                });
                let acts: Vec<work::Act> = acts.collect();
                let model = self.model(&scope);
                let expected: Vec<_> =
                    acts.iter().map(|it| model.write(|model| model.carry_out(&scope, &it.id, &it.command))).collect();
                self.same(&Ok(expected), async move |tx: &mut Tx<'_>| {
                    let done = work::carry_out_many(tx, &acts).await?;
                    Ok(done.into_iter().map(|it| it.map(|added| added.item)).collect())
                })
            }
            Step::Do { item, fits, what, agent, fence_back } => {
                let of = |item: &WorkItem| command(what, Some(item), *agent, *fence_back);
                let allowed = |item: &&WorkItem| decide(item, &of(item), scope.head_start, scope.now).is_ok();
                let items = &self.models[&scope.project].items;
                let fitting: Vec<&WorkItem> = items.values().filter(|item| *fits && allowed(item)).collect();
                let id = match fitting.len() {
                    0 => id_of(*item),
                    some => fitting[item % some].id.clone(),
                };
                let command = command(what, items.get(&id), *agent, *fence_back);
                let expected = self.model(&scope).write(|model| model.carry_out(&scope, &id, &command));
                self.same(&expected, async move |tx: &mut Tx<'_>| work::carry_out(tx, &scope, &id, &command).await)
            }
            Step::Tend => {
                let expected = Ok(self.model(&scope).tend(&scope));
                self.same(&expected, async move |tx: &mut Tx<'_>| work::tend(tx, &scope).await)
            }
        }
    }

    fn model(&mut self, scope: &Scope) -> &mut Model {
        self.models.get_mut(&scope.project).expect("both projects have a model")
    }

    /// An item to depend on: one that is there, but for a few.
    fn needed(&self, scope: &Scope, needed: usize) -> WorkId {
        let items = &self.models[&scope.project].items;
        let there = if needed == 11 { None } else { items.keys().nth(needed % items.len().max(1)) };
        there.cloned().unwrap_or_else(|| id_of(needed))
    }

    /// Asks the store what the model has answered already.
    fn same<T, V>(&self, expected: &Result<T, WorkError>, verb: V) -> Result<(), TestCaseError>
    where
        T: std::fmt::Debug + Send + 'static,
        V: AsyncFnOnce(&mut Tx<'_>) -> Result<T, WorkError> + Clone + Send + 'static,
    {
        let found = wait(self.store.write(verb));
        prop_assert_eq!(format!("{found:?}"), format!("{expected:?}"));
        Ok(())
    }

    /// Compares everything that the store holds with the models.
    fn compare(&self) -> Result<(), TestCaseError> {
        for (project, model) in &self.models {
            let reading = async |tx: &mut Tx<'_>| {
                let all = work::list(tx, project, None, &everything()).await?;
                let ready = work::list(tx, project, Some("ready"), &everything()).await?;
                let agents = store::agent::list(tx, project, "", 100).await?;
                let counts = work::counts(tx, project).await?;
                Ok::<_, StoreError>((all, ready, agents, counts, work::next_due(tx, project).await?))
            };
            let (all, ready, agents, counts, due) = wait(self.store.read(reading)).expect("it can be read");
            let items = |found: Vec<work::Added>| found.into_iter().map(|f| f.item).collect::<Vec<_>>();
            prop_assert_eq!(items(all), model.items.values().cloned().collect::<Vec<_>>());
            prop_assert_eq!(items(ready), model.in_state("ready"));
            prop_assert_eq!(agents, model.agents());
            prop_assert_eq!(due, model.next_due());
            for (word, count) in counts {
                prop_assert_eq!(count, model.in_state(word).len() as u64, "{}", word);
            }
        }
        Ok(())
    }

    /// The log of each item tells its row, in order, and no two grants have the same fence.
    fn replay(&self) -> Result<(), TestCaseError> {
        for (project, model) in &self.models {
            let reading = async |tx: &mut Tx<'_>| audit::after(tx, project, 0, 1_000_000).await;
            let whole = wait(self.store.read::<_, StoreError, _>(reading)).expect("the log can be read");
            prop_assert!(whole.is_sorted_by(|a, b| a.seq < b.seq), "numbers rise");
            let subjects: BTreeSet<&str> =
                whole.iter().filter(|e| e.name.starts_with("work.")).map(|e| e.subject.as_str()).collect();
            prop_assert_eq!(subjects, model.items.keys().map(WorkId::as_str).collect::<BTreeSet<_>>());
            for item in model.items.values() {
                let reading = async |tx: &mut Tx<'_>| audit::of(tx, project, item.id.as_str(), 0, 1_000_000).await;
                let log = wait(self.store.read::<_, StoreError, _>(reading)).expect("the log can be read");
                let told = replay(&log, project).expect("it can be replayed");
                prop_assert_eq!(told.as_ref(), Some(item));
                let grants: Vec<_> = log.iter().filter(|e| e.name == "work.claimed").map(|e| e.fence).collect();
                prop_assert!(grants.is_sorted_by(|a, b| a < b), "fences rise: {:?}", grants);
            }
        }
        Ok(())
    }
}

fn id_of(item: usize) -> WorkId {
    WorkId::numbered(FIRST + item as u64)
}

fn agent_name(agent: usize) -> domain::text::AgentName {
    name(&format!("agent {agent}"))
}

fn able(bits: u8) -> BTreeSet<domain::text::Capability> {
    (0..3).filter(|n| bits & (1 << n) != 0).map(|n| format!("can {n}").parse().expect("a capability")).collect()
}

fn asked(wants: &Wants) -> Draft {
    Draft {
        title: "Ünï \"quoted\"\nsecond line".to_owned(),
        priority: Priority::ALL[wants.priority],
        role: wants.role.map(|n| format!("role {n}").parse().expect("a role")),
        team: wants.team.map(|n| format!("team {n}").parse().expect("a team")),
        capabilities: able(wants.capabilities),
        ..Draft::default()
    }
}

fn registered(scope: &Scope, agent: usize, wants: &Wants, capacity: Option<u32>) -> Agent {
    let Draft { role, team, capabilities, .. } = asked(wants);
    let new = Agent::unregistered(agent_name(agent), scope.project.clone(), scope.now);
    Agent { role, team, capabilities, capacity, ..new }
}

/// `what`, from the item's holder under its fence unless it says otherwise.
fn command(what: &What, item: Option<&WorkItem>, agent: Option<usize>, fence_back: i64) -> Command {
    let holder = match item.map(|item| &item.state) {
        Some(State::Leased(lease)) => lease.holder.clone(),
        _ => agent_name(0),
    };
    let fence = Fence::new(item.map_or(0, |item| item.fence.number()) - fence_back);
    let held = Held { by: agent.map_or(holder, agent_name), fence };
    let change = ChangeId::numbered(FIRST);
    let text = |there: bool| there.then(|| "said \"so\"\n".to_owned());
    let json = || Json("{\"a\": [1, null]}".to_owned());
    match what {
        What::Promote => Command::Promote,
        What::Renew(ms) => Command::Renew { held, ttl: ttl(*ms) },
        What::Progress(n, note) => {
            Command::Progress { held, percent: Percent::new(*n).expect("a percentage"), note: text(*note) }
        }
        What::KeepResult => Command::KeepResult { held, result: json() },
        What::Report { change: with, result } => {
            Command::Report { held, change: with.then_some(change), result: result.then(json) }
        }
        What::Fail => Command::Fail { held, reason: "could not".to_owned() },
        What::Release(why) => Command::Release { held, reason: text(*why) },
        What::HandOff { to } => {
            Command::HandOff { held, to: Receiver::Agent { name: agent_name(*to), ttl: ttl(3_000) } }
        }
        What::Offer(role) => {
            Command::HandOff { held, to: Receiver::Role(format!("role {role}").parse().expect("a role")) }
        }
        What::Lapse => Command::Lapse,
        What::Block => Command::Block { held: None, reason: "waits for a key".to_owned() },
        What::BlockHeld => Command::Block { held: Some(held), reason: String::new() },
        What::Unblock => Command::Unblock,
        What::Cancel(why) => Command::Cancel { reason: text(*why) },
        What::Requeue => Command::Requeue,
        What::Land { verified } => {
            let proof = if *verified { Proof::Verified(change) } else { Proof::Observed(change) };
            Command::Land { fence, proof }
        }
        What::Reject => Command::Reject { fence, reason: "does not build".to_owned() },
        What::Resubmit => Command::Resubmit { change },
        What::Revert => Command::Revert { reason: "it broke the build".to_owned() },
    }
}
