//! The steps about budgets.

use super::Step;

pub const STEPS: &[Step] = &[
    ("the limit on {} is {}", |s, a, _| assert_eq!(s.success()["limits"][a[0]].to_string(), a[1])),
    ("its limit on {} is {}", |s, a, _| {
        assert_eq!(s.success()["accounts"][0]["limits"][a[0]].to_string(), a[1]);
    }),
    ("{} account is shown", |s, a, _| {
        assert_eq!(s.success()["accounts"].as_array().expect("a list").len().to_string(), a[0]);
    }),
    ("the log has {} of {}", |s, a, _| {
        let said = &s.answer().out;
        let of = format!("\"name\":\"{}\",\"subject\":\"{}\"", a[0], a[1]);
        assert!(said.contains(&of), "{said}");
    }),
    ("there is nothing to see", |s, _, _| assert_eq!(s.success(), serde_json::json!([]))),
    ("it was in no trouble", |s, _, _| assert_eq!(s.success()["was_in_trouble"], false)),
];
