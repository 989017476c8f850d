use proptest::prelude::*;

use super::*;
use crate::time::Timestamp;

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millis(ms)
}

fn tokens(tokens: u64) -> Amounts {
    Amounts { tokens, ..Amounts::default() }
}

fn want(n: u64) -> Want {
    Want { keep: tokens(n), ..Want::default() }
}

fn most(n: u64) -> Limits {
    Limits { tokens: Some(n), ..Limits::default() }
}

#[test]
fn accounts_read_back_as_they_were_written() {
    for text in ["org", "project", "run:night/7 ü", "run:*", "item:work_12", "item:*", "attempt:work_12/3", "attempt:*"]
    {
        assert_eq!(text.parse::<Account>().expect(text).to_string(), text);
    }
    for bad in [
        "",
        "orgs",
        "org:x",
        "project:",
        "run",
        "run:",
        "run:a\nb",
        "item:12",
        "attempt:work_1",
        "attempt:work_1/0",
        "attempt:work_1/01",
    ] {
        assert!(bad.parse::<Account>().is_err(), "{bad:?}");
    }
}

#[test]
fn spending_counts_in_every_account_from_the_root_down() {
    let id = crate::id::WorkId::numbered(7);
    let spender = Spender { run: Some("night".into()), item: Some((id, crate::work::Fence::new(2))) };
    let all: Vec<_> = spender.accounts().iter().map(ToString::to_string).collect();
    assert_eq!(all, ["org", "project", "run:night", "item:work_7", "attempt:work_7/2"]);
    assert_eq!(Spender::default().accounts().len(), 2);
}

#[test]
fn what_is_spent_is_refused_and_says_how_much() {
    let full = Balance { spent: tokens(100), ..Balance::default() };
    let refused = full.reserve(&most(100), &want(1));
    assert_eq!(refused, Err(Refusal::Spent { measure: Measure::Tokens, limit: 100, spent: 100, reserved: 0 }));
    assert!(full.reserve(&Limits::default(), &want(u64::MAX)).is_ok(), "no limit is no limit");
    let attempt = Want { keep: Amounts { attempts: 1, ..Amounts::default() }, ..Want::default() };
    assert!(full.reserve(&most(100), &attempt).is_ok(), "it wants none of what is spent");
    let first = Want { room: tokens(1), ..attempt };
    assert!(full.reserve(&most(100), &first).is_err(), "an agent that could not call is not started");
}

#[test]
fn the_last_of_a_budget_can_be_used_by_one_call_and_by_no_two_at_once() {
    let near = Balance { spent: tokens(99), ..Balance::default() };
    let one = near.reserve(&most(100), &want(50)).expect("it is alone");
    assert!(matches!(one.reserve(&most(100), &want(1)), Err(Refusal::Busy { .. })));
    let settled = one.settle(tokens(50), tokens(40));
    assert_eq!(settled.spent.tokens, 139);
    assert!(matches!(settled.reserve(&most(100), &want(1)), Err(Refusal::Spent { .. })));
    assert_eq!(one.release(tokens(50)), near);
}

#[test]
fn what_nobody_knows_the_price_of_is_not_let_through_where_money_is_limited() {
    let unpriced = Want { unpriced: true, ..want(1) };
    let money = Limits { usd_micros: Some(5), ..Limits::default() };
    assert_eq!(Balance::default().reserve(&money, &unpriced), Err(Refusal::Unpriced { limit: 5 }));
    assert!(Balance::default().reserve(&most(5), &unpriced).is_ok());
}

#[test]
fn limits_of_every_item_count_for_those_that_have_none() {
    assert_eq!(Limits::default().or(most(5)), most(5));
    assert_eq!(most(7).or(most(5)), most(7));
    let account: Account = "item:work_1".parse().expect("an account");
    assert_eq!(account.every().map(|it| it.to_string()).as_deref(), Some("item:*"));
    assert_eq!(Account::org().every(), None);
}

#[test]
fn what_lost_its_owner_counts_in_full_but_for_the_time_that_did_not_go_by() {
    let kept = Amounts { tokens: 10, wall_ms: 60_000, attempts: 1, usd_micros: 4 };
    assert_eq!(abandoned(kept, 500), Amounts { wall_ms: 500, ..kept });
}

proptest! {
    /// I14: however calls are reserved and settled among each other, no account is overspent by more than one call.
    #[test]
    fn no_interleaving_overspends_an_account_by_more_than_one_call(
        limits in proptest::collection::vec(proptest::option::of(1_u64..300), 4),
        steps in proptest::collection::vec((0_usize..3, 1_u64..120, 0_u64..=100, any::<bool>()), 1..80),
    ) {
        // The root and three accounts under it.
        let limits: Vec<_> = limits.into_iter().map(|tokens| Limits { tokens, ..Limits::default() }).collect();
        let mut balances = [Balance::default(); 4];
        let mut open: Vec<(usize, u64)> = Vec::new();
        for (child, wanted, part, begin) in steps {
            if begin || open.is_empty() {
                let chain = [0, child + 1];
                let after: Result<Vec<_>, _> =
                    chain.iter().map(|n| balances[*n].reserve(&limits[*n], &want(wanted))).collect();
                if let Ok(after) = after {
                    chain.iter().zip(after).for_each(|(n, it)| balances[*n] = it);
                    open.push((child, wanted));
                }
            } else {
                let (child, kept) = open.swap_remove(child % open.len());
                for n in [0, child + 1] {
                    balances[n] = balances[n].settle(tokens(kept), tokens(kept * part / 100));
                }
            }
            for (balance, limits) in balances.iter().zip(&limits) {
                let over = balance.spent.and(balance.reserved).tokens.saturating_sub(limits.tokens.unwrap_or(u64::MAX));
                prop_assert!(over < 120, "overspent by {} beyond one call", over);
            }
        }
        for (child, kept) in open {
            for n in [0, child + 1] {
                balances[n] = balances[n].release(tokens(kept));
            }
        }
        prop_assert!(balances.iter().all(|it| it.reserved == Amounts::default()), "nothing stays set aside");
    }
}

#[test]
fn the_same_tree_that_fails_the_same_checks_twice_is_stuck() {
    let one = |tree: &str, failing: &[&str]| Try {
        tree: tree.to_owned(),
        failing: failing.iter().map(ToString::to_string).collect(),
    };
    assert!(!stuck(&[]));
    assert!(!stuck(&[one("a", &["test"])]));
    assert!(stuck(&[one("a", &["test"]), one("a", &["test"])]));
    assert!(
        stuck(&[one("a", &["test", "lint"]), one("b", &["test"]), one("a", &["lint", "test"])]),
        "going in circles"
    );
    assert!(!stuck(&[one("a", &["test", "lint"]), one("a", &["test"])]), "another verdict is news");
    assert!(!stuck(&[one("a", &["test"]), one("b", &["test"])]), "another tree is progress");
    assert!(!stuck(&[one("a", &[]), one("a", &[])]), "what passes is not stuck");
}

#[test]
fn answers_of_providers_are_told_apart() {
    let day = 24 * 3_600 * 1_000;
    let reply = |status, retry_after_ms, resets_at: Option<i64>, text| Reply {
        status,
        retry_after_ms,
        resets_at: resets_at.map(at),
        text,
    };
    let slow = |for_ms| Some(Trouble::Throttled { for_ms });
    let over = |until: Option<i64>| Some(Trouble::Exhausted { until: until.map(at) });
    for (found, wanted) in [
        (reply(200, None, None, "billing"), None),
        (reply(401, None, None, ""), None),
        (reply(400, None, None, "max_tokens"), None),
        (reply(500, None, None, ""), None),
        (reply(403, None, None, "forbidden"), None),
        (reply(429, Some(1_000), None, "rate_limit_error"), slow(Some(1_000))),
        (reply(429, None, None, ""), slow(None)),
        (reply(529, None, None, "overloaded_error"), slow(None)),
        (reply(503, Some(9_000_000), None, ""), slow(Some(120_000))),
        (reply(429, Some(3_600_000), None, ""), over(Some(3_600_000))),
        (reply(429, None, None, "{\"code\":\"insufficient_quota\"}"), over(None)),
        (reply(429, Some(5), Some(7_200_000), "You have hit your usage limit"), over(Some(7_200_000))),
        (reply(402, None, None, ""), over(None)),
        (reply(403, None, None, "Billing hard limit"), over(None)),
        (reply(400, None, None, "Your credit balance is too low"), over(None)),
        (reply(402, Some(i64::MAX / 4), None, ""), over(Some(35 * day))),
    ] {
        assert_eq!(classify(&found, at(0)), wanted, "{found:?}");
    }
}

#[test]
fn throttling_backs_off_for_longer_each_time_and_ends_by_itself() {
    let slow = Trouble::Throttled { for_ms: None };
    let first = Breaker::default().tripped(slow, "slow down", at(0));
    assert_eq!(first.gate(at(0)), Gate::BackOff(at(1_000)));
    let second = first.tripped(slow, "slow down", at(0));
    assert_eq!(second.gate(at(0)), Gate::BackOff(at(2_000)));
    assert_eq!(second.gate(at(2_000)), Gate::Open);
    let later = (0..40).fold(second, |it, _| it.tripped(slow, "slow down", at(0)));
    assert_eq!(later.gate(at(0)), Gate::BackOff(at(60_000)));
    assert_eq!(Breaker::default().word(at(0)), "closed");
}

#[test]
fn an_exhausted_quota_pauses_all_until_one_probe_has_been_answered() {
    let over = Trouble::Exhausted { until: Some(at(5_000)) };
    let open = Breaker::default().tripped(over, "quota", at(0));
    assert_eq!((open.gate(at(4_999)), open.word(at(0))), (Gate::Exhausted(at(5_000)), "open"));
    let slowed = open.clone().tripped(Trouble::Throttled { for_ms: None }, "slow", at(1));
    assert_eq!(slowed, open, "a late throttle does not open it");
    assert_eq!(open.gate(at(5_000)), Gate::Probe);
    let probing = open.probing(at(5_000));
    assert_eq!(probing.gate(at(5_001)), Gate::Exhausted(at(125_000)), "one tries, the others wait");
    assert_eq!(probing.gate(at(125_000)), Gate::Probe, "the one that tried is gone");
    let again = probing.tripped(Trouble::Exhausted { until: None }, "quota", at(6_000));
    assert_eq!(again.gate(at(6_001)), Gate::Exhausted(at(6_000 + 900_000)));
}
