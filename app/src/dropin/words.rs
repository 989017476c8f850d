//! Every word that the older tool has or promised, once, with what it does here.

use engine::problem::{Kind, Problem};
use serde_json::{Value, json};

use crate::settings::nearest;

/// A word, with its other spellings.
#[derive(Debug)]
pub struct Word {
    /// The word, then its aliases.
    pub names: &'static [&'static str],
    /// What it does here.
    pub does: Does,
}

/// What a word does here.
#[derive(Clone, Copy, Debug)]
pub enum Does {
    /// What it always did.
    Own(Own),
    /// What this command of Nexus does, with the same arguments.
    Nexus(&'static [&'static str]),
    /// Nothing yet; perhaps Nexus can do it in other words.
    Later { instead: Option<&'static str> },
    /// Nothing, and this is why.
    Nothing { why: &'static str },
}

/// The words that keep their arguments and lines.
#[derive(Clone, Copy, Debug)]
pub enum Own {
    Claim,
    ClaimIntelligent,
    Progress,
    Complete,
    Register,
    Dashboard,
    Analyse(Topic),
    Intelligence,
    IntelligenceStream,
    Stream,
    Pipe,
    Enhanced,
    GenerateId,
    Help,
}

/// What is analysed.
#[derive(Clone, Copy, Debug)]
pub enum Topic {
    Priorities,
    Assignments,
    Health,
    Teams,
    Recommend,
    Performance,
    Distribution,
    Scaling,
    Rebalance,
}

const fn own(names: &'static [&'static str], own: Own) -> Word {
    Word { names, does: Does::Own(own) }
}

const fn nexus(names: &'static [&'static str], command: &'static [&'static str]) -> Word {
    Word { names, does: Does::Nexus(command) }
}

const fn later(names: &'static [&'static str]) -> Word {
    Word { names, does: Does::Later { instead: None } }
}

const fn other(names: &'static [&'static str], instead: &'static str) -> Word {
    Word { names, does: Does::Later { instead: Some(instead) } }
}

const fn nothing(names: &'static [&'static str], why: &'static str) -> Word {
    Word { names, does: Does::Nothing { why } }
}

/// All of them: what the older tool answered, then what it promised.
pub static ALL: &[Word] = &[
    own(&["claim"], Own::Claim),
    own(&["claim-intelligent", "claim-ai"], Own::ClaimIntelligent),
    own(&["progress"], Own::Progress),
    own(&["complete"], Own::Complete),
    own(&["register"], Own::Register),
    own(&["dashboard"], Own::Dashboard),
    own(&["generate-id"], Own::GenerateId),
    own(&["help"], Own::Help),
    // Ceremonies.
    later(&["pi-planning"]),
    later(&["scrum-of-scrums"]),
    later(&["innovation-planning", "ip"]),
    later(&["system-demo"]),
    later(&["inspect-adapt", "ia"]),
    later(&["art-sync"]),
    later(&["portfolio-kanban"]),
    later(&["coach-training"]),
    later(&["value-stream", "vsm"]),
    // Analysis.
    own(&["claude-analyze-priorities", "claude-priorities"], Own::Analyse(Topic::Priorities)),
    own(&["claude-optimize-assignments", "claude-optimize"], Own::Analyse(Topic::Assignments)),
    own(&["claude-health-analysis", "claude-health"], Own::Analyse(Topic::Health)),
    own(&["claude-team-analysis", "claude-team"], Own::Analyse(Topic::Teams)),
    own(&["claude-dashboard", "intelligence"], Own::Intelligence),
    own(&["claude-stream", "stream"], Own::Stream),
    own(&["claude-pipe", "pipe"], Own::Pipe),
    own(&["claude-enhanced", "enhanced"], Own::Enhanced),
    own(&["claude-suggest-teams", "claude-teams"], Own::Analyse(Topic::Teams)),
    own(&["claude-analyze-health"], Own::Analyse(Topic::Health)),
    own(&["claude-recommend-work", "claude-recommend"], Own::Analyse(Topic::Recommend)),
    own(&["claude-analyze-performance"], Own::Analyse(Topic::Performance)),
    own(&["claude-analyze-work-distribution"], Own::Analyse(Topic::Distribution)),
    own(&["claude-analyze-scaling"], Own::Analyse(Topic::Scaling)),
    own(&["claude-rebalance-recommendations"], Own::Analyse(Topic::Rebalance)),
    nothing(
        &["claude-resolve-conflicts"],
        "no two agents have the same item, and changes that meet in the same lines go back to be done again by themselves; \
         `nexus change list` shows them",
    ),
    other(&["claude-agent-input"], "nexus message send --to AGENT"),
    nothing(&["claude-synthesize-consensus"], "nobody here puts opinions of agents together; that takes a person"),
    own(&["claude-intelligence-stream"], Own::IntelligenceStream),
    // How things stand.
    other(&["demo"], "nexus demo"),
    nexus(&["status"], &["status"]),
    nexus(&["system-status"], &["status"]),
    later(&["health"]),
    nexus(&["health-check"], &["doctor"]),
    later(&["metrics"]),
    nexus(&["logs"], &["events"]),
    later(&["conflicts"]),
    later(&["reports"]),
    nexus(&["audit"], &["events"]),
    later(&["alerts"]),
    // Services.
    other(&["start"], "nexus up"),
    later(&["stop"]),
    later(&["restart"]),
    later(&["deploy"]),
    later(&["rollback"]),
    later(&["environment"]),
    nexus(&["config"], &["config", "show"]),
    other(&["backup"], "nexus store copy"),
    other(&["restore"], "nexus store copy"),
    later(&["cleanup_stale_work_items"]),
    later(&["webhook"]),
    later(&["api"]),
    later(&["sync"]),
    // Agents.
    nexus(&["list-agents"], &["agent", "list"]),
    other(
        &["register-agent", "register_agent"],
        "register AGENT TEAM CAPACITY SPECIALIZATION, or nexus agent register",
    ),
    nexus(&["remove-agent"], &["agent", "retire"]),
    nexus(&["agent-status"], &["agent", "show"]),
    later(&["agent-count"]),
    nexus(&["agent-performance"], &["agent", "show"]),
    later(&["agent-workload"]),
    later(&["agent-health"]),
    later(&["agent-scale"]),
    later(&["scale-agent"]),
    later(&["restart-agent"]),
    nexus(&["handle-agent-failure"], &["agent", "retire"]),
    other(&["notify-agent"], "nexus message send"),
    // Work.
    nexus(&["list-work"], &["work", "list"]),
    other(&["add-work"], "nexus work add"),
    other(&["create-work"], "nexus work add"),
    other(&["assign-work"], "nexus work assign"),
    other(&["reassign-work"], "nexus work reassign"),
    later(&["get-workload-metrics"]),
    nexus(&["rebalance-workload"], &["agent", "rebalance"]),
    // Teams.
    later(&["scale-team"]),
    later(&["cross-team-status"]),
    later(&["coordinate-shared-resource"]),
    later(&["sync-progress"]),
    // The loop.
    later(&["autonomous-enhancement"]),
];

impl Word {
    /// The word with this name or alias, or `None`.
    pub fn named(name: &str) -> Option<&'static Self> {
        let name = if matches!(name, "--help" | "-h") { "help" } else { name };
        ALL.iter().find(|word| word.names.contains(&name))
    }

    /// Why nothing is done for it.
    pub fn later(&self, instead: Option<&str>) -> Problem {
        let name = self.names[0];
        let message = match instead {
            Some(command) => format!("{name} is not answered here; `{command}` does it"),
            None => format!("{name} is not there yet: Nexus knows the word and has nothing behind it"),
        };
        Problem::new(Kind::Malformed, "not_there_yet", message)
    }

    /// Why there is nothing behind it.
    pub fn nothing(&self, why: &str) -> Problem {
        Problem::new(Kind::Malformed, "not_there_yet", format!("{} is not answered here: {why}", self.names[0]))
    }
}

/// The problem of a word that there is not, with the word that may have been meant.
pub fn unknown(name: &str) -> Problem {
    let names = ALL.iter().flat_map(|word| word.names.iter().copied());
    let meant = nearest(name, names).map(|word| format!("; did you mean {word}?")).unwrap_or_default();
    let shown: String = name.chars().take(60).collect();
    Problem::new(Kind::Malformed, "usage", format!("there is no word {shown:?}{meant} `help` shows all"))
}

/// The words as JSON: each with its aliases and how it is answered.
pub fn table() -> Value {
    let row = |word: &Word| {
        let (answered, by) = match word.does {
            Does::Own(_) => ("yes", None),
            Does::Nexus(command) => ("by nexus", Some(format!("nexus {}", command.join(" ")))),
            Does::Later { instead } => ("not yet", instead.map(str::to_owned)),
            Does::Nothing { .. } => ("no", None),
        };
        json!({ "word": word.names[0], "aliases": word.names[1..], "answered": answered, "by": by })
    };
    json!({ "words": ALL.iter().map(row).collect::<Vec<_>>() })
}

/// What `help` prints.
pub fn help() -> String {
    let listed = |fits: fn(&Does) -> bool| {
        let fitting = ALL.iter().filter(|word| fits(&word.does));
        fitting.map(|word| word.names.join("/")).collect::<Vec<_>>()
    };
    let by_nexus = listed(|does| matches!(does, Does::Nexus(_))).join(" ");
    let not_yet = listed(|does| matches!(does, Does::Later { .. } | Does::Nothing { .. })).join(" ");
    format!(
        "{USAGE}\n\nAnswered by a command of Nexus, with its arguments:\n{}\n\nNot answered yet (exit code 2):\n{}",
        wrapped(&by_nexus),
        wrapped(&not_yet)
    )
}

const USAGE: &str = "\
🤖 SCRUM AT SCALE AGENT COORDINATION HELPER (Nexus)
Usage: coordination_helper.sh WORD [ARGUMENTS] [--json]

  claim TYPE DESCRIPTION [PRIORITY=medium] [TEAM=autonomous_team] [TRACE_ID]
                                   add work and take it, for half an hour (NEXUS_DROPIN_TTL)
  claim-intelligent, claim-ai      the same; no model is asked
  progress ID PERCENT [STATUS=in_progress]
                                   say how far it is, and keep it for longer
  complete ID [RESULT=success] [POINTS=5]
                                   finish it; a failed result gives it back
  register AGENT [TEAM=autonomous_team] [CAPACITY=100] [SPECIALIZATION=general_development]
  dashboard                        how things stand
  generate-id                      a new name for an agent

By rules (docs/advice.md), and beside them by a model when NEXUS_ADVICE_ASK names one. Those that
analyse, recommend, optimize or rebalance take --apply and --dry-run:
  claude-analyze-priorities, claude-priorities
  claude-optimize-assignments, claude-optimize [TEAM] [--team TEAM] [--workload-factor N]
  claude-health-analysis, claude-health, claude-analyze-health
  claude-recommend-work, claude-recommend [TYPE]
  claude-team-analysis, claude-team, claude-suggest-teams, claude-teams [TEAM]
  claude-analyze-performance, claude-rebalance-recommendations, claude-analyze-scaling,
  claude-analyze-work-distribution [TEAM]
  claude-dashboard, intelligence   what the saved analyses say
  claude-stream, stream [FOCUS] [SECONDS=30]
  claude-intelligence-stream [--interval 30s] [--focus A,B] [--seconds N]
  claude-pipe, pipe [priorities|bottlenecks|recommendations|general]     reads standard input
  claude-enhanced, enhanced TYPE INPUT OUTPUT [TRIES=3]                   the same with files

  help                             this

COORDINATION_DIR is the folder of the store, else NEXUS_DIR, else the repository's.
AGENT_ID says who you are, CURRENT_WORK_ITEM which item when no ID is given.

Exit codes: 0 done · 1 failed or not found · 2 usage or malformed · 3 refused or lost the race ·
4 nothing available · 5 lease lost or timed out";

fn wrapped(words: &str) -> String {
    let mut lines = vec![String::from(" ")];
    for word in words.split(' ') {
        if lines.last().is_some_and(|line| line.chars().count() + word.len() > 96) {
            lines.push(String::from(" "));
        }
        let last = lines.last_mut().expect("there is a line");
        last.push(' ');
        last.push_str(word);
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// What the older tool answered, and what its papers promised beyond that.
    const ANSWERED: &str = "claim progress complete register dashboard generate-id help
        pi-planning scrum-of-scrums innovation-planning ip system-demo inspect-adapt ia art-sync portfolio-kanban
        coach-training value-stream vsm claude-analyze-priorities claude-priorities claude-optimize-assignments
        claude-optimize claude-health-analysis claude-health claude-dashboard intelligence claim-intelligent claim-ai
        claude-stream stream claude-pipe pipe claude-enhanced enhanced claude-team-analysis claude-team";
    const PROMISED: &str = "demo status system-status health health-check metrics logs conflicts reports audit alerts
        start stop restart deploy rollback environment config backup restore cleanup_stale_work_items webhook api sync
        list-agents register-agent register_agent remove-agent agent-status agent-count agent-performance
        agent-workload agent-health agent-scale scale-agent restart-agent handle-agent-failure notify-agent
        list-work add-work create-work assign-work reassign-work get-workload-metrics rebalance-workload
        scale-team cross-team-status coordinate-shared-resource sync-progress
        claude-suggest-teams claude-teams claude-analyze-health claude-recommend-work claude-recommend
        claude-analyze-performance claude-analyze-work-distribution claude-analyze-scaling
        claude-rebalance-recommendations claude-resolve-conflicts claude-agent-input claude-synthesize-consensus
        claude-intelligence-stream autonomous-enhancement";

    #[test]
    fn every_word_that_was_answered_or_promised_is_known_and_no_other() {
        let (answered, promised): (Vec<_>, Vec<_>) =
            (ANSWERED.split_whitespace().collect(), PROMISED.split_whitespace().collect());
        assert_eq!((answered.len(), promised.len()), (37, 63));
        let wanted: BTreeSet<&str> = answered.into_iter().chain(promised).collect();
        let listed: Vec<&str> = ALL.iter().flat_map(|word| word.names.iter().copied()).collect();
        assert_eq!(listed.len(), 100, "no word is listed twice");
        assert_eq!(listed.into_iter().collect::<BTreeSet<_>>(), wanted);
    }

    #[test]
    fn a_typo_is_told_the_nearest_word() {
        let said = unknown("complet").message;
        assert!(said.contains("did you mean complete?"), "{said}");
        assert!(!unknown("xyzzyxyzzy").message.contains("did you mean"));
    }

    #[test]
    fn help_names_every_word() {
        let help = help();
        let missing: Vec<_> = ALL.iter().flat_map(|word| word.names).filter(|name| !help.contains(**name)).collect();
        assert!(missing.is_empty(), "{missing:?}");
        assert!(help.lines().all(|line| line.chars().count() <= 100), "{help}");
    }
}
