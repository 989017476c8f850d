//! Locks by name.

use super::*;

fn free() -> Lock {
    Lock::new("port 4000".parse().expect("a name"))
}

#[test]
fn one_agent_at_a_time_has_a_lock_and_fences_rise() {
    let first = free().acquire(&agent("ann"), ttl(5_000), NOW).expect("it is free");
    assert_eq!(first.fence.number(), 1);
    for by in ["ann", "bob"] {
        let refused = first.acquire(&agent(by), ttl(5_000), NOW.plus_millis(4_999));
        assert_eq!(refused.expect_err("it is held").code(), "held");
    }
    let second = first.acquire(&agent("bob"), ttl(5_000), NOW.plus_millis(5_000)).expect("its time is over");
    assert_eq!(second.fence.number(), 2);
    assert_eq!(first.release(&held("ann", 1)).expect("she holds it").fence.number(), 1);
    let third = second.release(&held("bob", 2)).expect("he holds it").acquire(&agent("ann"), ttl(5_000), NOW);
    assert_eq!(third.expect("it is free").fence.number(), 3);
}

#[test]
fn a_stale_fence_does_nothing_to_a_lock() {
    let first = free().acquire(&agent("ann"), ttl(5_000), NOW).expect("it is free");
    let second = first.acquire(&agent("bob"), ttl(5_000), NOW.plus_millis(5_000)).expect("its time is over");
    for stale in [held("ann", 1), held("ann", 2), held("bob", 1)] {
        assert_eq!(second.renew(&stale, ttl(5_000), NOW).expect_err("it is stale").code(), "lease_lost");
        assert_eq!(second.release(&stale).expect_err("it is stale").code(), "lease_lost");
    }
}

#[test]
fn a_renewal_lengthens_a_hold_even_when_it_is_late_and_nobody_was_faster() {
    let first = free().acquire(&agent("ann"), ttl(5_000), NOW).expect("it is free");
    let later = first.renew(&held("ann", 1), ttl(5_000), NOW.plus_millis(9_000)).expect("nobody took it");
    assert_eq!(later.until, NOW.plus_millis(14_000));
    assert_eq!(first.renew(&held("ann", 1), ttl(1_000), NOW).expect("she holds it").until, first.until);
}
