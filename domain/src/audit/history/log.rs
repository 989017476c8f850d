//! The rules of the log alone: its numbers rise, and an item has one holder at a time.

use std::collections::BTreeMap;

use super::call::Logged;
use super::{Rule, Violation};

/// What an event does to the hold on its item.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// Begins the hold of an agent.
    Grant,
    /// Ends the hold of an agent and begins that of another.
    HandOff,
    /// Happens under the hold of an agent.
    Effect,
    /// Happens under the hold of an agent and ends it.
    LastEffect,
    /// Ends the hold of an agent and begins that of the landing queue.
    Submit,
    /// Begins the hold of the landing queue.
    Resubmit,
    /// Ends the hold of the landing queue.
    QueueEnd,
    /// Ends whatever hold there is; under a fence, the hold of that fence.
    Block,
    /// Ends whatever hold there is.
    Cancel,
    /// Leaves the hold as it is.
    Aside,
}

fn part(name: &str) -> Part {
    match name {
        "work.claimed" => Part::Grant,
        "work.renewed" | "work.progressed" | "work.result_kept" => Part::Effect,
        "work.reported" | "work.failed" | "work.released" | "work.offered" | "work.lapsed" => Part::LastEffect,
        "work.handed_off" => Part::HandOff,
        "work.submitted" => Part::Submit,
        "work.resubmitted" => Part::Resubmit,
        "work.landed" | "work.rejected" => Part::QueueEnd,
        "work.blocked" => Part::Block,
        "work.cancelled" => Part::Cancel,
        _ => Part::Aside,
    }
}

/// Who has an item, by the log so far.
#[derive(Clone, Copy, Debug, Default)]
enum Holder<'a> {
    #[default]
    Nobody,
    Agent(&'a Logged),
    Queue(&'a Logged),
}

/// One item, by the log so far.
#[derive(Default)]
struct Item<'a> {
    holder: Holder<'a>,
    highest: Option<(i64, &'a Logged)>,
    grants: BTreeMap<i64, &'a Logged>,
}

/// What the log itself cannot have done.
pub(super) fn one_holder_at_a_time(log: &[Logged]) -> Vec<Violation> {
    let mut found: Vec<Violation> = log.windows(2).filter_map(|pair| out_of_order(&pair[0], &pair[1])).collect();
    let mut in_order: Vec<&Logged> = log.iter().collect();
    in_order.sort_by_key(|entry| entry.seq);
    let mut items: BTreeMap<&str, Item<'_>> = BTreeMap::new();
    for entry in in_order {
        items.entry(&entry.item).or_default().take(entry, &mut found);
    }
    found
}

fn out_of_order(before: &Logged, after: &Logged) -> Option<Violation> {
    (after.seq <= before.seq).then(|| Violation {
        rule: Rule::LogOutOfOrder,
        item: String::new(),
        lines: vec![],
        seqs: vec![before.seq, after.seq],
        text: format!("the log has entry {} after entry {}; its numbers have to rise.", after.seq, before.seq),
    })
}

impl<'a> Item<'a> {
    fn take(&mut self, entry: &'a Logged, found: &mut Vec<Violation>) {
        let part = part(&entry.name);
        match part {
            Part::Grant => {
                self.held_twice(entry, found);
                self.rises(entry, found);
                self.holder = Holder::Agent(entry);
            }
            Part::HandOff => {
                self.under_hold(entry, found);
                self.rises(entry, found);
                self.holder = Holder::Agent(entry);
            }
            Part::Submit => {
                self.under_hold(entry, found);
                self.rises(entry, found);
                self.holder = Holder::Queue(entry);
            }
            Part::Resubmit => {
                self.held_twice(entry, found);
                self.rises(entry, found);
                self.holder = Holder::Queue(entry);
            }
            Part::Effect | Part::LastEffect => self.under_hold(entry, found),
            Part::Block if entry.shown().is_some() => self.under_hold(entry, found),
            Part::QueueEnd if !matches!(self.holder, Holder::Queue(_)) => {
                found.push(violation(
                    Rule::EffectWithoutGrant,
                    &[entry],
                    &format!("{} is {}, but the landing queue did not hold it", entry.item, past(entry)),
                ));
            }
            Part::QueueEnd | Part::Block | Part::Cancel | Part::Aside => {}
        }
        if matches!(part, Part::LastEffect | Part::QueueEnd | Part::Block | Part::Cancel) {
            self.holder = Holder::Nobody;
        }
    }

    /// A grant needs an item that nobody has.
    fn held_twice(&self, entry: &Logged, found: &mut Vec<Violation>) {
        let (other, who) = match self.holder {
            Holder::Nobody => return,
            Holder::Agent(grant) => (grant, grant.granted_to().map_or("somebody", String::as_str)),
            Holder::Queue(grant) => (grant, "the landing queue"),
        };
        let text = format!(
            "{} is {} for {}, but {who} has it since entry {} and nothing ended that hold",
            entry.item,
            past(entry),
            agent(entry),
            other.seq
        );
        found.push(violation(Rule::HeldTwice, &[other, entry], &text));
    }

    /// A grant needs a fence that is higher than all before it.
    fn rises(&mut self, entry: &'a Logged, found: &mut Vec<Violation>) {
        let Some(fence) = entry.fence else { return };
        if let Some(other) = self.grants.get(&fence) {
            let text = format!("{} is granted twice under fence {fence}", entry.item);
            found.push(violation(Rule::DoubleGrant, &[other, entry], &text));
        } else if let Some((highest, other)) = self.highest.filter(|(highest, _)| *highest > fence) {
            let text = format!("{} is granted under fence {fence} after fence {highest}", entry.item);
            found.push(violation(Rule::FenceNotIncreasing, &[other, entry], &text));
        }
        self.grants.entry(fence).or_insert(entry);
        if self.highest.is_none_or(|(highest, _)| highest < fence) {
            self.highest = Some((fence, entry));
        }
    }

    /// What a holder does needs that holder's hold, now.
    fn under_hold(&self, entry: &Logged, found: &mut Vec<Violation>) {
        // Whoever lets a hold lapse need not be its holder.
        let by = entry.agent.as_ref().filter(|_| entry.name != "work.lapsed");
        if let Holder::Agent(grant) = self.holder
            && same(by, grant.granted_to())
            && same(entry.shown().as_ref(), grant.fence.as_ref())
        {
            return;
        }
        let earlier = entry.shown().and_then(|fence| self.grants.get(&fence));
        let earlier = earlier.filter(|grant| matches!(part(&grant.name), Part::Grant | Part::HandOff));
        let (rule, grant, why) = match earlier {
            Some(grant) if same(by, grant.granted_to()) => (Rule::StaleEffect, Some(*grant), "that hold was over"),
            Some(grant) => (Rule::EffectWithoutGrant, Some(*grant), "another agent was granted that fence"),
            None => (Rule::EffectWithoutGrant, None, "no such hold was granted before"),
        };
        let fence = entry.shown().map_or_else(|| String::from("no fence"), |fence| format!("fence {fence}"));
        let text = format!("{} is {} by {} under {fence}, but {why}", entry.item, past(entry), agent(entry));
        let entries: Vec<&Logged> = grant.into_iter().chain([entry]).collect();
        found.push(violation(rule, &entries, &text));
    }
}

/// Whether two values agree; one that is not known agrees with any.
fn same<T: PartialEq>(a: Option<&T>, b: Option<&T>) -> bool {
    a.is_none() || b.is_none() || a == b
}

fn agent(entry: &Logged) -> &str {
    entry.agent.as_deref().unwrap_or("somebody")
}

/// `claimed` of `work.claimed`.
fn past(entry: &Logged) -> &str {
    entry.name.strip_prefix("work.").unwrap_or(&entry.name)
}

fn violation(rule: Rule, entries: &[&Logged], text: &str) -> Violation {
    let last = entries[entries.len() - 1];
    Violation {
        rule,
        item: last.item.clone(),
        lines: vec![],
        seqs: entries.iter().map(|entry| entry.seq).collect(),
        text: format!("{text} (entry {} of the log, at {} ms).", last.seq, last.at_ms),
    }
}
