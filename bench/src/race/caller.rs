//! One caller: adds, claims what comes next and completes it, one process of the tool after the other.

use std::sync::Mutex;
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::Course;
use super::adapter::Words;
use super::call::{Said, Tool, Trouble};
use super::chance::Chance;
use super::loss::Told;

/// How long a caller stops, or stays away from what it holds, when claims last for ever.
const PAUSE: Duration = Duration::from_millis(300);

/// What happens to the processes of a caller.
#[derive(Clone, Copy)]
pub enum Pace {
    Calm,
    /// Kills and pauses, at moments within what a call usually takes.
    Rough {
        usual: Duration,
    },
}

pub struct Caller<'a> {
    tool: &'a Tool<'a>,
    course: &'a Course,
    told: &'a Mutex<Told>,
    agent: String,
    chance: Chance,
    pace: Pace,
    /// The clock that all callers share.
    began: Instant,
}

impl<'a> Caller<'a> {
    pub fn new(
        tool: &'a Tool<'a>,
        course: &'a Course,
        told: &'a Mutex<Told>,
        number: u32,
        pace: Pace,
        began: Instant,
    ) -> Self {
        let lap = u64::from(matches!(pace, Pace::Rough { .. }));
        let chance = Chance::of(course.seed, u64::from(number) * 2 + lap);
        Self { tool, course, told, agent: format!("racer-{number}"), chance, pace, began }
    }

    pub fn run(mut self) {
        let (turns, lap) = match self.pace {
            Pace::Calm => (self.course.calm, "calm"),
            Pace::Rough { .. } => (self.course.rough, "rough"),
        };
        for turn in 0..turns {
            self.add(&format!("{lap} {turn} of {}", self.agent));
            if let Some((id, fence)) = self.claim() {
                if matches!(self.pace, Pace::Rough { .. }) && self.chance.percent(self.course.pauses) {
                    // As an agent that is stopped while it works.
                    self.told().away += 1;
                    sleep(self.pause());
                }
                self.complete(&id, fence);
            }
        }
    }

    fn add(&mut self, title: &str) {
        let adapter = self.tool.adapter;
        let agent = self.agent.clone();
        let (said, _) = self.call(&adapter.add.run, Words { agent: &agent, title, ..Words::default() });
        if let Some(id) = said.filter(|said| said.code == Some(0)).and_then(|said| adapter.add.id.of(&said.stdout)) {
            let mut told = self.told();
            told.answered += 1;
            told.added.insert(id);
        }
    }

    /// The item and its fence, when there is one and the answer was seen.
    fn claim(&mut self) -> Option<(String, i64)> {
        let (claim, agent) = (&self.tool.adapter.claim, self.agent.clone());
        let (said, asked) = self.call(&claim.run, Words { agent: &agent, ..Words::default() });
        let mut line = json!({ "op": "next", "agent": agent });
        let mut granted = None;
        line["saw"] = match said {
            Some(Said { code: Some(0), stdout, .. }) if stdout.trim().is_empty() => "nothing".into(),
            Some(Said { code: Some(0), stdout, .. }) => {
                let fence = claim.fence.as_ref().map_or(Some(1), |at| at.of(&stdout)?.parse().ok());
                match claim.id.of(&stdout).zip(fence) {
                    None => "unknown".into(),
                    Some((id, fence)) => {
                        line["item"] = id.clone().into();
                        line["fence"] = fence.into();
                        granted = Some((id, fence));
                        "ok".into()
                    }
                }
            }
            Some(Said { code: Some(code), .. }) if claim.nothing.contains(&code) => "nothing".into(),
            Some(Said { code: Some(code), .. }) if claim.refused.contains(&code) => "refused".into(),
            _ => "unknown".into(),
        };
        self.note(line, asked);
        granted
    }

    fn complete(&mut self, id: &str, fence: i64) {
        let (complete, agent, shown) = (&self.tool.adapter.complete, self.agent.clone(), fence.to_string());
        let words = Words { agent: &agent, id, fence: &shown, ..Words::default() };
        let (said, asked) = self.call(&complete.run, words);
        let mut line = json!({ "op": "report", "item": id, "agent": agent, "fence": fence });
        line["saw"] = match said.and_then(|said| said.code) {
            Some(0) => {
                self.told().completed.insert(id.to_owned());
                "ok".into()
            }
            Some(code) if complete.refused.contains(&code) => "refused".into(),
            _ => "unknown".into(),
        };
        self.note(line, asked);
    }

    /// Runs one process, with the trouble that chance wants; comes back with when it was asked.
    fn call(&mut self, command: &[String], words: Words<'_>) -> (Option<Said>, u64) {
        let trouble = self.trouble();
        let asked = self.now();
        let said = self.tool.call(command, words, trouble);
        let mut told = self.told();
        match said {
            Ok(said) => {
                told.kills += u64::from(said.troubled && matches!(trouble, Trouble::Kill { .. }));
                told.pauses += u64::from(said.troubled && matches!(trouble, Trouble::Pause { .. }));
                if said.code.is_some_and(|code| code != 0) {
                    said.complaint().clone_into(&mut told.complaint);
                }
                (Some(said), asked)
            }
            Err(why) => {
                told.complaint = why;
                (None, asked)
            }
        }
    }

    fn trouble(&mut self) -> Trouble {
        let Pace::Rough { usual } = self.pace else { return Trouble::Nothing };
        let most = u64::try_from(usual.as_micros()).unwrap_or(u64::MAX).max(1);
        let after = Duration::from_micros(self.chance.below(most));
        let draw = self.chance.below(100);
        if draw < self.course.kills {
            Trouble::Kill { after }
        } else if draw < self.course.kills + self.course.pauses {
            Trouble::Pause { after, lasting: self.pause() }
        } else {
            Trouble::Nothing
        }
    }

    /// Longer than a lease.
    fn pause(&self) -> Duration {
        match self.tool.adapter.lease_ms {
            0 => PAUSE,
            lease => Duration::from_millis(lease + lease / 4),
        }
    }

    fn note(&self, mut line: Value, asked: u64) {
        let answered = self.now();
        let mut told = self.told();
        line["asked_ms"] = asked.into();
        if line["saw"] != "unknown" {
            line["answered_ms"] = answered.into();
            told.answered += 1;
        }
        told.lines.push(line);
    }

    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    fn told(&self) -> std::sync::MutexGuard<'a, Told> {
        self.told.lock().expect("no caller panics")
    }
}
