//! What entries of the log say about flow.

use domain::flow::{CONFLICT, Fact, What};
use serde::Deserialize;
use store::audit::Entry;

/// What of the data of an entry is read.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Body {
    plan: Option<Plan>,
    then: Option<String>,
    reason: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Plan {
    team: Option<String>,
    points: Option<u32>,
}

/// What `entry` says about flow; `None` when it says nothing.
pub fn fact(entry: &Entry) -> Option<Fact> {
    let verb = entry.name.strip_prefix("work.")?;
    let body = || serde_json::from_str::<Body>(&entry.data).unwrap_or_default();
    let what = match verb {
        "added" => {
            let body = body();
            let ready = body.ready();
            let plan = body.plan.unwrap_or_default();
            What::Added { team: plan.team.and_then(|team| team.parse().ok()), points: plan.points, ready }
        }
        "promoted" => What::Ready(true),
        "dependency_reopened" if entry.agent.is_none() => What::Ready(false),
        "claimed" => What::Claimed,
        "released" | "failed" | "lapsed" | "unblocked" | "requeued" => {
            let body = body();
            if body.then.as_deref() == Some("dead") { What::Dropped } else { What::Freed(body.ready()) }
        }
        "blocked" => What::Freed(false),
        "offered" => What::HandedOff(body().ready()),
        "submitted" | "resubmitted" => What::Submitted,
        "rejected" => {
            let body = body();
            let conflict = body.reason.as_ref().is_some_and(|reason| reason.starts_with(CONFLICT));
            What::Rejected { conflict, ready: body.ready() }
        }
        "reported" => What::Done { landed: false },
        "landed" => What::Done { landed: true },
        "reverted" => What::Reverted(body().ready()),
        "cancelled" => What::Dropped,
        _ => return None,
    };
    Some(Fact { at: entry.at, item: entry.subject.parse().ok()?, what })
}

impl Body {
    fn ready(&self) -> bool {
        self.then.as_deref() == Some("ready")
    }
}
