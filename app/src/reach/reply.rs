//! What a server has answered, as the engine would have: problem documents become problems again.

use engine::problem::{Kind, Problem};
use engine::work::Imported;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use super::Answered;

/// The header in which a server names the workspace that it leaves to the caller.
pub const WORKSPACE: &str = "nexus-workspace";

/// One answer.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    /// The workspace that was left to the caller.
    pub workspace: Option<String>,
    pub body: Vec<u8>,
}

impl Reply {
    /// Whether there was nothing to give.
    pub const fn is_nothing(&self) -> bool {
        self.status == 204
    }

    /// Whether the server cannot be asked now: it is ending, its store is not the one on the disk, or it is full.
    pub fn is_gone(&self) -> bool {
        let gone = ["server_stopping", "store_gone", "store_replaced", "too_many_waiting"];
        self.status == 503 && gone.contains(&self.problem().code.as_str())
    }

    /// Whether the grant has a workspace open that the caller is to look after.
    pub const fn left_a_workspace(&self) -> bool {
        self.workspace.is_some()
    }

    /// The item that was answered, with its workspace when the server has opened one.
    pub fn item(&self) -> Result<Answered, Problem> {
        let mut object: Map<String, Value> = self.json()?;
        let workspace = object.remove("workspace");
        let item = serde_json::from_value(Value::Object(object)).map_err(|e| strange(&e))?;
        Ok(Answered { item, workspace })
    }

    /// The items of an import.
    pub fn imported(&self) -> Result<Vec<Imported>, Problem> {
        #[derive(serde::Deserialize)]
        struct Done {
            items: Vec<Imported>,
        }
        self.json::<Done>().map(|done| done.items)
    }

    /// What was answered, as a `T`.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        match self.status {
            200 | 201 => serde_json::from_slice(&self.body).map_err(|e| strange(&e)),
            _ => Err(self.problem()),
        }
    }

    fn problem(&self) -> Problem {
        if self.is_nothing() {
            return Problem::new(Kind::Nothing, "nothing_available", "no ready item fits");
        }
        let mut fields: Map<String, Value> = serde_json::from_slice(&self.body).unwrap_or_default();
        let mut text = |name: &str| fields.remove(name).and_then(|value| value.as_str().map(str::to_owned));
        let (Some(code), Some(message)) = (text("code"), text("detail")) else {
            return strange(&format!("status {}", self.status));
        };
        ["type", "title", "status"].iter().for_each(|name| drop(fields.remove(*name)));
        let kind = match self.status {
            404 => Kind::NotFound,
            400 | 405 | 413 | 415 | 422 => Kind::Malformed,
            409 if code == "lease_lost" => Kind::LeaseLost,
            403 | 409 => Kind::Refused,
            _ => Kind::Failed,
        };
        Problem { kind, code, message, fields }
    }
}

pub(super) fn strange(what: &dyn std::fmt::Display) -> Problem {
    let message = format!("the server has answered something else than Nexus does ({what}); look at its address");
    Problem::new(Kind::Failed, "strange_answer", message)
}

#[cfg(test)]
mod tests {
    use engine::work::WorkView;

    use super::*;

    #[test]
    fn a_problem_document_is_the_problem_it_was_made_of() {
        let fields = serde_json::json!({ "holder": "ada", "fence": 3, "lease_until_ms": 5 });
        for (status, problem) in [
            (409, Problem::refused("held", "ada has it").with(fields)),
            (409, Problem::new(Kind::LeaseLost, "lease_lost", "over")),
            (404, Problem::not_found("no such item")),
            (422, Problem::malformed("no")),
            (503, Problem::new(Kind::Failed, "store_busy", "busy")),
        ] {
            let mut body = problem.fields.clone();
            for (name, value) in [("type", "t"), ("title", "T"), ("detail", &problem.message), ("code", &problem.code)]
            {
                body.insert(name.to_owned(), value.into());
            }
            body.insert("status".to_owned(), status.into());
            let body = serde_json::to_vec(&body).expect("an object");
            assert_eq!(Reply { status, workspace: None, body }.json::<WorkView>(), Err(problem));
        }
        let nothing = Reply { status: 204, workspace: None, body: Vec::new() };
        assert_eq!(nothing.json::<WorkView>().expect_err("nothing").kind, Kind::Nothing);
        let other = Reply { status: 502, workspace: None, body: b"<html>".to_vec() };
        assert_eq!(other.json::<WorkView>().expect_err("no answer of ours").code, "strange_answer");
    }
}
