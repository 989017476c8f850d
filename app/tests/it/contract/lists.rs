//! Lists: arrays, in order, a page at a time.

use serde_json::Value;

use crate::features::world::{World, text, write};

/// Reads a list page by page, and compares it with the whole.
fn pages(world: &World, list: &[&str], id: &str) -> usize {
    let whole = world.ok(list);
    let whole = whole.as_array().expect("an array");
    let (mut after, mut read) = (None::<String>, Vec::<Value>::new());
    for _ in 0..=whole.len() {
        let mut args: Vec<String> = list.iter().map(|&arg| arg.to_owned()).collect();
        args.extend(["--limit".to_owned(), "2".to_owned()]);
        args.extend(after.iter().flat_map(|after| ["--after".to_owned(), after.clone()]));
        let page = world.ok(&args);
        let page = page.as_array().expect("an array");
        assert!(page.len() <= 2);
        let Some(last) = page.last() else { break };
        after = Some(text(last, id));
        read.extend(page.iter().cloned());
    }
    // Why an agent seems to be doing what it does says how long ago, which goes on between two pages.
    let timeless = |rows: &[Value]| {
        let mut rows = rows.to_vec();
        rows.iter_mut().filter_map(Value::as_object_mut).for_each(|row| drop(row.remove("reason")));
        rows
    };
    assert_eq!(timeless(&read), timeless(whole), "{list:?}");
    whole.len()
}

#[test]
fn lists_page_with_limit_and_after() {
    let world = World::new();
    for n in 0..5 {
        let id = world.add(&format!("item {n}"));
        let (fence, folder) = world.open(&id, &format!("agent {n}"));
        write(&folder.join(format!("{n}.txt")), "x\n");
        world.report(&id, &format!("agent {n}"), &fence);
    }
    for (list, id) in [("work", "id"), ("change", "id"), ("workspace", "id"), ("agent", "name")] {
        assert_eq!(pages(&world, &[list, "list"], id), 5, "{list}");
    }
    assert_eq!(pages(&world, &["work", "list", "--state", "submitted"], "id"), 5);
    assert_eq!(pages(&world, &["change", "list", "--state", "queued"], "id"), 5);
    assert_eq!(world.ok(["work", "list", "--state", "dead"]), serde_json::json!([]));
}

#[test]
fn a_list_for_people_says_that_there_is_more_and_how_to_get_it() {
    let world = World::new();
    let ids: Vec<String> = (0..3).map(|n| world.add(&format!("item {n}"))).collect();
    let page = crate::features::world::said(&mut world.nexus(["work", "list", "--limit", "2"]));
    assert!(page.out.contains(&format!("--after {}", ids[1])), "{}", page.out);
    let last = crate::features::world::said(&mut world.nexus(["work", "list", "--limit", "2", "--after", &ids[1]]));
    assert!(!last.out.contains("--after"), "{}", last.out);
}

#[test]
fn an_unknown_state_or_limit_is_refused_with_what_may_stand_there() {
    let world = World::new();
    let refused = world.run(["work", "list", "--state", "finished"]);
    assert_eq!(refused.refusal(2), "usage");
    assert!(refused.out.contains("cancelled"), "{}", refused.out);
    for limit in ["0", "-1", "1001", "many", "99999999999999999999"] {
        assert_eq!(world.run(["work", "list", "--limit", limit]).refusal(2), "usage", "{limit}");
    }
    assert_eq!(world.run(["work", "list", "--after", "yesterday"]).refusal(2), "usage");
    assert_eq!(world.run(["events", "--after", "yesterday"]).refusal(2), "usage");
}
