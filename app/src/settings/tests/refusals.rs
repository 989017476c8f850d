//! What is refused, and in which words.

use std::path::PathBuf;

use super::*;

#[test]
fn an_error_names_the_key_the_place_what_was_found_and_what_is_allowed() {
    let file = |text: &str| Layers::file(text).refused();
    let env = |name, text| Layers { env: vec![(name, text)], ..Layers::default() }.refused();
    assert_eq!(
        file("\nlease.ttl = 30\n"),
        "lease.ttl: \"30\" has no unit: write ms, s, m, h or d after the number (file config.toml:2); \
         it takes a duration from 1s to 1d"
    );
    assert_eq!(
        env("NEXUS_LEASE_TTL", "2d"),
        "lease.ttl: \"2d\" is out of range (environment NEXUS_LEASE_TTL); it takes a duration from 1s to 1d"
    );
    assert_eq!(
        env("NEXUS_HTTP_PORT", "70000"),
        "http.port: \"70000\" is out of range (environment NEXUS_HTTP_PORT); it takes a whole number from 0 to 65535"
    );
    assert_eq!(
        Layers { flags: vec![("run.workers", "many")], ..Layers::default() }.refused(),
        "run.workers: \"many\" is not a whole number (flag --workers); it takes a whole number from 1 to 256"
    );
    assert_eq!(
        Layers { profile: Some("pord"), ..Layers::default() }.refused(),
        "profile: \"pord\" is not known (flag --profile); it takes dev | staging | prod"
    );
    assert_eq!(
        file("agent.output_max = \"10 potatoes\""),
        "agent.output_max: \"10 potatoes\" has the unit \"potatoes\", which is none of B, kB, MB, GB, KiB, MiB or GiB \
         (file config.toml:1); it takes a size from 1kB to 1GB"
    );
}

#[test]
fn text_and_numbers_in_the_file_are_not_taken_for_each_other() {
    let file = |text: &str| Layers::file(text).refused();
    assert!(file("http.port = \"4000\"").starts_with("http.port: \"4000\" is text; leave out the quotes (file"));
    assert!(file("http.port = 4000.5").starts_with("http.port: 4000.5 is not a whole number"));
    assert!(file("http.port = -1").starts_with("http.port: -1 is out of range"));
    assert!(file("project = 7").starts_with("project: 7 is not text; put it in quotes"));
    assert!(file("project = [\"a\"]").starts_with("project: [\"a\"] is not text"));
    assert!(file("http.host = \"example\"").contains("it takes an IP address such as 127.0.0.1 or ::1, or localhost"));
    assert!(file("state_dir = \"here\"").ends_with("it takes an absolute path, or nothing"));
    assert_eq!(Layers::file("landing.batch_max = 1_6").loaded().settings.landing.batch_max, 16);
}

#[test]
fn an_unknown_key_is_refused_and_the_nearest_is_offered() {
    let file = |text: &str| Layers::file(text).refused();
    assert_eq!(
        file("[lease]\ntll = \"30s\""),
        "lease.tll is not a setting (file config.toml:2); did you mean lease.ttl?"
    );
    assert!(file("ttl = \"30s\"").ends_with("did you mean lease.ttl?"));
    assert!(file("lease = \"30s\"").ends_with("did you mean lease.ttl?"));
    assert!(file("[leese]\nttl = \"30s\"").ends_with("did you mean lease.ttl?"));
    assert!(file("[lease.ttl]\nseconds = 30").starts_with("lease.ttl: "));
    assert!(file("weather = \"fine\"").ends_with("`nexus config show` lists them all"));
    assert!(file("[weather]").starts_with("weather is not a setting"));
    assert!(file("[profile.prod]\nprofile = \"dev\"").starts_with("profile is not a setting"));
    assert!(file("[profile.pord]\n").starts_with("[profile.pord] names no profile (file config.toml:1)"));
}

#[test]
fn a_mistake_in_the_file_shows_even_where_it_does_not_count() {
    let hidden = Layers { env: vec![("NEXUS_LEASE_TTL", "5s")], ..Layers::file("lease.ttl = \"soon\"") };
    assert!(hidden.refused().starts_with("lease.ttl: \"soon\" does not start with a whole number"));
    assert!(Layers::file("[profile.prod]\nrun.workers = 0").refused().contains("file config.toml:2"));
}

#[test]
fn a_file_that_is_not_toml_is_refused_with_its_line() {
    assert!(Layers::file("a = 1\nb = \n").refused().starts_with("file config.toml:2 is not TOML: "));
    let both = Layers::file("profile = \"prod\"\n[profile.prod]\nrun.workers = 4\n").refused();
    assert!(both.ends_with("choose with --profile or NEXUS_PROFILE"), "{both}");
}

#[test]
fn a_file_that_cannot_be_read_is_refused_and_one_that_is_not_there_is_empty() {
    let folder = tempfile::tempdir().expect("a folder");
    let load = |path: PathBuf| load(None, &path, &|_| None, &[]);
    assert!(load(folder.path().join("none.toml")).is_ok());
    let found = load(folder.path().to_owned()).expect_err("a folder is no file").to_string();
    assert!(found.starts_with("cannot read the settings in "), "{found}");
    assert!(Layers::file(&"#".repeat(1_000_001)).refused().ends_with("it has more than 1000000 bytes"));
}

#[test]
fn the_ports_of_workspaces_cannot_end_before_they_start() {
    let layers = Layers { env: vec![("NEXUS_PORTS_LAST", "4000")], ..Layers::default() };
    assert_eq!(
        layers.refused(),
        "ports.first is 4100 (default) but ports.last is 4000 (environment NEXUS_PORTS_LAST); it takes first <= last"
    );
}

#[test]
fn a_key_of_many_parts_is_refused_like_any_other() {
    let long = "a.".repeat(100_000);
    assert!(Layers::file(&format!("{long}b = 1\n")).load().is_err());
    assert!(Layers::file("a.b.c.d.e.f = 1\n").refused().starts_with("a.b.c.d is not a setting (file config.toml:1)"));
}
