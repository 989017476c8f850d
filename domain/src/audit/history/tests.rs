//! Histories made by hand. A call reads `op item agent asked-answered saw fence`, a log entry `seq name item agent
//! fence`; `-` is what is not there.

use super::*;

/// Reads calls, one a line. `key=k` at the end is the request's key.
pub(super) fn calls(text: &str) -> Vec<Call> {
    text.lines().filter(|l| !l.trim().is_empty()).enumerate().map(|(at, line)| call(at + 1, line)).collect()
}

fn call(line: usize, text: &str) -> Call {
    let mut words: Vec<&str> = text.split_whitespace().collect();
    let key = words.last().and_then(|w| w.strip_prefix("key=")).map(str::to_owned);
    if key.is_some() {
        words.pop();
    }
    let (asked, answered) = words[3].split_once('-').expect("asked-answered");
    let op = Op::from_word(words[0]);
    let fence = words.get(5).map(|f| f.parse().expect("a fence"));
    let granted = if op == Op::Claim { fence } else { None };
    Call {
        line,
        item: (words[1] != "-").then(|| words[1].to_owned()),
        agent: words[2].to_owned(),
        fence: if op == Op::Claim { None } else { fence },
        op,
        asked_ms: asked.parse().expect("when it asked"),
        answered_ms: answered.parse().ok(),
        saw: match words[4] {
            "ok" => Saw::Ok { fence: granted },
            "nothing" => Saw::Nothing,
            "unknown" => Saw::Unknown,
            code => Saw::Refused { code: code.to_owned() },
        },
        key,
    }
}

/// Reads log entries, one a line. The fences of `submitted` read `held>new`.
pub(super) fn log(text: &str) -> Vec<Logged> {
    text.lines().filter(|l| !l.trim().is_empty()).map(entry).collect()
}

fn entry(text: &str) -> Logged {
    let words: Vec<&str> = text.split_whitespace().collect();
    let fences = words.get(4).copied().unwrap_or("-");
    let (held, fence) = fences.split_once('>').map_or((None, fences), |(held, new)| (Some(held), new));
    Logged {
        seq: words[0].parse().expect("a number"),
        at_ms: 0,
        item: words[2].to_owned(),
        name: format!("work.{}", words[1]),
        agent: words.get(3).filter(|w| **w != "-").map(|w| (*w).to_owned()),
        fence: fence.parse().ok(),
        held_fence: held.map(|held| held.parse().expect("a fence")),
        to: words.get(5).map(|to| (*to).to_owned()),
    }
}

fn rules(judgement: &Judgement) -> Vec<Rule> {
    judgement.violations.iter().map(|violation| violation.rule).collect()
}

#[track_caller]
fn of_calls(text: &str) -> Vec<Rule> {
    rules(&judge(&calls(text), None))
}

#[track_caller]
fn of_log(text: &str) -> Vec<Rule> {
    rules(&judge(&[], Some(&log(text))))
}

#[track_caller]
fn of_both(calls_text: &str, log_text: &str) -> Vec<Rule> {
    rules(&judge(&calls(calls_text), Some(&log(log_text))))
}

#[test]
fn an_empty_history_is_sound() {
    assert!(judge(&[], None).sound());
    assert_eq!(judge(&[], Some(&[])), Judgement::default());
}

#[test]
fn the_same_fence_for_two_agents_is_a_double_grant() {
    let judgement = judge(&calls("claim x a 1-5 ok 1\nclaim x b 2-4 ok 1"), None);
    assert_eq!(rules(&judgement), [Rule::DoubleGrant]);
    assert_eq!((judgement.double_grants, judgement.grants), (1, 2));
    assert_eq!(judgement.violations[0].lines, [1, 2]);
    assert_eq!(judgement.violations[0].text, "x was granted twice under fence 1: to a (line 1) and to b (line 2).");
}

#[test]
fn the_same_fence_twice_for_one_agent_is_a_double_grant_unless_it_is_one_request_repeated() {
    assert_eq!(of_calls("claim x a 1-2 ok 1\nclaim x a 3-4 ok 1"), [Rule::DoubleGrant]);
    assert_eq!(of_calls("claim x a 1-2 ok 1 key=k\nclaim x a 3-4 ok 1 key=k"), []);
    assert_eq!(of_calls("claim x a 1-2 ok 1 key=k\nclaim x b 3-4 ok 1 key=k"), [Rule::DoubleGrant]);
}

#[test]
fn fences_of_different_items_have_nothing_to_do_with_each_other() {
    assert_eq!(of_calls("claim x a 1-2 ok 7\nclaim y b 3-4 ok 7\nclaim z b 5-6 ok 1"), []);
}

#[test]
fn a_later_grant_with_a_lower_fence_is_found() {
    assert_eq!(of_calls("claim x a 1-2 ok 2\nclaim x b 3-4 ok 1"), [Rule::FenceNotIncreasing]);
    assert_eq!(of_calls("claim x c 7-8 ok 3\nclaim x a 1-2 ok 1\nclaim x b 9-9 ok 2"), [Rule::FenceNotIncreasing]);
}

#[test]
fn grants_that_overlap_may_have_happened_in_either_order() {
    assert_eq!(of_calls("claim x a 1-3 ok 2\nclaim x b 3-4 ok 1"), []);
    assert_eq!(of_calls("claim x a 1-9 ok 2\nclaim x b 2-3 ok 1\nclaim x c 4-- ok 3"), []);
}

#[test]
fn an_effect_that_succeeds_after_a_later_grant_was_answered_is_stale() {
    let text = "claim x a 1-2 ok 1\nclaim x b 5-6 ok 2\nprogress x a 7-8 ok 1\nreport x b 8-9 ok 2";
    let judgement = judge(&calls(text), None);
    assert_eq!(rules(&judgement), [Rule::StaleEffect]);
    assert_eq!((judgement.stale_effects, judgement.effects), (1, 2));
    assert_eq!(judgement.violations[0].lines, [2, 3]);
}

#[test]
fn any_verb_that_shows_a_fence_can_be_stale() {
    let text = "claim x a 1-2 ok 1\nclaim x b 5-6 ok 2\npush x a 7-8 ok 1\npush x b 7-8 ok 2";
    assert_eq!(of_calls(text), [Rule::StaleEffect]);
}

#[test]
fn an_effect_that_overlaps_the_later_grant_may_have_come_first() {
    assert_eq!(of_calls("claim x a 1-2 ok 1\nclaim x b 5-8 ok 2\nreport x a 8-12 ok 1"), []);
    assert_eq!(of_calls("claim x a 1-2 ok 1\nprogress x a 4-20 ok 1\nclaim x b 5-6 ok 2\nfail x b 7-8 ok 2"), []);
}

#[test]
fn nothing_succeeds_after_the_holder_gave_the_item_back() {
    for end in ["release", "fail", "block"] {
        let text = format!("claim x a 1-2 ok 1\n{end} x a 3-4 ok 1\nrenew x a 5-6 ok 1");
        assert_eq!(of_calls(&text), [Rule::StaleEffect], "{end}");
        let overlapping = format!("claim x a 1-2 ok 1\n{end} x a 3-6 ok 1\nrenew x a 5-6 ok 1");
        assert_eq!(of_calls(&overlapping), [], "{end}");
    }
    // Inside a supervised run a report leaves its result and the hold goes on.
    assert_eq!(of_calls("claim x a 1-2 ok 1\nreport x a 3-4 ok 1\nreport x a 5-6 ok 1"), []);
}

#[test]
fn a_repeat_of_one_request_gets_the_kept_answer_however_late_it_asks() {
    let text = "claim x a 1-2 ok 1\nreport x a 3-- unknown 1 key=k\nclaim x b 5-6 ok 2\nreport x a 9-10 ok 1 key=k";
    assert_eq!(of_calls(text), []);
    assert_eq!(of_calls(&text.replace(" key=k", "")), [Rule::StaleEffect]);
}

#[test]
fn refused_effects_of_old_holders_are_counted_as_proof_that_the_fence_works() {
    let text = "claim x a 1-2 ok 1\nclaim x b 5-6 ok 2\nreport x a 7-8 lease_lost 1\nrenew x a 9-9 conflict 1\n\
                renew x b 9-9 conflict 2\nclaim x c 9-9 held\nclaim - c 9-9 nothing";
    let judgement = judge(&calls(text), None);
    assert_eq!(rules(&judgement), []);
    assert_eq!((judgement.stale_effects_refused, judgement.refused, judgement.calls), (2, 4, 7));
}

#[test]
fn an_effect_under_a_fence_that_nobody_was_granted_is_found() {
    assert_eq!(of_calls("claim x a 1-2 ok 1\nreport x a 3-4 ok 9"), [Rule::EffectWithoutGrant]);
    assert_eq!(of_calls("claim x a 1-2 ok 1\nreport x b 3-4 ok 1"), [Rule::EffectWithoutGrant]);
    assert_eq!(of_calls("claim x a 1-2 ok 1\nreport y a 3-4 ok 1"), [Rule::EffectWithoutGrant]);
}

#[test]
fn an_effect_that_was_answered_before_its_grant_was_asked_for_is_found() {
    assert_eq!(of_calls("progress x a 1-2 ok 1\nclaim x a 3-4 ok 1"), [Rule::EffectWithoutGrant]);
    assert_eq!(of_calls("progress x a 1-3 ok 1\nclaim x a 3-4 ok 1"), []);
}

#[test]
fn effects_of_one_hold_that_never_was_are_one_violation() {
    let judgement = judge(&calls("renew x a 1-2 ok 1\nrenew x a 3-4 ok 1\nreport x a 5-6 ok 1"), None);
    assert_eq!(rules(&judgement), [Rule::EffectWithoutGrant]);
    assert_eq!(judgement.violations[0].lines, [1, 2, 3]);
}

#[test]
fn a_claim_of_unknown_outcome_explains_one_hold_of_its_agent() {
    assert_eq!(of_calls("claim x a 1-- unknown\nreport x a 3-4 ok 5"), []);
    assert_eq!(of_calls("next - a 1-- unknown\nreport x a 3-4 ok 5"), []);
    let one = [Rule::EffectWithoutGrant];
    assert_eq!(of_calls("claim x b 1-- unknown\nreport x a 3-4 ok 5"), one, "of another agent");
    assert_eq!(of_calls("claim y a 1-- unknown\nreport x a 3-4 ok 5"), one, "of another item");
    assert_eq!(of_calls("claim x a 5-- unknown\nreport x a 3-4 ok 5"), one, "asked too late");
    assert_eq!(of_calls("next - a 1-- unknown\nrenew x a 3-4 ok 5\nrenew y a 3-4 ok 5"), one, "used twice");
}

#[test]
fn unknown_claims_are_given_to_the_holds_they_can_explain() {
    // Only the claim that names x can explain x, and only if the other one is kept for y.
    assert_eq!(of_calls("next - a 1-- unknown\nclaim x a 2-- unknown\nrenew x a 3-4 ok 1\nrenew y a 5-6 ok 1"), []);
    assert_eq!(of_calls("next - a 4-- unknown\nclaim x a 2-- unknown\nrenew y a 5-6 ok 1\nrenew x a 3-4 ok 1"), []);
    assert_eq!(of_calls("next - a 1-- unknown\nnext - a 5-- unknown\nrenew x a 6-9 ok 1\nrenew y a 2-4 ok 1"), []);
}

#[test]
fn an_unknown_claim_whose_repeat_was_answered_explains_nothing_else() {
    let text = "next - a 1-- unknown key=k\nnext x a 3-4 ok 1 key=k\nrenew y a 5-6 ok 1";
    assert_eq!(of_calls(text), [Rule::EffectWithoutGrant]);
    assert_eq!(of_calls("next - a 1-- unknown key=k\nnext x a 5-6 ok 1 key=k\nprogress x a 3-4 ok 1"), []);
}

#[test]
fn calls_whose_clock_went_back_order_nothing() {
    assert_eq!(of_calls("claim x a 9-2 ok 2\nclaim x b 10-11 ok 1\nrenew x b 12-13 ok 1"), []);
}

#[test]
fn calls_that_say_too_little_are_counted() {
    let judgement = judge(&calls("claim x a 1-2 ok\nclaim - a 1-2 ok 1\nprogress x a 3-4 ok\nblock x z 5-6 ok"), None);
    assert_eq!((rules(&judgement), judgement.unjudged), (vec![], 3));
}

const LIFE: &str = "
    1 added x - -
    2 claimed x a 1
    4 renewed x a 1
    5 progressed x a 1
    6 released x a 1
    7 blocked x - -
    8 unblocked x - -
    9 claimed x b 2
   10 lapsed x b 2
   11 claimed x a 3
   12 blocked x a 3
   13 unblocked x - -
   14 claimed x c 4
   15 result_kept x c 4
   16 submitted x c 4>5
   17 rejected x - 5
   18 claimed x a 6
   19 failed x a 6
   20 resubmitted x - 7
   21 landed x - 7
   22 reverted x - -
   23 claimed x a 8
   24 cancelled x - -";

#[test]
fn a_whole_life_in_the_log_is_sound() {
    assert_eq!(of_log(LIFE), []);
    assert_eq!(judge(&[], Some(&log(LIFE))).events, 23);
}

#[test]
fn two_grants_with_no_end_between_them_mean_held_twice() {
    let judgement = judge(&[], Some(&log("1 claimed x a 1\n2 progressed x a 1\n3 claimed x b 2")));
    assert_eq!(rules(&judgement), [Rule::HeldTwice]);
    assert_eq!((judgement.double_grants, &judgement.violations[0].seqs), (1, &vec![1, 3]));
    assert_eq!(of_log("1 claimed x a 1\n2 submitted x a 1>2\n3 claimed x b 3"), [Rule::HeldTwice]);
    assert_eq!(of_log("1 claimed x a 1\n2 resubmitted x - 2"), [Rule::HeldTwice]);
    assert_eq!(of_log("1 claimed x a 1\n2 claimed y b 1"), []);
}

#[test]
fn fences_in_the_log_rise() {
    assert_eq!(of_log("1 claimed x a 2\n2 released x a 2\n3 claimed x b 1"), [Rule::FenceNotIncreasing]);
    assert_eq!(of_log("1 claimed x a 2\n2 released x a 2\n3 claimed x b 2"), [Rule::DoubleGrant]);
    assert_eq!(of_log("1 claimed x a 2\n2 submitted x a 2>2"), [Rule::DoubleGrant]);
    assert_eq!(of_log("1 claimed x a 1\n2 submitted x a 1>2\n3 rejected x\n4 claimed x a 2"), [Rule::DoubleGrant]);
}

#[test]
fn what_a_holder_does_falls_into_its_hold() {
    assert_eq!(of_log("1 claimed x a 1\n2 lapsed x a 1\n3 reported x a 1"), [Rule::StaleEffect]);
    assert_eq!(
        of_log("1 claimed x a 1\n2 lapsed x a 1\n3 claimed x b 2\n4 progressed x a 1\n5 failed x b 2"),
        [Rule::StaleEffect]
    );
    assert_eq!(of_log("1 claimed x a 1\n2 progressed x b 1"), [Rule::EffectWithoutGrant]);
    assert_eq!(of_log("1 added x\n2 progressed x b 1"), [Rule::EffectWithoutGrant]);
    assert_eq!(of_log("1 claimed x a 1\n2 submitted x a 1>2\n3 progressed x a 2"), [Rule::EffectWithoutGrant]);
    assert_eq!(of_log("1 claimed x a 1\n2 landed x - 1"), [Rule::EffectWithoutGrant]);
    assert_eq!(of_log("1 claimed x a 1\n2 lapsed x - 1\n3 lapsed x - 1"), [Rule::StaleEffect]);
}

#[test]
fn the_numbers_of_the_log_rise_and_the_rest_is_judged_in_their_order() {
    let text = "2 progressed x a 1\n1 claimed x a 1\n3 reported x a 1";
    assert_eq!(of_log(text), [Rule::LogOutOfOrder]);
    assert_eq!(of_log("1 added x\n1 added y"), [Rule::LogOutOfOrder]);
}

#[test]
fn an_acknowledged_grant_that_the_log_lacks_is_found() {
    assert_eq!(of_both("claim x a 1-2 ok 1", "1 added x"), [Rule::GrantNotInLog]);
    assert_eq!(of_both("claim x a 1-2 ok 1", "1 claimed x b 1"), [Rule::GrantNotInLog]);
    assert_eq!(of_both("claim x a 1-2 ok 1", "1 claimed x a 1"), []);
}

#[test]
fn twenty_acknowledged_calls_need_twenty_entries() {
    let calls_text = format!("claim x a 1-2 ok 1{}", "\nprogress x a 3-4 ok 1".repeat(20));
    let log_of = |n: i64| {
        let entries = (2..2 + n).map(|seq| format!("\n{seq} progressed x a 1"));
        format!("1 claimed x a 1{}", entries.collect::<String>())
    };
    assert_eq!(of_both(&calls_text, &log_of(20)), []);
    assert_eq!(of_both(&calls_text, &log_of(25)), [], "some callers were killed before they saw the answer");
    let judgement = judge(&calls(&calls_text), Some(&log(&log_of(17))));
    assert_eq!((rules(&judgement), judgement.lost_updates), (vec![Rule::LostUpdate], 3));
    assert!(judgement.violations[0].text.contains("20 times"), "{}", judgement.violations[0].text);
}

#[test]
fn a_report_is_in_the_log_as_done_as_submitted_or_as_a_kept_result() {
    let report = "claim x a 1-2 ok 1\nreport x a 3-4 ok 1";
    for entry in ["2 reported x a 1", "2 submitted x a 1>2", "2 result_kept x a 1"] {
        assert_eq!(of_both(report, &format!("1 claimed x a 1\n{entry}")), [], "{entry}");
    }
    assert_eq!(of_both(report, "1 claimed x a 1\n2 failed x a 1"), [Rule::LostUpdate]);
}

#[test]
fn a_hand_off_ends_one_hold_and_begins_another() {
    let begin = "1 claimed x a 1\n2 handed_off x a 1>2 b";
    assert_eq!(of_log(&format!("{begin}\n3 progressed x b 2\n4 reported x b 2")), []);
    assert_eq!(of_log(&format!("{begin}\n3 progressed x a 1")), [Rule::StaleEffect]);
    assert_eq!(of_log(&format!("{begin}\n3 progressed x a 2")), [Rule::EffectWithoutGrant]);
    assert_eq!(of_log(&format!("{begin}\n3 claimed x c 3")), [Rule::HeldTwice]);
    assert_eq!(of_log("1 claimed x a 1\n2 offered x a 1\n3 claimed x c 2"), []);
    // What was handed off was never claimed; the log explains the hold.
    assert_eq!(of_both("progress x b 3-4 ok 2", &format!("{begin}\n3 progressed x b 2")), []);
}

#[test]
fn calls_without_a_fence_take_what_those_with_one_leave() {
    let log_text = "1 claimed x a 1\n2 progressed x a 1\n3 progressed x a 1\n4 released x a 1\n5 blocked x - -";
    let calls_text = "progress x a 3-4 ok\nprogress x a 3-4 ok 1\nblock x z 8-9 ok";
    assert_eq!(of_both(calls_text, log_text), []);
    assert_eq!(of_both(&format!("{calls_text}\nprogress x a 3-4 ok"), log_text), [Rule::LostUpdate]);
}

#[test]
fn a_repeated_request_needs_one_entry() {
    let calls_text = "claim x a 1-- unknown key=k\nclaim x a 2-3 ok 1 key=k\nclaim x a 4-5 ok 1 key=k";
    assert_eq!(of_both(calls_text, "1 claimed x a 1"), []);
}

#[test]
fn with_a_log_it_is_the_log_that_says_what_an_unknown_claim_was_granted() {
    let calls_text = "claim x a 1-- unknown\nprogress x a 3-4 ok 1";
    assert_eq!(of_both(calls_text, "1 claimed x a 1\n2 progressed x a 1"), []);
    let rules = of_both(calls_text, "1 added x\n2 progressed x a 1");
    assert!(!rules.is_empty() && rules.iter().all(|rule| *rule == Rule::EffectWithoutGrant), "{rules:?}");
}

#[test]
fn a_hundred_thousand_calls_on_one_item_are_judged_in_one_go() {
    let line = |n: i64| {
        let (claimed, done) = (4 * n, 4 * n + 2);
        format!("claim x a {claimed}-{} ok {n}\nrelease x a {done}-{} ok {n}\n", claimed + 1, done + 1)
    };
    let entry = |n: i64| format!("{} claimed x a {n}\n{} released x a {n}\n", 2 * n, 2 * n + 1);
    let (calls, log): (String, String) = ((0..50_000).map(line).collect(), (0..50_000).map(entry).collect());
    assert_eq!(of_both(&calls, &log), []);
}

#[test]
fn every_verb_and_every_rule_has_a_word_of_its_own() {
    for word in ["claim", "renew", "progress", "report", "fail", "release", "block", "push"] {
        assert_eq!(Op::from_word(word).word(), word);
    }
    let words: std::collections::BTreeSet<&str> = Rule::ALL.iter().map(|rule| rule.word()).collect();
    assert_eq!(words.len(), Rule::ALL.len());
}
