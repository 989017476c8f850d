use std::collections::BTreeMap;
use std::time::Duration;

use super::checked::{Landing, Profile};
use super::*;

mod refusals;

/// The layers of one story; what is not given is empty.
#[derive(Default)]
struct Layers {
    profile: Option<&'static str>,
    file: Option<String>,
    env: Vec<(&'static str, &'static str)>,
    flags: Vec<(&'static str, &'static str)>,
}

impl Layers {
    fn file(text: &str) -> Self {
        Self { file: Some(text.to_owned()), ..Self::default() }
    }

    fn load(&self) -> Result<Loaded, String> {
        let folder = tempfile::tempdir().expect("a folder for the file");
        let path = folder.path().join("config.toml");
        if let Some(text) = &self.file {
            std::fs::write(&path, text).expect("a file of settings");
        }
        let env: BTreeMap<_, _> = self.env.iter().copied().collect();
        let flags: Vec<_> = self.flags.iter().map(|(key, text)| (*key, (*text).to_owned())).collect();
        let short = |text: String| text.replace(&format!("{}/", folder.path().display()), "");
        match load(self.profile, &path, &|name| env.get(name).map(|text| (*text).to_owned()), &flags) {
            Ok(Loaded { settings, rows }) => {
                let rows = rows.into_iter().map(|row| Row { source: short(row.source), ..row }).collect();
                Ok(Loaded { settings, rows })
            }
            Err(bad) => Err(short(bad.to_string())),
        }
    }

    fn loaded(&self) -> Loaded {
        self.load().expect("settings that fit")
    }

    fn refused(&self) -> String {
        self.load().expect_err("settings that do not fit")
    }
}

fn row(loaded: &Loaded, key: &str) -> (String, String) {
    let row = loaded.rows.iter().find(|row| row.key == key).expect("a row for every key");
    (row.value.clone(), row.source.clone())
}

fn pair(value: &str, source: &str) -> (String, String) {
    (value.to_owned(), source.to_owned())
}

#[test]
fn without_any_layer_the_defaults_hold() {
    let Loaded { settings, rows } = Layers::default().loaded();
    assert_eq!(settings.profile, Profile::Dev);
    assert_eq!(settings.project.as_str(), "default");
    assert_eq!(settings.lease_ttl.millis(), 30_000);
    assert_eq!(settings.attempts_max, 3);
    assert_eq!(settings.head_start, domain::work::HeadStart::default());
    assert_eq!(settings.agent.timeout, Duration::from_mins(30));
    assert_eq!(settings.agent.output_bytes_max, 10_000_000);
    assert_eq!(settings.check.grace, Duration::from_secs(2));
    assert_eq!(settings.landing, Landing { batch_max: 8, wait: Duration::from_mins(1), remote: None });
    assert_eq!(std::net::SocketAddr::from((settings.http.host, settings.http.port)).to_string(), "127.0.0.1:4000");
    assert_eq!(settings.ports, 4_100..=4_999);
    assert_eq!(settings.state_dir, None);
    assert_eq!(rows.len(), table::ALL.len());
    assert!(rows.iter().all(|row| row.source == "default"));
}

#[test]
fn each_layer_wins_over_the_one_before_and_is_named_as_the_source() {
    let key = "workspace.retention";
    let mut layers = Layers::default();
    assert_eq!(row(&layers.loaded(), key), pair("7d", "default"));
    layers.profile = Some("prod");
    assert_eq!(row(&layers.loaded(), key), pair("30d", "profile prod"));
    layers.file = Some("# Ours.\n\nworkspace.retention = \"8d\"\n".to_owned());
    assert_eq!(row(&layers.loaded(), key), pair("8d", "file config.toml:3"));
    layers.file = Some("[profile.prod]\nworkspace.retention = \"9d\"\n[workspace]\nretention = \"8d\"\n".to_owned());
    assert_eq!(row(&layers.loaded(), key), pair("9d", "file config.toml:2"));
    layers.env.push(("NEXUS_WORKSPACE_RETENTION", "10d"));
    assert_eq!(row(&layers.loaded(), key), pair("10d", "environment NEXUS_WORKSPACE_RETENTION"));
    layers.flags.push((key, "11d"));
    assert_eq!(row(&layers.loaded(), key), pair("11d", "flag --retention"));
    assert_eq!(layers.loaded().settings.retention.workspace, Duration::from_hours(11 * 24));
}

#[test]
fn the_section_of_another_profile_does_not_count() {
    let layers = Layers::file("[profile.prod.lease]\nttl = \"60s\"\n");
    assert_eq!(row(&layers.loaded(), "lease.ttl"), pair("30s", "default"));
    let layers = Layers { env: vec![("NEXUS_PROFILE", "prod")], ..layers };
    assert_eq!(row(&layers.loaded(), "lease.ttl"), pair("60s", "file config.toml:2"));
}

#[test]
fn the_profile_comes_from_the_flag_before_the_environment_before_the_file() {
    let mut layers = Layers::file("profile = \"staging\"\n");
    assert_eq!(layers.loaded().settings.profile, Profile::Staging);
    layers.env.push(("NEXUS_PROFILE", "prod"));
    assert_eq!(row(&layers.loaded(), "profile"), pair("prod", "environment NEXUS_PROFILE"));
    layers.profile = Some("dev");
    assert_eq!(row(&layers.loaded(), "profile"), pair("dev", "flag --profile"));
}

#[test]
fn a_variable_set_to_nothing_counts_as_not_set() {
    let layers = Layers { env: vec![("NEXUS_LEASE_TTL", "")], ..Layers::default() };
    assert_eq!(row(&layers.loaded(), "lease.ttl"), pair("30s", "default"));
}

#[test]
fn the_template_sets_nothing_and_uncommented_it_sets_the_defaults() {
    assert!(Layers::file(&template()).loaded().rows.iter().all(|row| row.source == "default"));
    let uncomment = |line: &str| match line.strip_prefix('#') {
        Some(setting) if setting.starts_with(|c: char| c.is_ascii_lowercase()) => setting.to_owned(),
        _ => line.to_owned(),
    };
    let all = template().lines().map(uncomment).collect::<Vec<_>>().join("\n");
    let (loaded, defaults) = (Layers::file(&all).loaded(), Layers::default().loaded());
    assert_eq!(loaded.settings, defaults.settings);
    for (row, default) in loaded.rows.iter().zip(&defaults.rows) {
        assert_eq!(row.value, default.value, "{}", row.key);
        assert!(row.source.starts_with("file "), "{} is set by the template", row.key);
    }
}

#[test]
fn every_row_of_the_table_is_a_setting_that_can_be_written() {
    let mut keys: Vec<_> = table::ALL.iter().map(|spec| spec.key).collect();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), table::ALL.len(), "keys are unique");
    for profile in Profile::WORDS {
        Layers { profile: Some(profile), ..Layers::default() }.loaded();
    }
    for spec in table::ALL {
        assert!(spec.doc.ends_with('.') && template().contains(&spec.env()), "{}", spec.key);
    }
}
