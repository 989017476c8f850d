//! The steps about locks and reservations.

use super::Step;
use super::work::words;

pub const STEPS: &[Step] = &[
    ("{} takes the lock {}", |s, a, _| s.act(["lock", "acquire", a[1], "--agent", a[0], "--ttl", "1h"])),
    ("{} takes the lock {} with {}", |s, a, _| {
        s.act(["lock", "acquire", a[1], "--agent", a[0]].into_iter().chain(words(a[2])));
    }),
    ("{} renews the lock {} under fence {}", |s, a, _| {
        s.act(["lock", "renew", a[1], "--agent", a[0], "--fence", a[2]]);
    }),
    ("{} gives the lock {} under fence {} back", |s, a, _| {
        s.act(["lock", "release", a[1], "--agent", a[0], "--fence", a[2]]);
    }),
    // What follows looks.
    ("the lock is under fence {}", |s, a, _| assert_eq!(s.success()["fence"].to_string(), a[0])),
    ("{} lock is held", |s, a, _| {
        assert_eq!(s.success().as_array().expect("a list").len().to_string(), a[0]);
    }),
];
