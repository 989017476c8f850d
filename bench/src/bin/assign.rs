//! Whether items go to those who should have them: the rule of `nexus advise assignments` against simpler ones.
//!
//! The scenes in `bench/data/assign.jsonl` were written and labelled by hand: agents, items, and for each item those who
//! would do well to have it; nobody where it should stay. All rules give to agents that are there and
//! have nothing; what is left over waits. Put scenes of your own into a file and name it.

use std::collections::{BTreeMap, BTreeSet};

use domain::advice::{Snapshot, Worker, assignments};
use domain::agent::presence::Presence;
use domain::agent::{Agent, Record};
use domain::flow::Flow;
use domain::id::WorkId;
use domain::text::Project;
use domain::time::Timestamp;
use domain::work::{Attempts, Draft, Fence, Lease, Plan, Priority, State, WorkItem};
use serde::Deserialize;

const SCENES: &str = include_str!("../../data/assign.jsonl");
const NOW: Timestamp = Timestamp::from_millis(1_000_000);

#[derive(Deserialize)]
struct Scene {
    about: String,
    agents: Vec<Desk>,
    items: Vec<Task>,
    good: BTreeMap<String, BTreeSet<String>>,
}

#[derive(Deserialize)]
struct Desk {
    name: String,
    can: BTreeSet<String>,
    #[serde(default)]
    has: u64,
    capacity: Option<u32>,
    #[serde(default)]
    gone: bool,
    #[serde(default)]
    stalled: bool,
}

#[derive(Deserialize)]
struct Task {
    name: String,
    needs: BTreeSet<String>,
    priority: Option<String>,
    holder: Option<String>,
}

/// Who gets what.
type Given = BTreeMap<String, String>;
/// A rule, with its name.
type Rule = (&'static str, fn(&Scene) -> Given);

const RULES: [Rule; 5] = [
    ("ours", ours),
    ("round robin", |scene| in_turn(scene, false)),
    ("round robin among those who can", |scene| in_turn(scene, true)),
    ("shortest queue", |scene| shortest(scene, false)),
    ("shortest queue among those who can", |scene| shortest(scene, true)),
];

fn main() {
    let mut args = std::env::args().skip(1);
    let file = args.next();
    if file.as_deref().is_some_and(|it| it.starts_with('-')) || args.next().is_some() {
        eprintln!("Gives items to agents.\n\n  FILE  scenes of your own, JSON lines: about, agents, items, good");
        std::process::exit(2);
    }
    let text =
        file.map_or_else(|| SCENES.to_owned(), |path| std::fs::read_to_string(path).expect("the file can be read"));
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    let scenes: Vec<Scene> =
        lines.map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"))).collect();
    let items: usize = scenes.iter().map(|scene| scene.good.len()).sum();
    println!("{} scenes with {items} labelled items\n", scenes.len());
    println!("{:<36} {:>6} {:>6} {:>9} {:>12}", "", "right", "wrong", "cannot", "whole scenes");
    let mut ours_wrong = Vec::new();
    for (name, rule) in RULES {
        let (mut right, mut cannot, mut whole) = (0, 0, 0);
        for scene in &scenes {
            let given = rule(scene);
            let fits = |(item, good): &(&String, &BTreeSet<String>)| match given.get(*item) {
                Some(to) => good.contains(to),
                None => good.is_empty(),
            };
            let hits = scene.good.iter().filter(fits).count();
            right += hits;
            whole += usize::from(hits == scene.good.len());
            cannot += given.iter().filter(|(item, to)| !able(scene, item, to)).count();
            if name == "ours" && hits < scene.good.len() {
                ours_wrong.push(format!("{}: {given:?}", scene.about));
            }
        }
        println!("{name:<36} {right:>6} {:>6} {cannot:>9} {whole:>12}", items - right);
    }
    println!("\nwhere ours is wrong:");
    ours_wrong.iter().for_each(|it| println!("  {it}"));
}

fn able(scene: &Scene, item: &str, to: &str) -> bool {
    let desk = scene.agents.iter().find(|desk| desk.name == to).expect("somebody of the scene");
    scene.items.iter().find(|it| it.name == item).is_some_and(|it| desk.can(it))
}

impl Desk {
    /// As for a claim: whoever has said nothing of what it can do may try.
    fn can(&self, item: &Task) -> bool {
        self.can.is_empty() || item.needs.is_subset(&self.can)
    }

    fn free(&self, given: &Given) -> bool {
        let has = self.has + given.values().filter(|to| **to == self.name).count() as u64;
        !self.gone && !self.stalled && has < self.capacity.map_or(1, |capacity| u64::from(capacity.min(1)))
    }
}

fn in_turn(scene: &Scene, skilled: bool) -> Given {
    let (mut given, mut turn) = (Given::new(), 0);
    for item in &scene.items {
        let order = (0..scene.agents.len()).map(|n| (turn + n) % scene.agents.len());
        let desk =
            order.map(|at| (at, &scene.agents[at])).find(|(_, it)| it.free(&given) && (!skilled || it.can(item)));
        if let Some((at, desk)) = desk {
            given.insert(item.name.clone(), desk.name.clone());
            turn = at + 1;
        }
    }
    given
}

fn shortest(scene: &Scene, skilled: bool) -> Given {
    let mut given = Given::new();
    for item in &scene.items {
        let fits = scene.agents.iter().filter(|it| it.free(&given) && (!skilled || it.can(item)));
        if let Some(desk) = fits.min_by_key(|it| it.has) {
            given.insert(item.name.clone(), desk.name.clone());
        }
    }
    given
}

fn ours(scene: &Scene) -> Given {
    let names: BTreeMap<WorkId, &str> =
        (1..).zip(&scene.items).map(|(n, it)| (WorkId::numbered(n), it.name.as_str())).collect();
    let mut items: Vec<WorkItem> = (1..).zip(&scene.items).map(|(n, it)| it.item(n)).collect();
    for (desk, at) in scene.agents.iter().zip(1..) {
        let held = |n: u64| {
            Task { name: String::new(), needs: BTreeSet::new(), priority: None, holder: Some(desk.name.clone()) }
                .item(at * 1_000 + n)
        };
        items.extend((0..desk.has).map(held));
    }
    let agents = scene.agents.iter().map(Desk::worker).collect();
    let whole = Snapshot { now: NOW, items, finished: Vec::new(), agents, kept: Vec::new(), flow: Flow::default() };
    let changes = assignments(&whole, 1).changes.into_iter();
    let known = changes.filter_map(|it| Some(((*names.get(&it.item)?).to_owned(), it.to.to_string())));
    known.collect()
}

impl Desk {
    fn worker(&self) -> Worker {
        let name = self.name.parse().expect("a name");
        let agent = Agent {
            capabilities: self.can.iter().map(|it| it.parse().expect("a capability")).collect(),
            capacity: self.capacity,
            ..Agent::unregistered(name, Project::default(), NOW)
        };
        let presence = match (self.gone, self.stalled) {
            (true, _) => Presence::Gone,
            (_, true) => Presence::Stalled,
            _ if self.has > 0 => Presence::Working,
            _ => Presence::Idle,
        };
        Worker { agent, presence, record: Record::default() }
    }
}

impl Task {
    fn item(&self, n: u64) -> WorkItem {
        let priority = self.priority.as_deref().map(|it| Priority::from_word(it).expect("a priority"));
        let draft = Draft {
            title: "t".to_owned(),
            capabilities: self.needs.iter().map(|it| it.parse().expect("a capability")).collect(),
            priority: priority.unwrap_or_default(),
            ..Draft::default()
        };
        let lease = |name: &String| Lease { holder: name.parse().expect("a name"), until: NOW };
        WorkItem {
            id: WorkId::numbered(n),
            project: Project::default(),
            plan: Plan::try_from(draft).expect("a plan"),
            state: self.holder.as_ref().map_or(State::Ready, |name| State::Leased(lease(name))),
            fence: Fence::new(1),
            attempts: Attempts { used: 0, max: 3 },
            open_dependencies: 0,
            rank: Timestamp::from_millis(i64::try_from(n).expect("a small number")),
            not_before: None,
            progress: None,
            result: None,
            feedback: None,
            added_at: NOW,
            changed_at: NOW,
        }
    }
}
