//! What items write, and who is kept out.

use std::collections::BTreeSet;

use super::*;

fn set(globs: &[&str]) -> Result<WriteSet, BadWrites> {
    WriteSet::new(&globs.iter().map(|it| (*it).to_owned()).collect::<BTreeSet<_>>())
}

fn taken(n: u64, by: &str, globs: &[&str], exclusive: bool) -> Reservation {
    Reservation { id: WorkId::numbered(n), holder: agent(by), writes: set(globs).expect("patterns"), exclusive }
}

#[test]
fn overlaps_are_told_with_their_holders_and_keep_nobody_out() {
    let in_flight = [taken(1, "ann", &["src/**", "docs/*"], false), taken(2, "bob", &["tests/**"], false)];
    let mine = set(&["src/parser.rs"]).expect("patterns");
    let told = beside(&WorkId::numbered(3), &mine, false, &in_flight).expect("nothing is exclusive");
    assert_eq!(told, [Conflict { id: WorkId::numbered(1), holder: agent("ann"), globs: vec!["src/**".into()] }]);
}

#[test]
fn what_is_exclusive_waits_for_others_and_others_wait_for_it() {
    let mine = set(&["src/parser.rs"]).expect("patterns");
    let id = WorkId::numbered(3);
    let shared = [taken(1, "ann", &["src/**"], false)];
    assert!(matches!(beside(&id, &mine, true, &shared), Err(Closed::Overlap { holder, .. }) if holder == agent("ann")));
    let alone = [taken(1, "ann", &["src/**"], true)];
    assert!(matches!(beside(&id, &mine, false, &alone), Err(Closed::Overlap { .. })));
    assert_eq!(beside(&id, &set(&["docs/**"]).expect("patterns"), true, &alone), Ok(vec![]));
    assert_eq!(beside(&id, &WriteSet::default(), false, &alone), Ok(vec![]));
    assert_eq!(beside(&WorkId::numbered(1), &mine, true, &alone), Ok(vec![]), "an item is not in its own way");
}

#[test]
fn patterns_that_explode_are_refused() {
    assert!(matches!(set(&["{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}{a,b}"]), Err(BadWrites::TooMany)));
    let long = "x".repeat(900);
    let many: Vec<String> = (0..5).map(|n| format!("{n}{long}")).collect();
    assert!(matches!(set(&many.iter().map(String::as_str).collect::<Vec<_>>()), Err(BadWrites::TooMany)));
    assert!(matches!(set(&["../x"]), Err(BadWrites::Glob(_))));
    let draft = Draft { title: "t".into(), exclusive: true, ..Draft::default() };
    assert!(Plan::try_from(draft).is_err());
}
