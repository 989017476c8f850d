//! What has to hold however a story went.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::Value;

use super::{World, text};

impl World {
    /// The calls that were written down, judged against the event log, are sound; comes back with the judgement.
    pub fn sound(&self) -> Value {
        let lines: Vec<String> =
            self.calls.lock().expect("no test panics while it has it").iter().map(Value::to_string).collect();
        let file = self.beside("calls.jsonl");
        fs::write(&file, lines.join("\n")).expect("the folder is ours");
        let judged = self.nexus(&["check-history", &file.to_string_lossy()]).run();
        assert!(judged.code == Some(0) && judged.json["sound"] == true, "{judged:?}\n{}", lines.join("\n"));
        judged.json
    }

    /// Repository and store are whole, state is what the events say, and every landing that was begun has ended.
    pub fn intact(&self) {
        self.git(&["fsck", "--strict", "--no-dangling"]);
        assert_eq!(
            self.repo().join(".nexus/nexus.db").exists(),
            self.database.is_none(),
            "the store is where it was asked for"
        );
        let doctor = self.nexus(&["doctor"]).run();
        assert!(doctor.code == Some(0) && doctor.json["well"] == true, "{doctor:?}");
        let events = self.events();
        let [begun, finished, undone] = ["landing.begun", "landing.finished", "landing.undone"]
            .map(|name| events.iter().filter(|event| event["name"] == name).count());
        assert_eq!(begun, finished + undone, "a landing was begun and not ended");
    }

    /// The branch, the index and the files of the main worktree are the same.
    pub fn clean(&self) {
        assert_eq!(self.git(&["status", "--porcelain"]), "", "files and index are those of HEAD");
        if self.shared {
            assert_eq!(self.git(&["rev-parse", "main"]), self.remote_tip(), "the branch is that of the remote");
        }
    }

    /// After pruning nothing is left of worktrees, checkouts and branches of ours.
    pub fn tidy(&self) {
        self.tidy_but_for(&[]);
    }

    /// The same; branches that agents made under these names may be there.
    pub fn tidy_but_for(&self, branches: &[&str]) {
        for clone in self.clones() {
            let pruned = self.nexus(&["workspace", "prune", "--older-than", "0s"]).at(&clone).done();
            assert_eq!(pruned.json["failed"], serde_json::json!([]), "{pruned:?}");
        }
        let listed = self.git(&["worktree", "list", "--porcelain"]);
        let worktrees: Vec<_> = listed.lines().filter(|line| line.starts_with("worktree ")).collect();
        assert_eq!(worktrees.len(), 1, "no worktree but the main one: {worktrees:?}");
        let there = self.git(&["for-each-ref", "--format=%(refname:lstrip=2)", "refs/heads"]);
        let left: Vec<_> = there.lines().filter(|it| *it != "main" && !branches.contains(it)).collect();
        assert!(left.is_empty(), "branches are left: {left:?}");
        for folder in ["worktrees", "quarantine", "checkouts"] {
            let left: Vec<_> = self.state_dirs().iter().flat_map(|dir| names(&dir.join(folder))).collect();
            assert!(left.is_empty(), "left in {folder}: {left:?}");
        }
        let doctor = self.nexus(&["doctor"]).done();
        let unwell = doctor.json["findings"].as_array().expect("findings").iter().any(|it| it["verdict"] != "ok");
        assert!(!unwell, "{doctor:?}");
    }

    fn state_dirs(&self) -> Vec<std::path::PathBuf> {
        let state = self.beside("state").join("nexus");
        names(&state).into_iter().map(|name| state.join(name)).collect()
    }

    /// Each item is done, by one landing, in one commit of the branch, whose file holds what the last holder wrote.
    pub fn landed_once(&self, items: &[String]) {
        let log = self.git(&["log", "--format=%H %(trailers:key=Nexus-Work,valueonly,separator=%x20)", "main"]);
        let mut commits: BTreeMap<&str, usize> = BTreeMap::new();
        for line in log.lines() {
            *commits.entry(line.split_once(' ').map_or("", |(_, id)| id)).or_default() += 1;
        }
        let (listed, events) = (self.nexus(&["work", "list"]).done(), self.events());
        for id in items {
            let item = listed.json.as_array().expect("a list").iter().find(|item| item["id"] == id.as_str());
            let item = item.unwrap_or_else(|| panic!("{id} was acknowledged and is gone"));
            assert_eq!(item["state"], "done", "{item:?}");
            let landed = events.iter().filter(|it| it["name"] == "work.landed" && it["subject"] == id.as_str());
            assert_eq!(landed.count(), 1, "{id} landed once");
            assert_eq!(commits.get(id.as_str()), Some(&1), "{id} has one commit: {log}");
            let made = text(&self.repo().join(format!("{id}.txt")));
            // The landing queue's fence is the one after the holder's.
            assert_eq!(made, made_text(id, item["fence"].as_i64().expect("a fence") - 1), "what its last holder wrote");
        }
        assert_eq!(log.lines().count(), items.len() + 1, "nothing else is in the branch: {log}");
    }

    /// Everything that agents say they wrote in a worktree can be read through some ref.
    pub fn nothing_lost(&self) {
        let clones = self.clones();
        let all = ["rev-list", "--objects", "--all", "--no-object-names"];
        let kept: Vec<String> = clones.iter().map(|clone| self.git_in(clone, &all)).collect();
        let kept: BTreeSet<&str> = kept.iter().flat_map(|listed| listed.lines()).collect();
        for name in names(&self.written()) {
            let copy = self.written().join(&name);
            let blob = self.git(&["hash-object", "--no-filters", &copy.to_string_lossy()]);
            assert!(kept.contains(blob.as_str()), "no ref has what was written as {name}: {:?}", text(&copy));
        }
    }

    /// All of the above, for a story that ends with every item landed.
    pub fn all_is_well(&self, items: &[String]) {
        self.tidy();
        self.intact();
        self.clean();
        self.landed_once(items);
        self.nothing_lost();
        self.sound();
    }
}

/// What a diligent agent writes for an item.
pub fn made_text(id: &str, fence: i64) -> String {
    format!("{id} under fence {fence}\n")
}

fn names(folder: &std::path::Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}
