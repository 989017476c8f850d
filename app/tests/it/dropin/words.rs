//! Every other word.

use super::helper::Helper;
use crate::support::World;

#[test]
fn help_ends_well_and_an_unknown_word_ends_with_two_and_the_nearest_one() {
    let world = World::new();
    let helper = Helper::new(&world);
    assert!(helper.says(&["help"]).done().contains("COORDINATION_DIR"));
    let typo = helper.says(&["compleet", "work_1"]);
    assert_eq!((typo.code, typo.out.as_str()), (2, ""));
    assert!(typo.err.contains("did you mean complete?"), "{typo:?}");
    assert_eq!(helper.says(&[]).code, 2);
    assert!(!helper.folder.exists(), "none of this needs a store");
}

#[test]
fn each_word_that_is_not_answered_yet_says_so_and_ends_with_two() {
    let world = World::new();
    let helper = Helper::new(&world);
    let table = helper.says(&["help", "--json"]).json();
    let words = table["words"].as_array().expect("a list");
    let names = |row: &serde_json::Value| {
        let aliases = row["aliases"].as_array().expect("a list").iter();
        let names = aliases.chain([&row["word"]]).map(|name| name.as_str().expect("a name").to_owned());
        names.collect::<Vec<_>>()
    };
    assert_eq!(words.iter().map(|row| names(row).len()).sum::<usize>(), 100);
    let none = |row: &&serde_json::Value| matches!(row["answered"].as_str(), Some("not yet" | "no"));
    let later: Vec<String> = words.iter().filter(none).flat_map(names).collect();
    assert!(later.len() > 30, "{later:?}");
    for name in later {
        let refused = helper.says(&[&name]);
        assert_eq!((refused.code, refused.out.as_str()), (2, ""), "{name}: {refused:?}");
        assert!(refused.err.contains(" is not "), "{name}: {refused:?}");
    }
}

#[test]
fn a_word_that_nexus_has_a_command_for_is_that_command_on_the_same_folder() {
    let world = World::new();
    let helper = Helper::new(&world);
    let id = helper.claim("Fix the parser");
    let listed = helper.says(&["list-work", "--json"]).json();
    assert_eq!(listed[0]["id"], id.as_str());
    assert!(helper.says(&["status"]).done().contains(&id), "it is held");
    assert!(helper.says(&["logs"]).done().contains("work.claimed"));
    assert!(helper.says(&["list-agents"]).done().contains("zoe"));
    helper.says(&["handle-agent-failure", "zoe"]).done();
    assert_eq!(helper.nexus(&["work", "show", &id]).done().text("state"), "ready", "its work is given back");
    assert_eq!(helper.says(&["progress", &id, "5"]).code, 5);
}

#[test]
fn claim_intelligent_says_that_no_model_was_asked() {
    let world = World::new();
    let helper = Helper::new(&world);
    for word in ["claim-intelligent", "claim-ai"] {
        let said = helper.says(&[word, "bug", "Fix it"]).done();
        assert!(said.contains("no model was asked") && said.contains("✅ SUCCESS"), "{said}");
        assert!(said.contains("⚠️ Claude work recommendation unavailable"), "{said}");
    }
}
