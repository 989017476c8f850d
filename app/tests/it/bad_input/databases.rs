//! Databases that cannot be reached, or are somebody else's, or of another version, or busy.

use tokio_postgres::NoTls;

use crate::database::Database;
use crate::support::{Engine, Output, World, until};

/// A refusal with this exit code and code, whose message has each of `says` in it.
fn refused(said: &Output, exit: i32, code: &str, says: &[&str]) {
    assert_eq!(said.code, Some(exit), "{said:?}");
    let error = &said.json["error"];
    assert_eq!(error["code"], code, "{said:?}");
    let message = error["message"].as_str().expect("a sentence");
    assert!(says.iter().all(|word| message.contains(word)), "{says:?} in: {message}");
}

#[test]
fn an_address_that_leads_nowhere_is_said_with_what_to_do() {
    let world = World::on(Engine::Postgres);
    let list = |address: &str| world.nexus(&["--database-url", address, "work", "list"]).run();
    for none in ["nonsense", "mysql://x/y", "postgres:/x"] {
        refused(&list(none), 2, "bad_setting", &[none, "postgres://user"]);
    }
    refused(
        &list("postgres://nexus@127.0.0.1:1/x"),
        1,
        "store_unreachable",
        &["127.0.0.1:1", "check that the database runs"],
    );
    let there = Database::new();
    refused(&list(&there.address()), 1, "no_store", &["nexus init"]);
    let (server, _) = there.address().split_once('?').map(|(a, b)| (a.to_owned(), b.to_owned())).expect("a schema");
    let (before, _) = server.rsplit_once('/').expect("a name");
    refused(
        &list(&format!("{before}/nowhere")),
        1,
        "store_denied",
        &["\"nowhere\" does not exist", "create the database"],
    );
}

#[test]
fn tables_of_another_version_are_left_as_they_are() {
    let world = World::on(Engine::Postgres);
    world.add("kept");
    world.tamper("update nexus_schema set version = 9999");
    for args in [&["work", "list"][..], &["work", "add", "x"], &["init"]] {
        refused(&world.nexus(args).run(), 1, "store_newer", &["9999", "newer nexus"]);
    }
    world.tamper("update nexus_schema set version = 1");
    refused(&world.nexus(&["work", "list"]).run(), 1, "store_older", &["version 1", "nexus init"]);
    world.tamper(&format!("update nexus_schema set version = {}", store::VERSION));
    assert_eq!(world.nexus(&["work", "list"]).done().json.as_array().map(Vec::len), Some(1));
}

#[test]
fn rights_that_are_missing_are_said_and_nothing_is_half_done() {
    let world = World::on(Engine::Postgres);
    let reader = format!("reader_{}", std::process::id());
    let schema = "(select current_schema())";
    world.tamper(&format!(
        "create role {reader} login;
         do $$ begin execute 'grant usage on schema ' || {schema} || ' to {reader}'; end $$;
         do $$ begin execute 'grant select on all tables in schema ' || {schema} || ' to {reader}'; end $$"
    ));
    let address = world.database().address().replacen("nexus@", &format!("{reader}@"), 1);
    let ask = |args: &[&str]| world.nexus(&[&["--database-url", &address], args].concat()).run();
    assert_eq!(ask(&["work", "list"]).code, Some(0), "reading is all it may");
    refused(&ask(&["work", "add", "x"]), 1, "store_denied", &["permission denied", "rights"]);
    assert_eq!(world.nexus(&["work", "list"]).done().json.as_array().map(Vec::len), Some(0));
    world.tamper(&format!("drop owned by {reader}; drop role {reader}"));
}

#[test]
fn a_database_that_is_slow_to_answer_is_waited_for() {
    let world = World::on(Engine::Postgres);
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a runtime");
    let (holder, connection) =
        runtime.block_on(tokio_postgres::connect(&world.database().address(), NoTls)).expect("the server answers");
    runtime.spawn(connection);
    runtime.block_on(holder.batch_execute("begin; lock table work in access exclusive mode")).expect("it is free");
    std::thread::scope(|scope| {
        let adding = scope.spawn(|| world.nexus(&["work", "add", "patience"]).run());
        until("somebody waits for the lock", || {
            let waiting = "select 1 from pg_locks l join pg_class c on c.oid = l.relation
                where not l.granted and c.relname = 'work' and c.relnamespace = current_schema()::regnamespace";
            (!runtime.block_on(holder.query(waiting, &[])).expect("it can be asked").is_empty()).then_some(())
        });
        runtime.block_on(holder.batch_execute("commit")).expect("it is ours");
        let added = adding.join().expect("no panic");
        assert_eq!((added.code, added.json["state"].as_str()), (Some(0), Some("ready")), "{added:?}");
    });
}
