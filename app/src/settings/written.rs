//! Settings as they were written, layer upon layer.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Row;
use super::bad::BadSetting;
use super::checked::Profile;
use super::kind::{Raw, Value};
use super::table::{self, Spec};

/// One value that fits its setting, and where it was written.
#[derive(Clone, Debug)]
pub struct Said {
    pub spec: &'static Spec,
    pub place: String,
    /// The only profile for which it counts; `None` when it counts for all.
    pub only: Option<Profile>,
    pub text: String,
    pub value: Value,
}

impl Said {
    /// What `place` says about `spec`, or why that cannot be.
    pub fn new(spec: &'static Spec, raw: Raw, place: String) -> Result<Self, BadSetting> {
        match spec.kind.value(&raw) {
            Ok(value) => Ok(Self { spec, place, only: None, text: raw.text, value }),
            Err(found) => Err(BadSetting::Value { key: spec.key, found, place, wanted: spec.kind.wanted() }),
        }
    }
}

/// The uppermost value of every setting.
#[derive(Clone, Debug)]
pub struct Written(BTreeMap<&'static str, Said>);

impl Written {
    /// Defaults and profile, and on top of them what was `said`, the last word winning.
    ///
    /// The profile is found first, because it decides what else counts.
    pub fn layered(said: Vec<Said>) -> Result<Self, BadSetting> {
        let chosen = said.iter().rev().find(|it| it.spec.key == "profile" && it.only.is_none());
        let profile = chosen.and_then(|it| Profile::from_word(&it.text)).unwrap_or_default();
        let mut written = Self(BTreeMap::new());
        for spec in table::ALL {
            written.lay(Said::new(spec, Raw::plain(spec.default), "default".to_owned())?);
            if let Some((_, text)) = spec.profiles.iter().find(|(of, _)| *of == profile) {
                written.lay(Said::new(spec, Raw::plain(*text), format!("profile {}", profile.word()))?);
            }
        }
        for it in said {
            if it.only.is_none_or(|only| only == profile) {
                written.lay(it);
            }
        }
        Ok(written)
    }

    fn lay(&mut self, said: Said) {
        self.0.insert(said.spec.key, said);
    }

    /// A setting that is a number: an integer, or a size in bytes.
    pub fn number(&self, key: &str) -> u64 {
        match self.said(key).value {
            Value::Number(number) => number,
            Value::Text(_) => unreachable!("the table says that {key} is a number"),
        }
    }

    /// A setting that is text.
    pub fn text(&self, key: &str) -> &str {
        match &self.said(key).value {
            Value::Text(text) => text,
            Value::Number(_) => unreachable!("the table says that {key} is text"),
        }
    }

    /// A setting that is a span of time.
    pub fn duration(&self, key: &str) -> Duration {
        Duration::from_millis(self.number(key))
    }

    /// Where a setting was written.
    pub fn place(&self, key: &str) -> &str {
        &self.said(key).place
    }

    /// Every setting with its source, in the order of the table.
    pub fn rows(&self) -> Vec<Row> {
        let row = |spec: &Spec| {
            let said = self.said(spec.key);
            Row { key: spec.key, value: spec.kind.shown(&said.text), source: said.place.clone(), doc: spec.doc }
        };
        table::ALL.iter().map(row).collect()
    }

    fn said(&self, key: &str) -> &Said {
        self.0.get(key).expect("every setting of the table has a default")
    }
}
