//! PostgreSQL through TLS: what `sslmode` and `sslrootcert` promise, at a server that wants it and at one that has none.

use std::fmt::Write;
use std::path::Path;

use store::{Mode, Store, StoreError, Tx, Url, work};

use crate::database::Database;
use crate::kit::{at, draft, wait};
use crate::server::Server;

/// Adds an item through the commit loop, and hears of it.
fn use_it(address: &str) -> Result<(), StoreError> {
    let url: Url = address.parse()?;
    let store = Store::create_database(&url, Mode::Loop)?;
    let _news = store.changes()?;
    let added = wait(store.write(async |tx: &mut Tx<'_>| work::add(tx, &at(0), draft("through TLS"), 1, "").await));
    added.expect("it can be added");
    Ok(())
}

fn refusal(address: &str) -> String {
    use_it(address).expect_err(address).to_string()
}

fn with_root(address: &str, mode: &str, root: &Path) -> String {
    let mut out = address.to_owned();
    write!(out, "?sslmode={mode}&sslrootcert={}", root.display()).expect("text can be written");
    out
}

fn answers(address: &str) {
    if let Err(why) = use_it(address) {
        panic!("{address}: {why}");
    }
}

#[test]
fn a_server_that_signed_its_own_certificate_is_trusted_by_who_names_it() {
    let server = Server::start_with_tls(false);
    let address = server.address_at("localhost");
    answers(&format!("{address}?sslmode=require"));
    answers(&format!("{address}?sslmode=prefer"));
    answers(&with_root(&address, "verify-full", &server.root()));

    let stranger = refusal(&format!("{address}?sslmode=verify-full"));
    assert!(stranger.contains("name the certificate of who did: sslrootcert=FILE"), "{stranger}");
    let elsewhere = refusal(&with_root(&server.address(), "verify-full", &server.root()));
    assert!(elsewhere.contains("is for another host"), "{elsewhere}");
    let plain = refusal(&format!("{address}?sslmode=disable"));
    assert!(plain.contains("it wants TLS: sslmode=require"), "{plain}");
}

#[test]
fn a_certificate_is_trusted_for_who_signed_it_and_for_its_name() {
    let server = Server::start_with_tls(true);
    let (named, numbered) = (server.address_at("localhost"), server.address());
    answers(&with_root(&named, "verify-full", &server.root()));
    answers(&with_root(&numbered, "verify-ca", &server.root()));
    answers(&with_root(&numbered, "require", &server.root()));

    let elsewhere = refusal(&with_root(&numbered, "verify-full", &server.root()));
    assert!(elsewhere.contains("is for another host; use the host it is for, or sslmode=verify-ca"), "{elsewhere}");
    let other = Server::start_with_tls(false);
    for mode in ["verify-full", "verify-ca", "require"] {
        let stranger = refusal(&with_root(&named, mode, &other.root()));
        assert!(stranger.contains("sslrootcert=FILE"), "{mode}: {stranger}");
    }
}

#[test]
fn what_cannot_be_had_is_said_plainly() {
    let database = Database::new();
    let without = refusal(&format!("{}&sslmode=require", database.address()));
    assert!(without.contains("the server speaks no TLS"), "{without}");
    answers(&format!("{}&sslmode=prefer", database.address()));

    let folder = tempfile::tempdir().expect("a folder can be made");
    let missing = refusal(&format!("{}&sslmode=verify-ca&sslrootcert=/no/such.pem", database.address()));
    assert!(missing.contains("sslrootcert /no/such.pem cannot be read"), "{missing}");
    let empty = folder.path().join("empty.pem");
    std::fs::write(&empty, "nothing").expect("a file can be written");
    let empty = refusal(&format!("{}&sslmode=verify-ca&sslrootcert={}", database.address(), empty.display()));
    assert!(empty.contains("holds no certificate"), "{empty}");
}
