//! `nexus budget …`

mod shown;

use std::time::Duration;

use domain::budget::{Account, Measure};
use domain::id::WorkId;
use domain::text::AgentName;
use domain::work::Fence;
use engine::agent::Caller;
use engine::budget::{BudgetView, BudgetsView, By, CallView, CostsView};
use engine::problem::Problem;
use engine::{Clock as _, SystemClock, random_hex, sha256_hex, wait};
use serde_json::Value;

use super::{Answer, Global, parse};
use crate::ask::budget::{Changes, by, dollars, measure, wall};
use crate::ask::{Deed, Look};
use crate::reach::Reach;
use crate::terminal::one_line;

/// What agents may spend, and what they have spent: tokens, money, time, attempts
#[derive(Debug, clap::Subcommand)]
#[command(after_help = "Example:\n  nexus budget set project --usd 20 --tokens 5000000")]
pub enum Command {
    Show(Show),
    Set(Set),
    Reset(Reset),
    History(History),
    Pass(Pass),
}

/// Show limits, what is spent and set aside, and how things stand with the keys of providers
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  nexus budget show\n  nexus budget show item:work_1795211860474123456 --json")]
pub struct Show {
    /// One account: org, project, run:NAME, item:ID, attempt:ID/FENCE, or item:* for the limits of every item
    account: Option<Account>,
}

/// Set limits of an account; what is not named stays
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  nexus budget set project --usd 20 --tokens 5000000\n  \
    nexus budget set 'item:*' --attempts 3 --usd 1.50\n  nexus budget set org --no-limit usd\n\n\
    item:* stands for every item that has no limit of its own; so do run:* and attempt:*.")]
pub struct Set {
    /// The account: org, project, run:NAME, item:ID, attempt:ID/FENCE, run:*, item:*, attempt:*
    account: Account,
    /// How many tokens of a model may be read and written
    #[arg(long, value_name = "N")]
    tokens: Option<u64>,
    /// How many dollars may be spent, such as 2.50
    #[arg(long, value_name = "DOLLARS", value_parser = dollars)]
    usd: Option<u64>,
    /// How long agents may work, such as 8h
    #[arg(long, value_name = "DURATION", value_parser = wall)]
    wall: Option<u64>,
    /// How many agents may be started
    #[arg(long, value_name = "N")]
    attempts: Option<u64>,
    /// Take a limit away: tokens, usd, wall or attempts; may be given again
    #[arg(long, value_name = "MEASURE", value_parser = measure)]
    no_limit: Vec<Measure>,
    /// Makes a repeated request one: the same key gets the same answer
    #[arg(long)]
    key: Option<String>,
}

/// Ask a provider again at once, though it said that a quota is used up
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  nexus budget reset anthropic:1f0c3a9b77d2")]
pub struct Reset {
    /// The credential, as `nexus budget show` names it
    credential: String,
    /// Makes a repeated request one: the same key gets the same answer
    #[arg(long)]
    key: Option<String>,
}

/// Show what calls of models have used: the last ones, or added up
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  nexus budget history\n  nexus budget history --by item --since 7d\n  \
    nexus budget history --by day --json")]
pub struct History {
    /// Add them up by item, agent, model, run or day
    #[arg(long, value_name = "WHAT", value_parser = by)]
    by: Option<By>,
    /// From when on: a span such as 30d, or a day such as 2026-01-05 in UTC
    #[arg(long, value_name = "DURATION|DATE", default_value = parse::SINCE, value_parser = parse::since)]
    since: parse::Since,
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = Look::CALLS_USUAL,
        value_parser = clap::value_parser!(u32).range(1..=i64::from(Look::CALLS_MAX)))]
    limit: u32,
}

/// Get a token with which an agent of your own calls models through `nexus up`
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  nexus budget pass --agent zoe --ttl 8h --json\n\n\
    The agent's address is that of nexus up with /model/anthropic, /model/openai/v1 or /model/gemini behind it, its key\n\
    is the token. With --item the token is good while the item is held under that fence. It is shown once.")]
pub struct Pass {
    /// Who calls
    #[arg(long, env = "NEXUS_AGENT_ID", value_name = "NAME")]
    agent: AgentName,
    /// The run whose account spends
    #[arg(long, value_name = "NAME", default_value = "by hand")]
    run: String,
    /// The item that it is for
    #[arg(long, value_name = "ID", requires = "fence")]
    item: Option<WorkId>,
    /// The fence under which the item is held
    #[arg(long, value_name = "N", requires = "item")]
    fence: Option<i64>,
    /// How long it is good
    #[arg(long, value_name = "DURATION", default_value = "8h", value_parser = parse::wait)]
    ttl: Duration,
}

pub fn budget(global: &Global, command: Command) -> Result<Answer, Problem> {
    let reach = Reach::find(global)?;
    let now_ms = SystemClock.now().millis();
    match command {
        Command::Show(args) => {
            let all: BudgetsView = reach.look(&Look::Budgets { account: args.account })?;
            Ok(Answer::new(&all, shown::budgets(&all, now_ms)))
        }
        Command::Set(args) => {
            let changes = args.changes();
            if changes.is_empty() {
                let message = "say which limit: --tokens, --usd, --wall, --attempts or --no-limit";
                return Err(Problem::malformed(message));
            }
            let set = Deed::SetBudget { account: args.account, changes };
            let view: BudgetView = reach.deed(&set, args.key.as_deref())?;
            Ok(Answer::new(&view, shown::limits(&view)))
        }
        Command::Reset(args) => {
            let name = one_line(&args.credential);
            let reset = Deed::ResetCredential { credential: args.credential };
            let told: Value = reach.deed(&reset, args.key.as_deref())?;
            let was = told["was_in_trouble"] == true;
            let text = if was { format!("{name} is asked again") } else { format!("{name} was in no trouble") };
            Ok(Answer::new(&told, text))
        }
        Command::Pass(args) => {
            let engine = reach.itself()?;
            let token = format!("nxp-{}", random_hex::<32>());
            let caller = Caller {
                project: engine.project.clone(),
                run: args.run,
                item: args.item.zip(args.fence.map(Fence::new)),
                agent: args.agent,
                trace_id: random_hex::<16>(),
            };
            let until = wait(engine.add_pass(sha256_hex(token.as_bytes()), caller, args.ttl))?.millis();
            Ok(Answer::new(&serde_json::json!({ "token": token, "until_ms": until }), token.clone()))
        }
        Command::History(args) => {
            let look = Look::Spending { by: args.by, since: args.since, limit: args.limit };
            match args.by {
                None => {
                    let calls: Vec<CallView> = reach.look(&look)?;
                    Ok(Answer::new(&calls, shown::calls(&calls, now_ms)))
                }
                Some(by) => {
                    let costs: Vec<CostsView> = reach.look(&look)?;
                    Ok(Answer::new(&costs, shown::costs(by, &costs)))
                }
            }
        }
    }
}

impl Set {
    fn changes(&self) -> Changes {
        let mut changes: Changes = self.no_limit.iter().map(|measure| (*measure, None)).collect();
        let most = [self.tokens, self.usd, self.wall, self.attempts];
        changes.extend(Measure::ALL.into_iter().zip(most).filter_map(|(measure, most)| Some((measure, Some(most?)))));
        changes
    }
}
