//! The link with the name of the older tool.

use std::fs;

use super::helper::{Helper, run};
use crate::support::{World, text};

#[test]
fn a_link_is_made_once_and_takes_no_other_files_place_unless_told() {
    let world = World::new();
    let folder = world.beside("tools");
    fs::create_dir_all(&folder).expect("the folder is ours");
    let shown = folder.to_string_lossy().into_owned();
    let path = folder.join("coordination_helper.sh");
    fs::write(&path, "the older tool").expect("the folder is ours");
    let refused = world.nexus(&["coordination", "link", &shown]).run();
    assert_eq!((refused.code, refused.problem()), (Some(3), "exists"));
    assert_eq!(text(&path), "the older tool");
    assert_eq!(world.nexus(&["coordination", "link", &shown, "--force"]).done().json["created"], true);
    assert_eq!(world.nexus(&["coordination", "link", &shown]).done().json["created"], false);
    assert_eq!(fs::read_dir(&folder).expect("it is there").count(), 1, "nothing else is left");
    let help = run(world.command(&path).arg("help")).done();
    assert!(help.contains("claim TYPE DESCRIPTION"), "{help}");
    let nowhere = world.nexus(&["coordination", "link", &world.beside("nowhere").to_string_lossy()]).run();
    assert_eq!((nowhere.code, nowhere.problem()), (Some(1), "not_found"));
}

#[test]
fn a_copy_is_the_older_tool_too() {
    let world = World::new();
    let helper = Helper::new(&world);
    let copy = world.beside("copy");
    fs::create_dir_all(&copy).expect("the folder is ours");
    let copy = copy.join("coordination_helper.sh");
    fs::copy(env!("CARGO_BIN_EXE_nexus"), &copy).expect("there is room");
    let said = run(world.command(&copy).args(["claim", "bug", "x"]).env("COORDINATION_DIR", &helper.folder));
    assert!(said.done().contains("✅ SUCCESS"));
}
