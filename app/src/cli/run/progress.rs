//! What a person sees while a run goes on.

use std::sync::Mutex;

use domain::agent::event::AgentEvent;
use engine::run::News;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::terminal::{one_line, painted};

/// Tells news on standard error: lines, and a bar when that is a terminal. With JSON asked for it says nothing.
pub struct Reporter {
    bar: ProgressBar,
    quiet: bool,
    in_the_way: Mutex<Vec<String>>,
}

impl Reporter {
    /// A reporter for a run of so many items.
    pub fn new(items: u64, quiet: bool) -> Self {
        let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let bar = ProgressBar::with_draw_target(Some(items), target);
        let style = ProgressStyle::with_template("{bar:30} {pos}/{len} landed · {elapsed} {msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Self { bar, quiet, in_the_way: Mutex::default() }
    }

    /// Says a line.
    pub fn say(&self, text: &str) {
        if !self.quiet {
            self.warn(text);
        }
    }

    /// The same, also when only JSON is wanted: standard error is for people at all times.
    pub fn warn(&self, text: &str) {
        if self.bar.is_hidden() {
            anstream::eprintln!("{text}");
        } else {
            self.bar.println(text);
        }
    }

    /// Tells what happened.
    pub fn tell(&self, news: &News) {
        match news {
            News::Began { agent, item, title, .. } => {
                self.say(&format!("{agent} works on {item}: {}", one_line(title)));
            }
            News::Heard { agent, item, event } => {
                if let Some(line) = worth_a_line(event) {
                    self.say(&format!("{agent} on {item}: {}", one_line(&line)));
                }
            }
            News::Ended { agent, item, ending, state, .. } => {
                let ending = one_line(ending.lines().next().unwrap_or_default());
                self.say(&format!("{agent} {ending}; {item} is {}", painted(state, state)));
            }
            News::Landed { change } => {
                self.bar.inc(1);
                self.say(&format!("{change} {}", painted("landed", "landed")));
            }
            News::SentBack { change } => self.say(&format!("{change} {}", painted("rejected", "sent back"))),
            News::Trouble { what } => {
                self.say(&format!("{} {}", painted("blocked", "landing will be tried again:"), one_line(what)));
            }
            News::InTheWay { target, paths } => {
                let mut before = self.in_the_way.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                if *before != *paths {
                    self.say(&format!(
                        "landing on {target} waits: files with changes are in the way ({}); commit or stash them",
                        paths.join(", ")
                    ));
                    before.clone_from(paths);
                }
            }
        }
    }

    /// The run is over.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// What a person wants to hear of an agent at work: what it was not allowed to do, and what keeps it waiting.
fn worth_a_line(event: &AgentEvent) -> Option<String> {
    match event {
        AgentEvent::Denied { tool } => Some(format!("was not allowed to use {tool}; agent.permission decides")),
        AgentEvent::Retry { attempt, status, .. } => {
            let status = status.map(|it| format!(" ({it})")).unwrap_or_default();
            Some(format!("its model did not answer{status}, it tries again ({attempt})"))
        }
        _ => None,
    }
}
