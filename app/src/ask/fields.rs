//! The fields of a JSON object, taken one by one; what nobody takes is refused by name.

use std::collections::BTreeMap;
use std::str::FromStr;

use engine::problem::Problem;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

/// Fields that were sent and are not taken yet.
#[derive(Debug, Default)]
pub struct Fields {
    left: BTreeMap<String, Box<RawValue>>,
    known: Vec<&'static str>,
}

impl Fields {
    /// The fields of the object `text`; none when it is empty.
    pub fn read(text: &[u8]) -> Result<Self, Problem> {
        if text.trim_ascii().is_empty() {
            return Ok(Self::default());
        }
        let left = serde_json::from_slice(text).map_err(|e| Problem::malformed(format!("the body: {e}")))?;
        Ok(Self { left, known: Vec::new() })
    }

    /// The JSON text under `name`; `None` when there is none, or null.
    pub fn raw(&mut self, name: &'static str) -> Option<Box<RawValue>> {
        self.known.push(name);
        self.left.remove(name).filter(|value| value.get() != "null")
    }

    /// What is under `name`. Fails when it is of another type.
    pub fn take<T: DeserializeOwned>(&mut self, name: &'static str) -> Result<Option<T>, Problem> {
        let read = |value: Box<RawValue>| serde_json::from_str(value.get());
        self.raw(name).map(read).transpose().map_err(|e| {
            let e = e.to_string();
            bad(name, e.split(" at line ").next().unwrap_or_default())
        })
    }

    /// The text under `name`, as `read` understands it.
    pub fn read_as<T>(
        &mut self,
        name: &'static str,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Result<Option<T>, Problem> {
        let text: Option<String> = self.take(name)?;
        text.map(|text| read(&text)).transpose().map_err(|why| bad(name, &why))
    }

    /// The text under `name` as the type that it stands for.
    pub fn parsed<T: FromStr<Err: ToString>>(&mut self, name: &'static str) -> Result<Option<T>, Problem> {
        self.read_as(name, |text| text.parse().map_err(|e: T::Err| e.to_string()))
    }

    /// The texts under `name`, or under `singular`, the name of the flag that is given once for each.
    pub fn list<T: FromStr<Err: ToString>, C: FromIterator<T>>(
        &mut self,
        name: &'static str,
        singular: &'static str,
    ) -> Result<Option<C>, Problem> {
        let all: Option<Vec<String>> = self.take(name)?;
        let all = if singular == name { all } else { all.or(self.take(singular)?) };
        let read = |all: Vec<String>| all.iter().map(|text| text.parse().map_err(|e: T::Err| e.to_string())).collect();
        all.map(read).transpose().map_err(|why: String| bad(name, &why))
    }

    /// Fails, with their names, when there are fields that nobody has taken.
    pub fn end(self) -> Result<(), Problem> {
        let Some(name) = self.left.keys().next() else { return Ok(()) };
        let known = self.known.join(", ");
        let message = format!("unknown field {name:?}; what may stand here: {known}");
        Err(Problem::malformed(message).with(serde_json::json!({ "unknown": self.left.keys().collect::<Vec<_>>() })))
    }
}

/// What is there, or a problem that says that `name` is needed.
pub fn needed<T>(name: &str, value: Option<T>) -> Result<T, Problem> {
    value.ok_or_else(|| Problem::malformed(format!("{name}: it is needed and not there")))
}

fn bad(name: &str, why: &str) -> Problem {
    Problem::malformed(format!("{name}: {why}"))
}
