//! The rules that need nothing but what callers saw.

use std::collections::{BTreeMap, BTreeSet};

use super::call::{Call, Logged, Saw};
use super::request::{Request, effect, interval, unknown_claims};
use super::{Rule, Violation, lines};

/// What was known about an item's fences, and since when: in the order of the answers, the highest fence so far.
pub(super) struct Marks<'a> {
    of: BTreeMap<&'a str, Vec<Mark<'a>>>,
    ends: BTreeMap<(&'a str, i64), Mark<'a>>,
}

#[derive(Clone, Copy)]
struct Mark<'a> {
    since: i64,
    fence: i64,
    by: &'a Call,
}

impl<'a> Marks<'a> {
    /// The marks that these requests leave: grants with their fences, and the ends of holds.
    pub fn of(requests: &[Request<'a>]) -> Self {
        let mut of: BTreeMap<&str, Vec<Mark<'_>>> = BTreeMap::new();
        let mut ends: BTreeMap<(&str, i64), Mark<'_>> = BTreeMap::new();
        for request in requests {
            if let Some((item, fence)) = request.grant() {
                of.entry(item).or_default().push(Mark { since: request.answered, fence, by: request.call });
            }
            if let Some((item, fence)) = request.effect().filter(|_| request.call.op.ends_hold()) {
                let mark = Mark { since: request.answered, fence, by: request.call };
                let end = ends.entry((item, fence)).or_insert(mark);
                if mark.since < end.since {
                    *end = mark;
                }
            }
        }
        for marks in of.values_mut() {
            marks.sort_by_key(|mark| mark.since);
            let mut highest = marks[0];
            for mark in marks {
                if mark.fence > highest.fence {
                    highest = *mark;
                }
                *mark = Mark { since: mark.since, ..highest };
            }
        }
        Self { of, ends }
    }

    /// The highest grant of `item` that was answered before `moment`.
    fn highest_before(&self, item: &str, moment: i64) -> Option<Mark<'a>> {
        let marks = self.of.get(item)?;
        let n = marks.partition_point(|mark| mark.since < moment);
        n.checked_sub(1).map(|last| marks[last])
    }

    /// What shows that a hold under `fence` was over before `moment`: a higher grant, or its own end.
    fn over(&self, item: &str, fence: i64, moment: i64) -> Option<Mark<'a>> {
        let higher = self.highest_before(item, moment).filter(|mark| mark.fence > fence);
        higher.or_else(|| self.ends.get(&(item, fence)).copied().filter(|mark| mark.since < moment))
    }

    /// Whether `call` showed a lost lease and was refused.
    pub fn refused(&self, call: &Call) -> bool {
        match (&call.saw, effect(call)) {
            (Saw::Refused { code }, Some((item, fence))) => {
                code == "lease_lost" || self.over(item, fence, interval(call).0).is_some()
            }
            _ => false,
        }
    }
}

/// Fences that were granted twice, and grants whose fence is lower than that of an earlier one.
pub(super) fn grants(requests: &[Request<'_>], marks: &Marks<'_>) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut first: BTreeMap<(&str, i64), &Request<'_>> = BTreeMap::new();
    for request in requests {
        let Some((item, fence)) = request.grant() else { continue };
        if let Some(other) = first.get(&(item, fence)) {
            found.push(Violation {
                rule: Rule::DoubleGrant,
                item: item.to_owned(),
                lines: vec![other.call.line, request.call.line],
                seqs: vec![],
                text: format!(
                    "{item} was granted twice under fence {fence}: to {} ({}) and to {} ({}).",
                    other.call.agent,
                    lines(&[other]),
                    request.call.agent,
                    lines(&[request])
                ),
            });
        } else {
            first.insert((item, fence), request);
        }
        if let Some(mark) = marks.highest_before(item, request.asked).filter(|mark| mark.fence > fence) {
            found.push(Violation {
                rule: Rule::FenceNotIncreasing,
                item: item.to_owned(),
                lines: vec![mark.by.line, request.call.line],
                seqs: vec![],
                text: format!(
                    "{item} was granted to {} under fence {fence} (line {}), although {} had been answered fence {} \
                     (line {}) before that was asked; fences of one item have to rise.",
                    request.call.agent, request.call.line, mark.by.agent, mark.fence, mark.by.line
                ),
            });
        }
    }
    found
}

/// Effects that succeeded although their hold was known to be over before they were asked.
pub(super) fn stale_effects(requests: &[Request<'_>], marks: &Marks<'_>) -> Vec<Violation> {
    let mut found = Vec::new();
    for request in requests {
        let Some((item, fence)) = request.effect() else { continue };
        let Some(mark) = marks.over(item, fence, request.asked) else { continue };
        let (call, by) = (request.call, mark.by);
        let why = if mark.fence > fence {
            format!("{} had been granted fence {}", by.agent, mark.fence)
        } else {
            format!("the hold had ended with a {}", by.op.word())
        };
        found.push(Violation {
            rule: Rule::StaleEffect,
            item: item.to_owned(),
            lines: vec![by.line, call.line],
            seqs: vec![],
            text: format!(
                "a {} of {item} by {} succeeded under fence {fence} (line {}), although {why} (line {}) before it was \
                 asked.",
                call.op.word(),
                call.agent,
                call.line,
                by.line
            ),
        });
    }
    found
}

/// One hold that effects claim to have had: its agent, item and fence.
type Hold<'a> = (&'a str, &'a str, i64);

/// Effects that succeeded under a hold that nobody was granted.
///
/// Without a log, a claim whose outcome nobody saw explains one hold of its agent, on its item or, when it asked for
/// the next one, on any. Which explains which is a matching; taking holds by the answer they had to precede, and claims
/// that name the item before those that do not, finds the largest one.
pub(super) fn effects_without_grant(
    calls: &[Call],
    requests: &[Request<'_>],
    log: Option<&[Logged]>,
) -> Vec<Violation> {
    let mut granted: BTreeMap<Hold<'_>, i64> = BTreeMap::new();
    for request in requests {
        if let Some((item, fence)) = request.grant() {
            let asked = granted.entry((&request.call.agent, item, fence)).or_insert(request.asked);
            *asked = request.asked.min(*asked);
        }
    }
    let logged: BTreeSet<Hold<'_>> = log
        .unwrap_or_default()
        .iter()
        .filter(|entry| matches!(entry.name.as_str(), "work.claimed" | "work.handed_off"))
        .filter_map(|entry| Some((entry.granted_to()?.as_str(), entry.item.as_str(), entry.fence?)))
        .collect();

    let mut open: BTreeMap<Hold<'_>, Vec<&Request<'_>>> = BTreeMap::new();
    for request in requests {
        if let Some((item, fence)) = request.effect() {
            let hold = (request.call.agent.as_str(), item, fence);
            let explained =
                logged.contains(&hold) || granted.get(&hold).is_some_and(|asked| *asked <= request.answered);
            if !explained {
                open.entry(hold).or_default().push(request);
            }
        }
    }
    let mut open: Vec<(i64, Hold<'_>, Vec<&Request<'_>>)> = open
        .into_iter()
        .map(|(hold, effects)| (effects.iter().map(|e| e.answered).min().unwrap_or(i64::MAX), hold, effects))
        .collect();
    open.sort_by_key(|(answered, ..)| *answered);

    let mut unknown = if log.is_some() { BTreeMap::new() } else { explanations(calls) };
    let mut explains = |agent, item, answered: i64| {
        let list: Option<&mut Vec<i64>> = unknown.get_mut(&(agent, item));
        let free = list.filter(|list| list.last().is_some_and(|asked| *asked <= answered));
        free.and_then(Vec::pop).is_some()
    };
    open.retain(|(answered, (agent, item, _), _)| {
        !explains(*agent, Some(*item), *answered) && !explains(*agent, None, *answered)
    });
    open.into_iter().map(|(_, hold, effects)| without_grant(hold, &effects)).collect()
}

/// When each claim of unknown outcome was asked, by agent and item; the earliest one last.
fn explanations(calls: &[Call]) -> BTreeMap<(&str, Option<&str>), Vec<i64>> {
    let mut unknown: BTreeMap<(&str, Option<&str>), Vec<i64>> = BTreeMap::new();
    for call in unknown_claims(calls) {
        unknown.entry((&call.agent, call.item.as_deref())).or_default().push(interval(call).0);
    }
    for list in unknown.values_mut() {
        list.sort_unstable_by(|a, b| b.cmp(a));
    }
    unknown
}

fn without_grant((agent, item, fence): Hold<'_>, effects: &[&Request<'_>]) -> Violation {
    Violation {
        rule: Rule::EffectWithoutGrant,
        item: item.to_owned(),
        lines: effects.iter().map(|effect| effect.call.line).collect(),
        seqs: vec![],
        text: format!(
            "{agent} succeeded under fence {fence} of {item} ({}), which {agent} was not granted before.",
            lines(effects)
        ),
    }
}
