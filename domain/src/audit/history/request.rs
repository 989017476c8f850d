//! Acknowledged requests: calls that succeeded, with the repeats of one request folded into one.

use std::collections::{BTreeMap, BTreeSet};

use super::call::{Call, Op, Saw};

/// A request that was acknowledged.
#[derive(Clone, Debug)]
pub(super) struct Request<'a> {
    /// The first of its calls that saw the answer.
    pub call: &'a Call,
    /// When it was first asked, as far as that is known.
    pub asked: i64,
    /// When the first answer was there; the end of time when that is not known.
    pub answered: i64,
}

impl<'a> Request<'a> {
    /// Item and fence of a grant.
    pub fn grant(&self) -> Option<(&'a str, i64)> {
        match (&self.call.op, &self.call.saw) {
            (Op::Claim, Saw::Ok { fence: Some(fence) }) => Some((self.call.item.as_deref()?, *fence)),
            _ => None,
        }
    }

    /// Item and fence of something done under a hold.
    pub fn effect(&self) -> Option<(&'a str, i64)> {
        effect(self.call)
    }

    /// Whether it lacks what the rules need. A block without a fence comes from somebody who is no holder.
    pub fn unjudged(&self) -> bool {
        let lacks_fence = self.grant().is_none() && self.effect().is_none();
        self.call.item.is_none() || lacks_fence && !matches!(self.call.op, Op::Block | Op::Other(_))
    }
}

/// Item and fence of a call under a hold, whatever became of it.
pub(super) fn effect(call: &Call) -> Option<(&str, i64)> {
    if call.op == Op::Claim { None } else { Some((call.item.as_deref()?, call.fence?)) }
}

/// When a call asked and was answered. One that was answered before it asked comes from a clock that went back: it
/// orders nothing.
pub(super) fn interval(call: &Call) -> (i64, i64) {
    match call.answered_ms {
        Some(answered) if answered < call.asked_ms => (i64::MIN, i64::MAX),
        answered => (call.asked_ms, answered.unwrap_or(i64::MAX)),
    }
}

/// What names a request: its key, its agent and its verb.
type Key<'a> = (&'a str, &'a str, &'a Op);

/// A request with the answer it got.
type Answer<'a> = (Key<'a>, Option<&'a str>, Option<i64>, &'a Saw);

fn key(call: &Call) -> Option<Key<'_>> {
    call.key.as_deref().map(|key| (key, call.agent.as_str(), &call.op))
}

/// The acknowledged requests, in the order of their first acknowledged call.
pub(super) fn requests(calls: &[Call]) -> Vec<Request<'_>> {
    let first = first_asked(calls);
    let mut requests: Vec<Request<'_>> = Vec::new();
    // Repeats get the kept answer; one that got another answer is no repeat of it and is judged by itself.
    let mut repeats: BTreeMap<Answer<'_>, usize> = BTreeMap::new();
    for call in calls.iter().filter(|call| matches!(call.saw, Saw::Ok { .. })) {
        let (asked, answered) = interval(call);
        let asked = key(call).map_or(asked, |key| first[&key].min(asked));
        let same = key(call).map(|key| (key, call.item.as_deref(), call.fence, &call.saw));
        if let Some(&at) = same.as_ref().and_then(|same| repeats.get(same)) {
            requests[at].answered = requests[at].answered.min(answered);
            continue;
        }
        if let Some(same) = same {
            repeats.insert(same, requests.len());
        }
        requests.push(Request { call, asked, answered });
    }
    requests
}

fn first_asked(calls: &[Call]) -> BTreeMap<Key<'_>, i64> {
    let mut first = BTreeMap::new();
    for call in calls {
        if let Some(key) = key(call) {
            let (asked, _) = interval(call);
            first.entry(key).and_modify(|ms: &mut i64| *ms = asked.min(*ms)).or_insert(asked);
        }
    }
    first
}

/// Claims whose outcome nobody saw: each may have been granted, once.
pub(super) fn unknown_claims(calls: &[Call]) -> impl Iterator<Item = &Call> {
    let settled: BTreeSet<Key<'_>> =
        calls.iter().filter(|call| matches!(call.saw, Saw::Ok { .. })).filter_map(key).collect();
    calls.iter().filter(move |call| {
        let known = key(call).is_some_and(|key| settled.contains(&key));
        call.op == Op::Claim && call.saw == Saw::Unknown && !known
    })
}
