//! What every request to the work door carries beside its own fields: key, project, who looks into worktrees.

use axum::http::HeaderMap;
use domain::text::Project;
use engine::Engine;
use engine::problem::Problem;

use crate::ask::Fields;
use crate::http::Door;
use crate::reach::WORKTREES;

/// A request whose own fields are still to be taken.
pub struct Asked {
    /// The fields of its body.
    pub fields: Fields,
    /// The engine on its project.
    pub engine: Engine,
    /// Whether the caller looks into worktrees itself.
    pub looks_itself: bool,
    query: Vec<(String, String)>,
    known: Vec<&'static str>,
    key: Option<String>,
}

impl Asked {
    /// Takes in what all requests have. Fails when the store is not the one that was opened.
    pub fn read(door: &Door, headers: &HeaderMap, query: Vec<(String, String)>, body: &[u8]) -> Result<Self, Problem> {
        door.vitals.check()?;
        let mut fields = Fields::read(body)?;
        let header = |name: &str| match headers.get(name).map(|value| std::str::from_utf8(value.as_bytes())) {
            Some(Ok(text)) => Ok(Some(text.to_owned())),
            Some(Err(_)) => Err(Problem::malformed(format!("{name}: it is not UTF-8 text"))),
            None => Ok(None),
        };
        let key = one("key", [header("idempotency-key")?, fields.take("key")?])?;
        let project = fields.take("project")?;
        let looks_itself = header(WORKTREES)?.is_some_and(|who| who == "caller");
        let mut asked = Self { fields, engine: door.engine.clone(), looks_itself, query, known: Vec::new(), key };
        let project = one("project", [project, asked.query("project"), header("nexus-project")?])?;
        if let Some(project) = project {
            asked.engine.project =
                project.parse::<Project>().map_err(|bad| Problem::malformed(format!("project: {bad}")))?;
        }
        Ok(asked)
    }

    /// The value of `name` in the query.
    pub fn query(&mut self, name: &'static str) -> Option<String> {
        self.known.push(name);
        let at = self.query.iter().position(|(key, _)| key == name)?;
        Some(self.query.remove(at).1)
    }

    /// The engine and the key, once all that was sent was taken.
    pub fn end(self) -> Result<(Engine, Option<String>), Problem> {
        self.fields.end()?;
        match self.query.first() {
            Some((name, _)) => {
                let known = self.known.join(", ");
                Err(Problem::malformed(format!("unknown parameter {name:?}; what may stand here: {known}")))
            }
            None => Ok((self.engine, self.key)),
        }
    }
}

/// The one value that was said, wherever; two that differ are refused.
fn one<const N: usize>(what: &str, said: [Option<String>; N]) -> Result<Option<String>, Problem> {
    let mut said = said.into_iter().flatten();
    let first = said.next();
    match said.find(|other| Some(other) != first.as_ref()) {
        Some(_) => Err(Problem::malformed(format!("{what}: it is said twice and differs"))),
        None => Ok(first),
    }
}
