//! What a race showed, as a row of a table or as JSON.

use domain::audit::Judgement;
use serde_json::{Value, json};

use super::adapter::Adapter;
use super::loss::{Listed, Told, lost};

/// How many violations and losses are told in words.
const TOLD_MAX: usize = 5;

/// What the judge and the list say of one race.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The tool.
    pub name: String,
    /// Where chance began.
    pub seed: u64,
    /// Items whose addition, and whose completion, was acknowledged.
    pub added: usize,
    /// Items whose completion was acknowledged.
    pub completed: usize,
    /// Calls that were answered per second while nothing was done to the processes.
    pub per_second: f64,
    /// Processes that were killed.
    pub kills: u64,
    /// Processes that were stopped and continued.
    pub pauses: u64,
    /// How often a caller stayed away from what it held for longer than a lease.
    pub away: u64,
    /// What was acknowledged and is not in the list, or why there is no list.
    pub lost: Vec<String>,
    /// What the judge of histories found.
    pub judgement: Judgement,
}

impl Outcome {
    pub(super) fn new(
        adapter: &Adapter,
        seed: u64,
        per_second: f64,
        told: &Told,
        listed: Result<Vec<Listed>, String>,
        judgement: Judgement,
    ) -> Self {
        Self {
            name: adapter.name.clone(),
            seed,
            added: told.added.len(),
            completed: told.completed.len(),
            per_second,
            kills: told.kills,
            pauses: told.pauses,
            away: told.away,
            lost: listed.map_or_else(|why| vec![why], |listed| lost(told, &listed)),
            judgement,
        }
    }

    /// Whether a correct queue can have done all this, and lost nothing.
    pub fn sound(&self) -> bool {
        self.judgement.sound() && self.lost.is_empty()
    }

    /// Everything, with the violations in words.
    pub fn json(&self) -> Value {
        let violations = self.judgement.violations.iter();
        let violations: Vec<_> = violations.map(|v| json!({ "rule": v.rule.word(), "text": v.text })).collect();
        json!({
            "adapter": self.name, "seed": self.seed, "sound": self.sound(), "added": self.added,
            "claimed": self.judgement.grants, "completed": self.completed,
            "double_grants": self.judgement.double_grants, "lost": self.lost,
            "stale_effects": self.judgement.stale_effects,
            "stale_effects_refused": self.judgement.stale_effects_refused, "unknown": self.judgement.unknown,
            "violations": violations, "per_second": self.per_second.round(), "kills": self.kills,
            "pauses": self.pauses, "away": self.away,
        })
    }

    fn row(&self) -> String {
        format!(
            "{:<16} {:>6} {:>8} {:>10} {:>7} {:>5} {:>6} {:>8} {:>6} {:>7} {:>6} {:>6}  {:<8} {}",
            self.name,
            self.added,
            self.judgement.grants,
            self.completed,
            self.judgement.double_grants,
            self.lost.len(),
            self.judgement.stale_effects,
            self.judgement.stale_effects_refused,
            self.kills,
            self.pauses,
            self.away,
            self.per_second.round(),
            if self.sound() { "sound" } else { "UNSOUND" },
            self.seed,
        )
    }
}

/// All of `outcomes` as people read them.
pub fn table(outcomes: &[Outcome]) -> String {
    let mut text = format!(
        "{:<16} {:>6} {:>8} {:>10} {:>7} {:>5} {:>6} {:>8} {:>6} {:>7} {:>6} {:>6}  {:<8} seed\n",
        "",
        "added",
        "claimed",
        "completed",
        "doubled",
        "lost",
        "stale",
        "refused",
        "kills",
        "pauses",
        "away",
        "ops/s",
        ""
    );
    for outcome in outcomes {
        text.push_str(&outcome.row());
        text.push('\n');
    }
    for outcome in outcomes.iter().filter(|outcome| !outcome.sound()) {
        let violations = outcome.judgement.violations.iter().map(|v| format!("{}: {}", v.rule.word(), v.text));
        let all: Vec<String> = violations.chain(outcome.lost.iter().map(|what| format!("lost: {what}"))).collect();
        text.push_str(&format!("\n{}:\n", outcome.name));
        all.iter().take(TOLD_MAX).for_each(|what| text.push_str(&format!("  {what}\n")));
        if all.len() > TOLD_MAX {
            text.push_str(&format!("  and {} more\n", all.len() - TOLD_MAX));
        }
    }
    text
}
