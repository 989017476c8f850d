//! `nexus.toml`: what the project asks of a change, read from a commit.

use std::time::Duration;

use domain::change::{ChangeLimits, Check, Glob, Policy};
use serde::Deserialize;

use crate::problem::{Kind, Problem};
use crate::site::Site;
use crate::units::parse_duration;

/// How long a check may take that does not say.
const TIMEOUT: Duration = Duration::from_mins(10);
/// The largest `nexus.toml`, in bytes.
const BYTES_MAX: u64 = 1_000_000;

/// What a `nexus.toml` declares.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Declared {
    /// What is asked of a change.
    pub policy: Policy,
    /// The branch to land on, when the file names one.
    pub target: Option<String>,
}

/// Why a `nexus.toml` cannot be read; says where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("nexus.toml: {0}")]
pub struct BadPolicy(pub String);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    target: Option<String>,
    #[serde(default)]
    protected: Vec<String>,
    #[serde(default)]
    limits: Limits,
    #[serde(default, rename = "check")]
    checks: Vec<CheckRecord>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Limits {
    files_max: Option<u64>,
    bytes_max: Option<u64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CheckRecord {
    name: String,
    run: Run,
    timeout: Option<String>,
    #[serde(default)]
    tools: Vec<String>,
}

/// A text is given to `sh -c`; a list is a program and its arguments.
#[derive(Deserialize)]
#[serde(untagged)]
enum Run {
    Line(String),
    Argv(Vec<String>),
}

impl std::str::FromStr for Declared {
    type Err = BadPolicy;

    fn from_str(text: &str) -> Result<Self, BadPolicy> {
        let file: File = toml::from_str(text).map_err(|e| BadPolicy(e.to_string()))?;
        let protected = file.protected.iter().map(|p| p.parse::<Glob>().map_err(|e| BadPolicy(e.to_string())));
        let protected = protected.collect::<Result<_, _>>()?;
        let mut checks: Vec<Check> = Vec::new();
        for record in file.checks {
            let check = check(record)?;
            if checks.iter().any(|other| other.name == check.name) {
                return Err(BadPolicy(format!("two checks are called {:?}", check.name)));
            }
            checks.push(check);
        }
        let usual = ChangeLimits::default();
        let limits = ChangeLimits {
            files_max: file.limits.files_max.unwrap_or(usual.files_max),
            bytes_max: file.limits.bytes_max.unwrap_or(usual.bytes_max),
        };
        Ok(Self { policy: Policy { checks, protected, limits }, target: file.target })
    }
}

fn check(record: CheckRecord) -> Result<Check, BadPolicy> {
    let name = record.name;
    if name.trim().is_empty() || name.chars().any(char::is_control) {
        return Err(BadPolicy("a check has an empty name, or one with control characters".to_owned()));
    }
    let argv = match record.run {
        Run::Line(line) if line.trim().is_empty() => Vec::new(),
        Run::Line(line) => vec!["sh".to_owned(), "-c".to_owned(), line],
        Run::Argv(argv) => argv,
    };
    if argv.first().is_none_or(|program| program.trim().is_empty()) {
        return Err(BadPolicy(format!("check {name:?} has nothing to run")));
    }
    let timeout = match record.timeout {
        None => TIMEOUT,
        Some(text) => parse_duration(&text).map_err(|e| BadPolicy(format!("check {name:?}: timeout: {e}")))?,
    };
    if timeout.is_zero() {
        return Err(BadPolicy(format!("check {name:?}: a timeout of nothing lets nothing pass")));
    }
    let timeout_ms = u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX);
    Ok(Check { name, argv, timeout_ms, tools: record.tools })
}

impl Site {
    /// What `nexus.toml` declares at `commit`; without the file nothing is asked and changes land observed.
    pub fn declared(&self, commit: &str) -> Result<Declared, Problem> {
        let Some(bytes) = self.repo.read(commit, Policy::FILE.as_bytes(), BYTES_MAX)? else {
            return Ok(Declared::default());
        };
        let text = String::from_utf8_lossy(&bytes);
        text.parse().map_err(|bad: BadPolicy| Problem::new(Kind::Failed, "bad_policy", bad.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_whole_file_is_read() {
        let text = r#"
            target = "trunk"
            protected = ["tests/**", "*.snap"]
            [limits]
            files_max = 10
            [[check]]
            name = "test"
            run = "cargo test && echo fine"
            timeout = "90s"
            tools = ["cargo"]
            [[check]]
            name = "lint"
            run = ["cargo", "clippy"]
        "#;
        let declared: Declared = text.parse().expect("a good file");
        assert_eq!(declared.target.as_deref(), Some("trunk"));
        assert_eq!(declared.policy.limits, ChangeLimits { files_max: 10, bytes_max: 100_000_000 });
        let [test, lint] = declared.policy.checks.as_slice() else { panic!("two checks") };
        assert_eq!(test.argv, ["sh", "-c", "cargo test && echo fine"]);
        assert_eq!((test.timeout_ms, test.tools.as_slice()), (90_000, ["cargo".to_owned()].as_slice()));
        assert_eq!(
            (lint.argv.as_slice(), lint.timeout_ms),
            (["cargo".to_owned(), "clippy".to_owned()].as_slice(), 600_000)
        );
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, says) in [
            ("targte = 'x'", "targte"),
            ("[[check]]\nname='a'\nrun=''", "nothing to run"),
            ("[[check]]\nname=''\nrun='x'", "empty name"),
            ("[[check]]\nname='a'\nrun='x'\ntimeout='5'", "timeout"),
            ("[[check]]\nname='a'\nrun='x'\ntimeout='0s'", "timeout"),
            ("[[check]]\nname='a'\nrun='x'\n[[check]]\nname='a'\nrun='y'", "two checks"),
            ("protected = ['a[']", "a["),
        ] {
            let bad = text.parse::<Declared>().expect_err(text);
            assert!(bad.to_string().contains(says), "{text}: {bad}");
        }
    }
}
