//! The canonical form of entries and seals, one JSON object a line. `docs/audit-format.md` is written from this file.
//!
//! The order of the keys is that of the fields here. What a digest or a hash covers is the text of such a line, to the
//! byte, with one field left out: that which says where it stands (`seq`), or the hash itself.

use domain::audit::Mark;
use domain::text::Project;
use serde::{Deserialize, Serialize};
use store::audit::Entry;
use store::seal::Seal;

use crate::sha256_hex;

/// What stands for the hash before the first seal.
pub const NOTHING_BEFORE: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// An entry of the log. `data` is text that holds JSON, so that its bytes are those that were written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventLine {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq: Option<i64>,
    pub project: String,
    pub at_ms: i64,
    pub name: String,
    pub subject: String,
    pub agent: Option<String>,
    pub fence: Option<i64>,
    pub data: String,
}

impl EventLine {
    /// The line of `entry`.
    pub fn of(project: &Project, entry: &Entry) -> Self {
        Self {
            seq: Some(entry.seq),
            project: project.as_str().to_owned(),
            at_ms: entry.at.millis(),
            name: entry.name.clone(),
            subject: entry.subject.clone(),
            agent: entry.agent.clone(),
            fence: entry.fence,
            data: entry.data.clone(),
        }
    }

    /// Its number and its digest.
    pub fn mark(&self) -> Mark {
        let content = Self { seq: None, ..self.clone() };
        Mark { seq: self.seq.unwrap_or(0), digest: sha256_hex(line(&content).as_bytes()) }
    }
}

/// A seal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealLine {
    pub seal: i64,
    pub project: String,
    pub up_to_seq: i64,
    pub count: i64,
    pub at_ms: i64,
    pub previous: String,
    pub events: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
}

impl SealLine {
    /// The line of `seal`.
    pub fn of(project: &Project, seal: &Seal) -> Self {
        Self {
            seal: seal.number,
            project: project.as_str().to_owned(),
            up_to_seq: seal.up_to_seq,
            count: seal.count,
            at_ms: seal.at.millis(),
            previous: seal.previous.clone(),
            events: seal.events.clone(),
            hash: Some(seal.hash.clone()),
        }
    }

    /// The hash that it should have.
    pub fn computed(&self) -> String {
        let content = Self { hash: None, ..self.clone() };
        sha256_hex(line(&content).as_bytes())
    }

    /// What it seals; `None` when that cannot be read.
    pub fn marks(&self) -> Option<Vec<Mark>> {
        let mark = |text: &str| {
            let (seq, digest) = text.split_once(':')?;
            Some(Mark { seq: seq.parse().ok()?, digest: digest.to_owned() })
        };
        self.events.split(' ').map(mark).collect()
    }
}

/// The text that stands for `marks` in a seal.
pub fn events(marks: &[Mark]) -> String {
    marks.iter().map(|mark| format!("{}:{}", mark.seq, mark.digest)).collect::<Vec<_>>().join(" ")
}

/// JSON on one line.
pub fn line(json: &impl Serialize) -> String {
    serde_json::to_string(json).expect("a line can be written as JSON")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_canonical_form_is_what_the_page_says_to_the_byte() {
        let event = EventLine {
            seq: Some(7),
            project: "default".to_owned(),
            at_ms: 1,
            name: "work.claimed".to_owned(),
            subject: "work_1".to_owned(),
            agent: Some("zoë\n".to_owned()),
            fence: None,
            data: "{\"until_ms\":2}".to_owned(),
        };
        let text = r#"{"seq":7,"project":"default","at_ms":1,"name":"work.claimed","subject":"work_1","agent":"zoë\n","fence":null,"data":"{\"until_ms\":2}"}"#;
        assert_eq!(line(&event), text);
        assert_eq!(event.mark().digest, sha256_hex(text.replace("\"seq\":7,", "").as_bytes()));
        let seal = SealLine {
            seal: 1,
            project: "default".to_owned(),
            up_to_seq: 7,
            count: 1,
            at_ms: 2,
            previous: NOTHING_BEFORE.to_owned(),
            events: events(&[event.mark()]),
            hash: None,
        };
        let text = format!(
            r#"{{"seal":1,"project":"default","up_to_seq":7,"count":1,"at_ms":2,"previous":"{NOTHING_BEFORE}","events":"7:{}"}}"#,
            event.mark().digest
        );
        assert_eq!(seal.computed(), sha256_hex(text.as_bytes()));
        assert_eq!(seal.marks(), Some(vec![event.mark()]));
    }
}
