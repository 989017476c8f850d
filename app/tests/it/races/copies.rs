//! A store that is copied while others work on it.

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;

use crate::support::{Engine, World, on_each_engine};

on_each_engine!(a_copy_made_under_load_is_the_store_at_one_moment_and_passes_every_audit);

fn a_copy_made_under_load_is_the_store_at_one_moment_and_passes_every_audit(engine: Engine) {
    let world = World::on(engine);
    let serving = world.serve();
    let over = AtomicBool::new(false);
    let folder = world.beside("copy");
    let (data, file) = (folder.to_string_lossy().into_owned(), folder.join("nexus.db"));
    let before = std::thread::scope(|threads| {
        for agent in ["left", "right"] {
            let (world, over) = (&world, &over);
            threads.spawn(move || {
                while !over.load(Ordering::SeqCst) {
                    let id = world.add("under load");
                    world.claim(&id, agent).with(&["--ttl", "1h"]).done();
                    world.says("report", &id, agent, 1).done();
                }
            });
        }
        world.nexus(&["audit", "seal"]).done();
        let before = world.events().len();
        let copied = world.nexus(&["store", "copy", "--to-file", &file.to_string_lossy()]).run();
        over.store(true, Ordering::SeqCst);
        assert_eq!(copied.code, Some(0), "{copied:?}");
        before
    });
    drop(serving);

    let of_copy = |args: &[&str]| {
        let mut command = world.command(env!("CARGO_BIN_EXE_nexus"));
        command.env_remove("NEXUS_DATABASE_URL").args(args).args(["--data-dir", &data, "--json"]);
        let output = command.output().expect("it can be started");
        assert!(output.status.success(), "{args:?}: {output:?}");
        String::from_utf8(output.stdout).expect("it is text")
    };
    for audit in [&["doctor"][..], &["audit", "verify"], &["check-history"]] {
        of_copy(audit);
    }
    let copied = of_copy(&["events"]);
    let copied: Vec<Value> = copied.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let all = world.events();
    assert!(copied.len() >= before && copied.len() <= all.len(), "{before} {} {}", copied.len(), all.len());
    assert_eq!(copied[..], all[..copied.len()], "the log as it was at one moment");
    of_copy(&["work", "add", "life goes on"]);
    world.sound();
}
