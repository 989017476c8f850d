//! The rule that needs both sides: what was acknowledged is in the log.
//!
//! Each acknowledged call takes one entry of its item and kind for itself. Calls that showed or were granted a fence
//! take entries of their agent and that fence; calls of the same agent, kind and fence are alike, so counting them is
//! enough. Calls without a fence then take from what is left.

use std::collections::BTreeMap;

use super::call::{Logged, Op};
use super::request::Request;
use super::{Rule, Violation, lines};

/// What an acknowledged call and its entry have in common; `None` where one does not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Mark<'a> {
    item: &'a str,
    /// The first name under which the log may keep it stands for all of them.
    kind: &'static str,
    agent: Option<&'a str>,
    fence: Option<i64>,
}

/// The acknowledged calls that the log does not have, in groups that are alike, and how many they are.
pub(super) fn lost(requests: &[Request<'_>], log: &[Logged]) -> (Vec<Violation>, usize) {
    let mut entries = Entries::of(log);
    let mut acknowledged: BTreeMap<Mark<'_>, Vec<&Request<'_>>> = BTreeMap::new();
    for request in requests {
        if let Some(mark) = mark(request) {
            acknowledged.entry(mark).or_default().push(request);
        }
    }
    let (mut found, mut lost) = (Vec::new(), 0);
    let (fenced, unfenced): (Vec<_>, Vec<_>) = acknowledged.iter().partition(|(mark, _)| mark.fence.is_some());
    for (mark, alike) in fenced.into_iter().chain(unfenced) {
        let missing = entries.take(mark, alike.len());
        if missing > 0 {
            found.push(violation(mark, alike, missing));
            lost += missing;
        }
    }
    (found, lost)
}

fn mark<'a>(request: &Request<'a>) -> Option<Mark<'a>> {
    let call = request.call;
    let kind = call.op.logged_as().first()?;
    let fence = request.grant().or_else(|| request.effect()).map(|(_, fence)| fence);
    Some(Mark { item: call.item.as_deref()?, kind, agent: Some(&call.agent), fence })
}

/// How many entries of each kind nobody has taken yet.
struct Entries<'a> {
    alike: BTreeMap<Mark<'a>, usize>,
    fences: BTreeMap<Mark<'a>, Vec<Option<i64>>>,
}

impl<'a> Entries<'a> {
    fn of(log: &'a [Logged]) -> Self {
        let kinds: BTreeMap<&str, &'static str> =
            [Op::Claim, Op::Renew, Op::Progress, Op::Report, Op::Fail, Op::Release, Op::Block]
                .iter()
                .flat_map(|op| op.logged_as().iter().map(|name| (*name, op.logged_as()[0])))
                .collect();
        let mut entries = Self { alike: BTreeMap::new(), fences: BTreeMap::new() };
        for entry in log {
            if let Some(kind) = kinds.get(entry.name.as_str()) {
                let mark = Mark { item: &entry.item, kind, agent: entry.agent.as_deref(), fence: entry.shown() };
                *entries.alike.entry(mark).or_default() += 1;
            }
        }
        for mark in entries.alike.keys() {
            entries.fences.entry(Mark { fence: None, ..*mark }).or_default().push(mark.fence);
        }
        entries
    }

    /// Takes `n` entries for calls like `mark`. Returns how many it did not find.
    fn take(&mut self, mark: &Mark<'a>, n: usize) -> usize {
        let mut missing = n;
        // Our log names the holder; where a log names nobody or no fence, it may be any.
        for agent in [mark.agent, None] {
            for fence in [mark.fence, None] {
                let alike = Mark { agent, fence, ..*mark };
                if mark.fence.is_some() {
                    self.take_alike(&alike, &mut missing);
                } else {
                    self.take_under_any_fence(&alike, &mut missing);
                }
            }
        }
        missing
    }

    fn take_alike(&mut self, mark: &Mark<'a>, missing: &mut usize) {
        if let Some(left) = self.alike.get_mut(mark) {
            let taken = (*missing).min(*left);
            *left -= taken;
            *missing -= taken;
        }
    }

    /// Forgets the fences of which nothing is left, so that each is looked at once.
    fn take_under_any_fence(&mut self, mark: &Mark<'a>, missing: &mut usize) {
        while *missing > 0
            && let Some(fence) = self.fences.get_mut(mark).and_then(Vec::pop)
        {
            let alike = Mark { fence, ..*mark };
            self.take_alike(&alike, missing);
            if self.alike.get(&alike).is_some_and(|left| *left > 0) {
                self.fences.entry(*mark).or_default().push(fence);
            }
        }
    }
}

fn violation(mark: &Mark<'_>, alike: &[&Request<'_>], missing: usize) -> Violation {
    let call = alike[0].call;
    let fence = mark.fence.map_or_else(String::new, |fence| format!(" under fence {fence}"));
    Violation {
        rule: if call.op == Op::Claim { Rule::GrantNotInLog } else { Rule::LostUpdate },
        item: mark.item.to_owned(),
        lines: alike.iter().map(|request| request.call.line).collect(),
        seqs: vec![],
        text: format!(
            "{} of {}{fence} by {} was acknowledged {} ({}), and the log lacks {missing} of these.",
            call.op.word(),
            mark.item,
            call.agent,
            times(alike.len()),
            lines(alike)
        ),
    }
}

fn times(n: usize) -> String {
    if n == 1 { String::from("once") } else { format!("{n} times") }
}
