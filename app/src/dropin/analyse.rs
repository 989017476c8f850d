//! The words that analyse: advice by rules, with a model's opinion beside it when one is asked, printed and left in a file
//! for scripts.

use std::io::Write as _;
use std::path::Path;

use domain::text::{AgentName, Team};
use domain::time::Timestamp;
use engine::advice::Question;
use engine::problem::{Kind, Problem};
use engine::wait;
use serde_json::Value;

use super::asked::Asked;
use super::derived;
use super::place::Place;
use super::surroundings::{self, named};
use super::words::Topic;
use crate::cli::{Answer, advise, parse};
use crate::opinion::Second;
use crate::terminal::one_line;

/// What scripts pass along that the store knows better.
const UNREAD: [&str; 7] = [
    "--work-items",
    "--agent-status",
    "--optimization-goals",
    "--metrics",
    "--scaling-strategy",
    "--cost-optimization",
    "--workload-data",
];
/// How far back the log is read, in milliseconds: 30 days.
const SINCE_MS: i64 = 30 * 24 * 60 * 60 * 1_000;

/// From when on the log is read.
pub fn since(place: &Place) -> Timestamp {
    place.engine.scope().now.plus_millis(-SINCE_MS)
}

/// Analyses what `topic` says, and leaves the answer in its file.
pub fn analyse(place: &Place, asked: &Asked, topic: Topic) -> Result<Answer, Problem> {
    let valued: &[&str] = match topic {
        Topic::Assignments => &["--team", "--workload-factor"],
        Topic::Distribution => {
            &["--team", "--workload-factor", "--work-items", "--agent-status", "--optimization-goals"]
        }
        Topic::Scaling => &["--team", "--metrics", "--scaling-strategy"],
        Topic::Rebalance => &["--team", "--workload-factor", "--workload-data"],
        _ => &["--team"],
    };
    let plain = ["--skill-matching", "--all-teams", "--cost-optimization", "--apply", "--dry-run"];
    let (by_place, options) = asked.options(valued, &plain)?;
    let (first, most) = (by_place.first().copied(), usize::from(!matches!(topic, Topic::Priorities | Topic::Health)));
    if by_place.len() > most {
        return Err(Problem::malformed(format!("{:?} is one argument too many", one_line(by_place[most]))));
    }
    let of_team = if matches!(topic, Topic::Recommend) { None } else { first };
    let team = options.get("--team").copied().or(of_team).filter(|_| !options.contains_key("--all-teams"));
    let team: Option<Team> = team.map(|team| named("team", team)).transpose()?;
    let agent = if matches!(topic, Topic::Recommend) { surroundings::agent()? } else { None };
    let question = match topic {
        Topic::Priorities => Question::Priorities,
        Topic::Health | Topic::Performance => Question::Health,
        Topic::Teams | Topic::Scaling => Question::Teams,
        Topic::Assignments | Topic::Distribution | Topic::Rebalance => {
            Question::Assignments { factor: factor(options.get("--workload-factor").copied())? }
        }
        Topic::Recommend => Question::Recommend { kind: first.map(str::to_owned), agent: agent.clone() },
    };
    let about = (&question, since(place), team.as_ref());
    let second = Second::prepare(&place.here, &place.engine, about, false)?;
    let apply = options.contains_key("--apply") && !options.contains_key("--dry-run");
    let mut answer = if apply {
        wait(place.engine.advise_and_follow(&question, since(place), team.as_ref(), None))?
    } else {
        wait(place.engine.advise(&question, since(place), team.as_ref()))?.answer
    };
    if let (Topic::Teams, Some(team)) = (topic, &team)
        && !advise::list(&answer, "teams").iter().any(|it| it["team_name"] == team.as_str())
    {
        let message = format!("no agent and no open item is of the team {team}");
        return Err(Problem::new(Kind::NotFound, "unknown_team", message));
    }
    if let Some(second) = second {
        second.add(&mut answer, None)?;
    }
    let mut finished = advise::finish(answer);
    derived::complete(place, topic, team.as_ref(), &mut finished)?;
    let unread: Vec<_> = UNREAD.into_iter().filter(|name| options.contains_key(name)).collect();
    finished.lines.extend(unread.iter().map(|name| format!("{name} is not read: what the store holds is looked at")));
    finished.json["inputs_not_read"] = unread.into();
    finished.json["analysis_timestamp"] = parse::moment_text(place.engine.scope().now).into();
    let file = file(topic, agent.as_ref());
    leave(&place.folder().join(&file), &finished.json)?;
    let mut lines = vec![format!("🧠 {}", heading(topic)), String::new()];
    lines.extend(finished.lines);
    lines.push(format!("💾 {file}"));
    Ok(Answer::new(&finished.json, lines.join("\n")).exit(if finished.all { 0 } else { 3 }))
}

fn factor(text: Option<&str>) -> Result<usize, Problem> {
    let Some(text) = text else { return Ok(1) };
    let number = text.parse().ok().filter(|n| (1..=65_535usize).contains(n));
    number.ok_or_else(|| Problem::malformed("--workload-factor can be a whole number from 1 to 65535"))
}

const fn heading(topic: Topic) -> &'static str {
    match topic {
        Topic::Priorities => "PRIORITY ANALYSIS",
        Topic::Assignments => "ASSIGNMENT OPTIMIZATION",
        Topic::Health => "HEALTH ANALYSIS",
        Topic::Teams => "TEAM ANALYSIS",
        Topic::Recommend => "WORK RECOMMENDATION",
        Topic::Performance => "PERFORMANCE ANALYSIS",
        Topic::Distribution => "WORK DISTRIBUTION",
        Topic::Scaling => "SCALING ANALYSIS",
        Topic::Rebalance => "REBALANCING",
    }
}

/// The names of the files that do not depend on an agent.
pub const FILES: [&str; 8] = [
    "claude_priority_analysis.json",
    "claude_optimization_results.json",
    "claude_health_analysis.json",
    "claude_team_analysis.json",
    "claude_performance_analysis.json",
    "claude_work_distribution.json",
    "claude_scaling_analysis.json",
    "claude_rebalance_recommendations.json",
];

fn file(topic: Topic, agent: Option<&AgentName>) -> String {
    match topic {
        Topic::Priorities => FILES[0].to_owned(),
        Topic::Assignments => FILES[1].to_owned(),
        Topic::Health => FILES[2].to_owned(),
        Topic::Teams => FILES[3].to_owned(),
        Topic::Performance => FILES[4].to_owned(),
        Topic::Distribution => FILES[5].to_owned(),
        Topic::Scaling => FILES[6].to_owned(),
        Topic::Rebalance => FILES[7].to_owned(),
        Topic::Recommend => {
            let plain = |c: char| if c.is_alphanumeric() || "-_.".contains(c) { c } else { '_' };
            let name = agent.map(|name| name.as_str().chars().map(plain).take(60).collect::<String>());
            name.map_or_else(
                || "claude_work_recommendation.json".to_owned(),
                |name| format!("claude_work_recommendation_{name}.json"),
            )
        }
    }
}

/// Leaves `json` at `path`, moved into place whole.
pub fn leave(path: &Path, json: &Value) -> Result<(), Problem> {
    let folder = path.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let written = (|| {
        let mut file = tempfile::Builder::new().prefix(".nexus-answer-").tempfile_in(folder)?;
        writeln!(file, "{json:#}")?;
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o644);
        file.as_file().set_permissions(mode)?;
        file.persist(path)?;
        Ok(())
    })();
    written.map_err(|e: std::io::Error| {
        Problem::new(Kind::Failed, "io_failed", format!("{} cannot be written: {e}", path.display()))
    })
}
