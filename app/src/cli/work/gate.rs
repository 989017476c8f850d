//! Keeping ready work back for a while, and letting it go on.

use clap::Args;
use domain::text::{Name, Role, Team};
use domain::work::{GateCommand, Part};
use engine::problem::Problem;
use engine::units::format_duration;
use engine::work::GateView;

use crate::ask::{Deed, Look};
use crate::cli::{Answer, parse};
use crate::reach::{Reach, now_ms};
use crate::terminal::{one_line, table, when};

#[derive(Debug, Args)]
#[group(multiple = false)]
struct Which {
    /// What is for this team
    #[arg(long)]
    team: Option<Team>,
    /// What is for this role
    #[arg(long)]
    role: Option<Role>,
    /// What is of this type
    #[arg(long = "type", value_name = "TYPE")]
    kind: Option<Name>,
}

impl Which {
    fn part(&self) -> Option<Part> {
        let team = self.team.clone().map(Part::Team);
        team.or_else(|| self.role.clone().map(Part::Role)).or_else(|| self.kind.clone().map(Part::Type))
    }
}

/// Give out no more work of a team, a role or a type, or none at all; what is held goes on
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  nexus work pause --reason 'release day'\n  nexus work pause --team platform --reason 'the database is down'"
)]
pub struct Pause {
    #[command(flatten)]
    which: Which,
    /// Why
    #[arg(long, default_value = "", hide_default_value = true, allow_hyphen_values = true)]
    reason: String,
    /// Makes a repeated request one: the same key gets the same answer
    #[arg(long)]
    key: Option<String>,
}

pub fn pause(reach: &Reach, args: &Pause) -> Result<Answer, Problem> {
    let part = args.which.part().unwrap_or(Part::Project);
    let said = format!("paused {part}");
    let deed = Deed::Gate { part, command: GateCommand::Pause(args.reason.clone()) };
    Ok(Answer::new(&reach.deed::<GateView>(&deed, args.key.as_deref())?, said))
}

/// Give out again what was paused
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  nexus work resume\n  nexus work resume --team platform")]
pub struct Resume {
    #[command(flatten)]
    which: Which,
    /// Makes a repeated request one: the same key gets the same answer
    #[arg(long)]
    key: Option<String>,
}

pub fn resume(reach: &Reach, args: &Resume) -> Result<Answer, Problem> {
    let part = args.which.part().unwrap_or(Part::Project);
    let said = format!("resumed {part}");
    let deed = Deed::Gate { part, command: GateCommand::Resume };
    Ok(Answer::new(&reach.deed::<GateView>(&deed, args.key.as_deref())?, said))
}

/// Limit how many items of a team, role or type are in flight, or how many of a rate key are given out in a time
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  nexus work limit --team platform 3\n  nexus work limit --rate github 30 --per 1m\n  nexus work limit --team platform 0"
)]
pub struct Limit {
    #[command(flatten)]
    which: Which,
    /// What carries this rate key (`work add --rate-key`)
    #[arg(long, value_name = "KEY", requires = "per", conflicts_with_all = ["team", "role", "kind"])]
    rate: Option<Name>,
    /// How many at most; 0 for any number
    #[arg(value_name = "N")]
    most: u32,
    /// In how long, such as 1m
    #[arg(long, value_name = "DURATION", value_parser = parse::span, requires = "rate")]
    per: Option<std::time::Duration>,
    /// Makes a repeated request one: the same key gets the same answer
    #[arg(long)]
    key: Option<String>,
}

pub fn limit(reach: &Reach, args: &Limit) -> Result<Answer, Problem> {
    let deed = Deed::limit(args.which.part(), args.rate.clone(), args.most, args.per)?;
    let Deed::Gate { part, .. } = &deed else { unreachable!("a limit is one of a gate") };
    let gate: GateView = reach.deed(&deed, args.key.as_deref())?;
    let said = match gate.limit {
        Some(most) => format!("limited {part} to {most}{}", every(&gate)),
        None => format!("{part} has no limit any more"),
    };
    Ok(Answer::new(&gate, said))
}

fn every(gate: &GateView) -> String {
    let span = gate.per_ms.and_then(|ms| u64::try_from(ms).ok()).map(std::time::Duration::from_millis);
    span.map_or_else(String::new, |span| format!(" every {}", format_duration(span)))
}

/// List what keeps ready work back: pauses, limits, rates
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  nexus work gates --json")]
pub struct Gates {}

pub fn gates(reach: &Reach) -> Result<Answer, Problem> {
    let gates: Vec<GateView> = reach.look(&Look::Gates)?;
    if gates.is_empty() {
        return Ok(Answer::new(&gates, "nothing keeps ready work back"));
    }
    let now = now_ms();
    let row = |gate: &GateView| {
        let held = gate.in_flight.map_or_else(String::new, |n| format!("{n} of "));
        vec![
            gate.gate.clone(),
            gate.name.clone(),
            if gate.paused {
                format!("paused {}", one_line(gate.reason.as_deref().unwrap_or("")))
            } else {
                String::new()
            },
            gate.limit.map_or_else(String::new, |most| format!("{held}{most}{}", every(gate))),
            gate.opens_at_ms.map_or_else(String::new, |at| format!("opens {}", when(at, now))),
        ]
    };
    Ok(Answer::new(&gates, table(&["gate", "name", "paused", "limit", "opens"], gates.iter().map(row))))
}
