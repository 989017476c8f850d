//! Whether the store is there, as the server sees it.

use super::client::get;
use super::server::Place;

#[test]
fn health_names_the_version_the_uptime_and_the_last_log_entry() {
    let place = Place::new();
    let up = place.up();
    assert_eq!(get(up.at, "/api/health").json()["last_seq"], 0);
    place.add("one");
    let answer = get(up.at, "/api/health");
    let said = answer.json();
    assert_eq!((answer.status, said["status"].as_str(), said["store"].as_str()), (200, Some("ok"), Some("ok")));
    assert_eq!((said["last_seq"].as_i64(), said["version"].as_str()), (Some(1), Some(env!("CARGO_PKG_VERSION"))));
    assert!(said["uptime_ms"].is_u64());
}

#[test]
fn health_fails_when_the_file_of_the_store_is_gone_replaced_or_overwritten() {
    type BreakIt = fn(&Place);
    let ways: [(&str, BreakIt); 3] = [
        ("store_gone", |place| std::fs::remove_file(place.store()).expect("it is there")),
        ("store_replaced", |place| {
            let other = place.store().with_extension("other");
            std::fs::copy(place.store(), &other).expect("there is room");
            std::fs::rename(other, place.store()).expect("it is the same folder");
        }),
        // What the store makes of rubbish depends on what it had read before.
        ("store_", |place| {
            for file in [place.store(), place.store().with_extension("db-wal")] {
                std::fs::write(file, "no store at all").expect("it can be written");
            }
        }),
    ];
    for (code, break_it) in ways {
        let place = Place::new();
        let up = place.up();
        assert_eq!(get(up.at, "/api/health").status, 200);
        break_it(&place);
        let answer = get(up.at, "/api/health");
        let said = answer.json();
        assert_eq!((answer.status, said["status"].as_str()), (503, Some("failed")), "{code}");
        assert!(said["code"].as_str().is_some_and(|word| word.starts_with(code)), "{said}");
        assert!(said["last_seq"].is_null() && said["uptime_ms"].is_u64() && said["version"].is_string());
    }
}
