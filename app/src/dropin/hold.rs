//! `progress` and `complete`: what a holder says that shows no fence.
//!
//! The fence of each claim is in a file of its own, `dropin/<item>.<project>.json` in the folder of the store. Only
//! the claim writes it, by rename, and only who finishes the item removes it, so any number of processes may.

use std::io::Write as _;
use std::path::PathBuf;

use domain::id::WorkId;
use domain::work::{Command, Fence, Held, Json, Percent};
use engine::problem::{Kind, Problem};
use engine::work::WorkView;
use engine::{sha256_hex, wait};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::asked::Asked;
use super::place::Place;
use super::surroundings::{self, TEAM, named, set};
use crate::cli::Answer;
use crate::terminal::one_line;

/// What a claim was granted.
#[derive(Debug, Serialize, Deserialize)]
pub struct Grant {
    /// To whom.
    pub agent: String,
    /// Under which fence.
    pub fence: i64,
}

/// Results that say that the work was not done.
const FAILED: [&str; 8] = ["fail", "failed", "failure", "error", "errored", "aborted", "timeout", "timed_out"];

/// Says how far the caller is, and keeps the item for longer.
pub fn progress(place: &Place, asked: &Asked) -> Result<Answer, Problem> {
    asked.at_most(3, "progress ID PERCENT [STATUS]")?;
    let id = item(asked)?;
    if asked.at(1).is_none() {
        return Err(Problem::malformed("No percent specified: progress ID PERCENT [STATUS]"));
    }
    let number = asked.number(1, "percent", 0, 0, 100)?;
    let percent = u8::try_from(number).ok().and_then(Percent::new).expect("it was checked to be a percent");
    let status = domain::text::bounded("status", asked.or(2, "in_progress"), 1_000);
    let status = status.map_err(|bad| Problem::malformed(bad.to_string()))?;
    let held = held(place, &id)?;
    let ttl = place.here.settings().dropin_ttl;
    let renew = Command::Renew { held: held.clone(), ttl };
    act(place, &id, renew)?;
    let item = act(place, &id, Command::Progress { held, percent, note: Some(status.clone()) })?;
    let line = format!("📈 PROGRESS: Updated {id} to {number}% ({})", one_line(&status));
    Ok(Answer::new(&item, line))
}

/// Finishes an item, or gives it back when the result says that it failed.
pub fn complete(place: &Place, asked: &Asked) -> Result<Answer, Problem> {
    asked.at_most(3, "complete ID [RESULT] [POINTS]")?;
    let id = item(asked)?;
    let result = domain::text::bounded("result", asked.or(1, "success"), 100_000);
    let result = result.map_err(|bad| Problem::malformed(bad.to_string()))?;
    let points = asked.number(2, "points", 5, 0, 1_000_000)?;
    let held = held(place, &id)?;
    let failed = FAILED.contains(&result.trim().to_lowercase().as_str());
    if failed {
        let item = act(place, &id, Command::Fail { held, reason: format!("completed with the result {result}") })?;
        Grant::forget(place, &id);
        let lines = format!(
            "✅ COMPLETED: Released claim for {id} ({}) - 0 velocity points\n🔁 RETURNED: {id} is {} (attempt {} of {})",
            one_line(&result),
            item.state,
            item.attempts_used,
            item.attempts_max
        );
        return Ok(Answer::new(&with_points(&item, 0), lines));
    }
    let known = wait(place.engine.show(&id))?;
    let team = set("AGENT_TEAM").or(known.team).unwrap_or_else(|| TEAM.to_owned());
    let agent = held.by.as_str();
    let written = json!({ "result": result, "velocity_points": points, "team": team, "agent": agent });
    let done = wait(place.engine.report(id.clone(), held, Some(Json(written.to_string())), None));
    let Some(item) = tidied(place, &id, done)? else {
        let message = format!("{id} has a workspace to look into; report it with `nexus work report`");
        return Err(Problem::refused("workspace_open", message));
    };
    Grant::forget(place, &id);
    let lines = format!(
        "✅ COMPLETED: Released claim for {id} ({}) - {points} velocity points\n📊 VELOCITY: Added {points} points to team {} velocity",
        one_line(&result),
        one_line(&team)
    );
    Ok(Answer::new(&with_points(&item, points), lines))
}

fn with_points(item: &WorkView, points: u32) -> serde_json::Value {
    let mut json = serde_json::to_value(item).expect("an item can be written as JSON");
    json["velocity_points"] = points.into();
    json
}

fn item(asked: &Asked) -> Result<WorkId, Problem> {
    let id = asked.at(0).map(str::to_owned).or_else(|| set("CURRENT_WORK_ITEM"));
    named("the work item", &id.ok_or_else(|| Problem::malformed("No work item ID specified"))?)
}

/// The hold that the caller has: under the fence of its claim, as whoever claimed unless `AGENT_ID` says otherwise.
fn held(place: &Place, id: &WorkId) -> Result<Held, Problem> {
    let caller = surroundings::agent()?;
    let Some(grant) = Grant::of(place, id)? else {
        return Err(not_ours(&wait(place.engine.show(id))?));
    };
    let by = match caller {
        Some(caller) => caller,
        None => named("the holder", &grant.agent)?,
    };
    Ok(Held { by, fence: Fence::new(grant.fence) })
}

/// Why nothing can be said about an item that was not claimed here.
fn not_ours(item: &WorkView) -> Problem {
    let id = &item.id;
    match &item.holder {
        Some(holder) => {
            let message = format!(
                "{holder} holds {id} under a fence that this tool was not given; `nexus work` with --fence speaks for it"
            );
            Problem::refused("held", message).with(json!({
                "holder": holder, "fence": item.fence, "lease_until_ms": item.lease_until_ms,
            }))
        }
        None if finished(item) => Problem::refused("finished", format!("{id} is {}, which ends it", item.state)),
        None => {
            let message = format!("nobody holds {id}, it is {}; `nexus work claim` takes it", item.state);
            Problem::refused("wrong_state", message)
        }
    }
}

fn act(place: &Place, id: &WorkId, command: Command) -> Result<WorkView, Problem> {
    tidied(place, id, wait(place.engine.act(id.clone(), command, None)))
}

/// `answered`; that a hold is lost because the item is finished is said so, and its fence is of no use any more.
fn tidied<T>(place: &Place, id: &WorkId, answered: Result<T, Problem>) -> Result<T, Problem> {
    let Err(problem) = &answered else { return answered };
    if !matches!(problem.kind, Kind::LeaseLost | Kind::Refused) {
        return answered;
    }
    match wait(place.engine.show(id)) {
        Ok(item) if finished(&item) => {
            Grant::forget(place, id);
            Err(not_ours(&item))
        }
        _ => answered,
    }
}

fn finished(item: &WorkView) -> bool {
    matches!(item.state.as_str(), "done" | "dead" | "cancelled")
}

impl Grant {
    fn path(place: &Place, id: &str) -> PathBuf {
        let project = &sha256_hex(place.engine.project.as_str().as_bytes())[..12];
        place.here.data.join("dropin").join(format!("{id}.{project}.json"))
    }

    /// Keeps it for those who will speak about the item `id`.
    pub fn keep(&self, place: &Place, id: &str) -> Result<(), Problem> {
        let path = Self::path(place, id);
        let folder = path.parent().expect("the file is in a folder");
        let written = std::fs::create_dir_all(folder).and_then(|()| {
            let mut file = tempfile::NamedTempFile::new_in(folder)?;
            serde_json::to_writer(&mut file, self)?;
            file.flush()?;
            file.persist(&path)?;
            Ok(())
        });
        written.map_err(|e| {
            let message = format!("{id} is claimed, but its fence cannot be kept in {}: {e}", path.display());
            Problem::new(Kind::Failed, "io_failed", message)
        })
    }

    /// What was granted for the item `id`; `None` when it was not claimed here.
    fn of(place: &Place, id: &WorkId) -> Result<Option<Self>, Problem> {
        let path = Self::path(place, id.as_str());
        let bad = |what: String| Problem::new(Kind::Failed, "io_failed", format!("{}: {what}", path.display()));
        match std::fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes).map(Some).map_err(|e| bad(e.to_string())),
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(bad(e.to_string())),
        }
    }

    fn forget(place: &Place, id: &WorkId) {
        // One that stays is harmless: its fence is over.
        let _ = std::fs::remove_file(Self::path(place, id.as_str()));
    }
}
