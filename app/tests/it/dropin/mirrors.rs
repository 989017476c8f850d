//! The files that scripts read.

use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use super::helper::{Helper, run};
use crate::support::{Seed, World, text, until};

fn read(folder: &Path, name: &str) -> Value {
    serde_json::from_str(&text(&folder.join(name))).expect("it is JSON")
}

fn status(folder: &Path, id: &str) -> Option<String> {
    let claims = read(folder, "work_claims.json");
    let row = claims.as_array()?.iter().find(|row| row["work_item_id"] == id)?.clone();
    Some(row["status"].as_str()?.to_owned())
}

#[test]
fn each_word_leaves_the_files_as_the_store_stands() {
    let world = World::new();
    let helper = Helper::new(&world);
    let folder = helper.folder.clone();
    let id = helper.claim("Fix the parser");
    assert_eq!(status(&folder, &id).as_deref(), Some("active"));
    assert_eq!(read(&folder, "work_claims.json")[0]["agent_id"], "zoe");
    helper.says(&["progress", &id, "40", "reviewing"]).done();
    let row = read(&folder, "work_claims.json")[0].clone();
    assert_eq!((&row["progress"], &row["status"]), (&40.into(), &"reviewing".into()));
    helper.says(&["complete", &id, "success", "8"]).done();
    assert_eq!(status(&folder, &id).as_deref(), Some("completed"));
    assert_eq!(read(&folder, "work_claims.json")[0]["agent_id"], "zoe");
    assert_eq!(read(&folder, "coordination_log.json")[0]["velocity_points"], 8);
    assert_eq!(read(&folder, "agent_status.json")[0]["agent_id"], "zoe");
    assert!(text(&folder.join("velocity_log.txt")).contains("Team autonomous_team +8 velocity points"));
}

#[test]
fn files_of_the_older_tool_are_moved_away_and_never_written_over() {
    let world = World::new();
    let helper = Helper::new(&world);
    fs::create_dir_all(&helper.folder).expect("the folder is ours");
    let old = "[{\"work_item_id\":\"work_7\",\"work_type\":\"bug\",\"status\":\"pending\",\"description\":\"old\"}]";
    fs::write(helper.folder.join("work_claims.json"), old).expect("the folder is ours");
    let said = helper.says(&["claim", "bug", "new"]);
    assert_eq!(said.code, 0, "{said:?}");
    assert!(said.err.contains("were moved to"), "{said:?}");
    let aside = helper.folder.join("before-nexus");
    assert_eq!(text(&aside.join("work_claims.json")), old);
    let path = aside.to_string_lossy().into_owned();
    assert_eq!(helper.nexus(&["work", "import", "--format", "coordination", &path]).done().number("imported"), 1);
    helper.says(&["dashboard"]).done();
    assert_eq!(read(&helper.folder, "work_claims.json").as_array().map(Vec::len), Some(2));
}

#[test]
fn after_many_words_at_once_the_files_have_all_of_them() {
    let world = World::new();
    let helper = Helper::new(&world);
    let said = Seed::new().all_at_once(20, Duration::from_millis(20), |n| {
        run(helper.command(&["claim", "bug", &format!("item {n}")]).env("AGENT_ID", format!("agent-{n}")))
    });
    said.into_iter().for_each(|it| drop(it.done()));
    assert_eq!(read(&helper.folder, "work_claims.json").as_array().map(Vec::len), Some(20));
    let left = fs::read_dir(&helper.folder).expect("it is there").flatten();
    let left = left.filter(|entry| entry.file_name().to_string_lossy().starts_with(".nexus-mirror-")).count();
    assert_eq!(left, 0, "nothing is left beside them");
}

#[test]
fn up_keeps_the_files_up_to_date_after_commits_of_others() {
    let world = World::new();
    let folder = world.beside("mirror");
    let serving = world
        .nexus(&["up", "--port", "0", "--repo", "/", "--data-dir", &world.repo().join(".nexus").to_string_lossy()])
        .env("NEXUS_MIRROR_DIR", &folder.to_string_lossy())
        .start();
    until("the first files", || folder.join("velocity_log.txt").exists().then_some(()));
    let id = world.add("By other means");
    until("the item in the file", || (status(&folder, &id).as_deref() == Some("pending")).then_some(()));
    world.claim(&id, "zoe").done();
    until("its holder in the file", || (status(&folder, &id).as_deref() == Some("active")).then_some(()));
    drop(serving);
}
