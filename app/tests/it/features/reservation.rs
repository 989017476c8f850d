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
    ("{} claims {} writing {}", |s, a, _| s.claim(a[0], a[1], &["--ttl", "1h", "--writes", a[2]])),
    // What follows looks.
    ("{} is in conflict with it, writing {}", |s, a, _| {
        let item = s.success();
        let others = item["conflicts"].as_array().expect("a list");
        assert_eq!(
            (others.len(), &others[0]["holder"], &others[0]["globs"][0]),
            (1, &a[0].into(), &a[1].into()),
            "{item}"
        );
    }),
    ("the lock is under fence {}", |s, a, _| assert_eq!(s.success()["fence"].to_string(), a[0])),
    ("{} lock is held", |s, a, _| {
        assert_eq!(s.success().as_array().expect("a list").len().to_string(), a[0]);
    }),
];
