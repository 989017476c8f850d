//! Sessions as rows.

use domain::role::{Facts, Phase, Stage};
use domain::session::{Ended, Lines, Report, Session};
use domain::text::{Project, Role};
use domain::work::Json;
use serde_json::{Map, Value as JsonValue, json};

use crate::{Row, StoreError, Value};

/// The row of a session that begins; `objectives` is what [`lines`] makes of them.
pub fn row<'a>(session: &'a Session, objectives: &'a str) -> [Value<'a>; 10] {
    [
        (&session.project).into(),
        (&session.id).into(),
        (&session.agent).into(),
        (&session.role).into(),
        (&session.stage).into(),
        (&session.reason).into(),
        (&session.facts.0).into(),
        objectives.into(),
        session.from.as_ref().into(),
        session.began_at.into(),
    ]
}

/// The session of a row, its columns as `session/find.sql` names them.
pub fn read(row: &Row, project: &Project) -> Result<Session, StoreError> {
    let report = || -> Result<Report, StoreError> {
        Ok(Report {
            achievements: said(row, 10)?,
            challenges: said(row, 11)?,
            learnings: said(row, 12)?,
            next_steps: said(row, 13)?,
        })
    };
    Ok(Session {
        id: row.parsed(0)?,
        project: project.clone(),
        agent: row.parsed(1)?,
        role: row.parsed(2)?,
        stage: row.text(3)?.to_owned(),
        reason: row.text(4)?.to_owned(),
        facts: Json(row.text(5)?.to_owned()),
        objectives: said(row, 6)?,
        from: row.parsed_or_null(7)?,
        began_at: row.time(8)?,
        ended: row.time_or_null(9)?.map(|at| report().map(|report| Ended { at, report })).transpose()?,
    })
}

fn said(row: &Row, at: usize) -> Result<Lines, StoreError> {
    let lines = serde_json::from_str(row.text(at)?);
    lines.map(Lines::trusted).map_err(|e| StoreError::Broken(format!("lines of a session: {e}")))
}

/// Lines as they are kept.
pub fn lines(lines: &Lines) -> String {
    serde_json::to_string(&**lines).expect("text can be written as JSON")
}

/// Facts as they are kept with the session that they decided on; `docs/formats.md` has the fields.
pub fn facts(facts: &Facts) -> Json {
    let phase = |phase: Phase| {
        let tally = facts.tally(phase);
        (phase.word().to_owned(), json!({ "open": tally.open, "done": tally.done }))
    };
    let counts = |all: &std::collections::BTreeMap<Role, u32>| -> Map<String, JsonValue> {
        all.iter().map(|(role, count)| (role.to_string(), (*count).into())).collect()
    };
    let phases: Map<String, JsonValue> = Phase::ALL.into_iter().map(phase).collect();
    let all = json!({
        "stage": Stage::of(facts).word(), "items": facts.items(), "phases": phases, "moving": facts.moving,
        "checking": facts.checking, "gated": facts.gated, "stuck": facts.stuck, "waiting": counts(&facts.waiting),
        "sessions": counts(&facts.sessions), "last_role": facts.last.as_ref().map(Role::as_str),
    });
    Json(all.to_string())
}
