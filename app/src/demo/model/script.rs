//! What the fake model says: scenarios of turns, as a file of JSON has them.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

/// All scenarios, by name. A request names one by its path (`/s/NAME/…`) or by its key (`fake-NAME`); else it is `default`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    pub scenarios: BTreeMap<String, Scenario>,
}

/// One conversation.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What is said after as many answers as came before; the last one again and again.
    pub turns: Vec<Turn>,
    /// What is said to a request that brings no tools: titles and the like.
    pub no_tools: Option<Turn>,
}

/// One answer.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Turn {
    pub thinking: Option<String>,
    pub text: Option<String>,
    pub tools: Vec<Tool>,
    pub usage: Usage,
    /// Why it stops, in the words of the format; else the usual ones.
    pub stop: Option<String>,
    /// How often the text is said.
    pub repeat: Option<u32>,
    /// How long it waits before each piece of a stream, in milliseconds.
    pub pace_ms: u64,
    /// What goes wrong with the first requests for this turn, one after the other.
    pub first: Vec<Fault>,
    /// What goes wrong every time.
    pub fault: Option<Fault>,
}

/// A call of a tool.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Tool {
    pub name: String,
    #[serde(default)]
    pub namespace: Option<String>,
    pub input: Value,
}

/// What it says that it used.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Usage {
    pub input: u64,
    pub output: u64,
    pub cache_read: u64,
    pub cache_write: u64,
}

impl Default for Usage {
    fn default() -> Self {
        Self { input: 100, output: 10, cache_read: 0, cache_write: 0 }
    }
}

/// What goes wrong.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Fault {
    /// It answers with this status.
    pub status: Option<u16>,
    /// … these headers
    pub headers: BTreeMap<String, String>,
    /// … and this object; else an error in the words of the format.
    pub body: Option<Value>,
    /// It waits before anything else, in milliseconds.
    pub delay_ms: u64,
    /// It closes the connection: `before` it answers, or in the `middle`.
    pub drop: Option<Place>,
    /// It says nothing any more: `before` it answers, or in the `middle`.
    pub hang: Option<Place>,
    /// It says an error of this kind in the middle of the stream.
    pub stream_error: Option<String>,
}

/// Where in an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    Before,
    Middle,
}

impl Turn {
    /// The text, as often as it is said, piece by piece.
    pub fn pieces(&self) -> Vec<&str> {
        let text = self.text.as_deref().unwrap_or_default();
        let once: Vec<&str> = text.split_inclusive(' ').collect();
        (0..self.repeat.unwrap_or(1)).flat_map(|_| once.iter().copied()).collect()
    }
}
