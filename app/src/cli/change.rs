//! `nexus change …`

use clap::{Args, Subcommand};
use domain::change::{Approval, State};
use domain::id::ChangeId;
use domain::text::{AgentName, Role};
use engine::change::{ChangeView, ReceiptView, Waiting};
use engine::problem::Problem;
use engine::{Engine, wait};
use serde_json::json;
use store::Mode;
use store::work::Page;

use super::{Answer, Global, parse};
use crate::here::Here;
use crate::terminal::{harmless, painted, table, when};

/// What agents have made: look, approve, land, take back
#[derive(Debug, Subcommand)]
#[command(after_help = "Examples:\n  nexus change list --state refused\n  nexus change land")]
pub enum Command {
    List(List),
    Show(Show),
    Approve(Approve),
    Land(Land),
    Revert(Revert),
}

/// List changes, oldest first
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  nexus change list --state refused")]
pub struct List {
    /// Only changes in this state
    #[arg(long, value_parser = clap::builder::PossibleValuesParser::new(State::WORDS))]
    state: Option<String>,
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    limit: u32,
    /// Only changes after this id
    #[arg(long, value_name = "ID")]
    after: Option<ChangeId>,
}

/// Show one change, with the receipts for its tree
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  nexus change show change_1795211860474123456 --json")]
pub struct Show {
    /// Which
    id: ChangeId,
}

/// Let a change touch protected paths; not for its author, and not from inside a run
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  nexus change approve change_1795211860474123456 --by zoe --role reviewer")]
pub struct Approve {
    /// Which
    id: ChangeId,
    /// Who approves
    #[arg(long, env = "USER", value_name = "NAME")]
    by: AgentName,
    /// As what; it has to be another role than the author's
    #[arg(long, default_value = "operator")]
    role: Role,
    /// Makes a repeated request one: the same key gets the same answer
    #[arg(long)]
    key: Option<String>,
}

/// Check and land what waits
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  nexus change land --target main")]
pub struct Land {
    /// The branch; every branch that something waits for unless given
    #[arg(long, value_name = "BRANCH")]
    target: Option<String>,
}

/// Take a landed change back: its reverse is checked and landed, its item is open again
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  nexus change revert change_1795211860474123456")]
pub struct Revert {
    /// Which
    id: ChangeId,
    /// Who takes it back
    #[arg(long, env = "USER", value_name = "NAME", default_value = "operator")]
    by: AgentName,
}

pub fn change(global: &Global, command: Command) -> Result<Answer, Problem> {
    let here = Here::find(global)?;
    match command {
        Command::List(args) => list(&here.engine(Mode::Direct)?, &args),
        Command::Show(args) => show(&here.engine(Mode::Direct)?, &args),
        Command::Approve(args) => {
            outside_a_run("approve a change")?;
            let key = parse::key(args.key.as_ref(), &args)?;
            let approval = Approval { by: args.by, role: args.role };
            let change = wait(here.engine(Mode::Direct)?.approve(args.id, approval, key))?;
            let text = format!("approved {}; it is {} now", change.id, change.state);
            Ok(Answer::new(&change, text))
        }
        Command::Land(args) => land(&here, args.target),
        Command::Revert(args) => revert(&here, &args),
    }
}

/// Whoever runs inside a run has its token in the environment.
pub fn outside_a_run(what: &str) -> Result<(), Problem> {
    if std::env::var_os("NEXUS_RUN_TOKEN").is_some() {
        let message = format!("an agent inside a run cannot {what}; somebody outside has to");
        return Err(Problem::refused("inside_a_run", message));
    }
    Ok(())
}

fn list(engine: &Engine, args: &List) -> Result<Answer, Problem> {
    let after = args.after.as_ref().map_or_else(String::new, ChangeId::to_string);
    let changes = wait(engine.changes(args.state.as_deref(), &Page { after, limit: args.limit }))?;
    let changes: Vec<ChangeView> = changes.iter().map(ChangeView::from).collect();
    let now = engine.scope().now.millis();
    let row = |c: &ChangeView| {
        let why = c.reason.as_deref().and_then(|r| r.lines().next()).unwrap_or_default().to_owned();
        vec![c.id.clone(), c.state.clone(), c.author.clone(), when(c.submitted_at_ms, now), c.write_set.join(" "), why]
    };
    let text = table(&["id", "state", "author", "submitted", "files", "why"], changes.iter().map(row));
    Ok(Answer::new(&changes, if changes.is_empty() { "no changes".to_owned() } else { text }))
}

fn show(engine: &Engine, args: &Show) -> Result<Answer, Problem> {
    let change = ChangeView::from(&wait(engine.change(&args.id))?);
    let receipts: Vec<ReceiptView> = wait(engine.receipts(&change.tree))?.iter().map(ReceiptView::from).collect();
    let mut lines = vec![
        format!("{} {} by {} for {}", change.id, painted(&change.state, &change.state), change.author, change.item),
        format!("commit {} on {} for {}", change.commit, change.base, change.target),
    ];
    lines.extend(change.write_set.iter().map(|path| format!("  {}", crate::terminal::one_line(path))));
    lines.extend(change.landed_commit.iter().map(|commit| format!("landed as {commit}")));
    lines.extend(change.approved_by.iter().map(|by| format!("approved by {by}")));
    lines.extend(change.reason.iter().map(|reason| harmless(reason)));
    for receipt in &receipts {
        lines.push(format!(
            "check {}: {} in {} ms, output {} ({} bytes)",
            receipt.check, receipt.ending, receipt.duration_ms, receipt.output_path, receipt.output_bytes
        ));
    }
    let mut json = serde_json::to_value(&change).expect("a change can be written as JSON");
    json["receipts"] = json!(receipts);
    Ok(Answer::new(&json, lines.join("\n")))
}

fn land(here: &Here, target: Option<String>) -> Result<Answer, Problem> {
    let site = here.site(Mode::Direct)?;
    site.clean_up()?;
    let project = site.engine.project.clone();
    let targets = match target {
        Some(target) => {
            site.tip(&target)?;
            vec![target]
        }
        None => wait(site.engine.store.read(async |tx| store::change::targets(tx, &project).await))?,
    };
    let (mut landed, mut sent_back, mut waiting) = (Vec::new(), Vec::new(), Vec::new());
    for target in targets {
        let done = site.land(&target, &mut || true)?;
        landed.extend(done.landed);
        sent_back.extend(done.sent_back);
        waiting.extend(done.waiting.map(|why| format!("{target}: {}", words(&why))));
    }
    let mut text = format!("{} landed, {} sent back", landed.len(), sent_back.len());
    waiting.iter().for_each(|why| text.push_str(&format!("\nwaiting on {why}")));
    let code = u8::from(!sent_back.is_empty() || !waiting.is_empty());
    Ok(Answer::new(&json!({ "landed": landed, "sent_back": sent_back, "waiting": waiting }), text).exit(code))
}

fn words(waiting: &Waiting) -> String {
    match waiting {
        Waiting::OtherProcess => "another process lands on it".to_owned(),
        Waiting::ChangedFiles(paths) => {
            format!(
                "files with changes that are not committed are in the way: {}; commit or stash them",
                paths.join(", ")
            )
        }
        Waiting::Checks(changes) => format!("others are checking {}", changes.join(", ")),
        Waiting::Away(changes) => format!(
            "{} from another clone: it is not at landing.remote; run `nexus change land` where it was made",
            changes.join(", ")
        ),
        Waiting::Stopped => "it was stopped".to_owned(),
    }
}

fn revert(here: &Here, args: &Revert) -> Result<Answer, Problem> {
    outside_a_run("take a change back")?;
    let site = here.site(Mode::Direct)?;
    site.clean_up()?;
    let queued = site.revert(&args.id, &args.by)?;
    let done = site.land(&queued.target, &mut || true)?;
    let change = ChangeView::from(&wait(site.engine.change(&queued.id))?);
    let text = match (&change.landed_commit, done.waiting) {
        (Some(commit), _) => format!("took {} back with {} as {commit}", args.id, change.id),
        (None, Some(waiting)) => format!("{} takes {} back and is queued; {}", change.id, args.id, words(&waiting)),
        (None, None) => format!("{} is {}: {}", change.id, change.state, change.reason.clone().unwrap_or_default()),
    };
    let code = u8::from(change.landed_commit.is_none());
    Ok(Answer::new(&change, text).exit(code))
}
