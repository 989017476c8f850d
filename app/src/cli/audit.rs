//! `nexus audit`

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use engine::audit::{Head, Heads, REF, Told, Verified, parse_heads, verify_file, write_file};
use engine::problem::{Kind, Problem};
use serde_json::json;
use store::Mode;

use super::{Answer, Global, parse};
use crate::here::Here;

/// The largest list of heads, in bytes.
const BYTES_MAX: u64 = 1_000_000_000;

/// Seal the log, verify it, export it, and archive what is old
#[derive(Debug, clap::Subcommand)]
#[command(after_help = "Examples:\n  nexus audit verify\n  nexus audit export --output log.jsonl")]
pub enum Command {
    Seal(Seal),
    Verify(Verify),
    Export(Export),
    Archive(Archive),
}

/// Seal now what has happened; `nexus up` and `nexus run` do so by themselves
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  nexus audit seal --json")]
pub struct Seal {}

/// Look whether the sealed log is what it was, and name what was changed, removed, inserted or moved
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  nexus audit verify                        the store, and heads in refs/nexus/audit and audit.head_file\n  \
    nexus audit verify log.jsonl              a file of audit export or audit archive; needs no store\n  \
    nexus audit verify log.jsonl --against heads.jsonl\n\n\
    Whoever can rewrite the database can rewrite the chain in it, so keep heads elsewhere.\n\
    Exit 0 when nothing was found, 1 otherwise."
)]
pub struct Verify {
    /// A file of `audit export` or `audit archive`; the store when there is none
    file: Option<PathBuf>,
    /// Where heads are: `refs` for refs/nexus/audit, or a file of them
    #[arg(long, value_name = "refs|FILE")]
    against: Option<PathBuf>,
}

/// Write sealed events and their seals as JSON lines, to be verified with no store
#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  nexus audit export > log.jsonl\n  nexus audit export --after 120 --output log.jsonl"
)]
pub struct Export {
    /// Only blocks that have events after this number
    #[arg(long, value_name = "SEQ", default_value = "0", hide_default_value = true, value_parser = parse::seq)]
    after: i64,
    /// The file to write; standard output unless told otherwise
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Move old sealed events of finished work into a file
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  nexus audit archive --older-than 90d --output 2026-q3.jsonl\n\n\
    The file is verified before anything leaves the store. Events of open items stay.")]
pub struct Archive {
    /// Only what was sealed at least this long ago
    #[arg(long, value_name = "DURATION", value_parser = parse::span)]
    older_than: Duration,
    /// The file to write; there may be none of this name
    #[arg(long, value_name = "FILE")]
    output: PathBuf,
}

pub fn audit(global: &Global, command: &Command) -> Result<Answer, Problem> {
    match command {
        Command::Seal(_) => seal(global),
        Command::Verify(args) => verify(global, args),
        Command::Export(args) => export(global, args),
        Command::Archive(args) => archive(global, args),
    }
}

fn seal(global: &Global) -> Result<Answer, Problem> {
    let here = Here::find(global)?;
    let engine = here.engine(Mode::Direct)?;
    let mut sealed = engine.seal(&here.heads())?.ok_or_else(|| at_it("sealing the log"))?;
    let webhook = here.webhook();
    let told = webhook.as_ref().map_or(Ok(None), |webhook| engine.tell_heads(webhook));
    if let (Ok(Some(_)), Some(webhook)) = (&told, &webhook) {
        sealed.published.push(webhook.place());
    }
    let mut text = match &sealed.head {
        None => "nothing has happened yet".to_owned(),
        Some(head) => format!(
            "{} events sealed; the chain ends with seal {} up to event {}: {}",
            sealed.events, head.seal, head.up_to_seq, head.hash
        ),
    };
    sealed.published.iter().for_each(|place| text.push_str(&format!("\nhead written to {place}")));
    if let Err(trouble) = told {
        text.push_str(&format!("\nthe webhook will be tried again: {}", trouble.message));
    }
    Ok(Answer::new(&sealed, text))
}

fn verify(global: &Global, args: &Verify) -> Result<Answer, Problem> {
    let against = args.against.as_ref().map(|place| heads(global, place)).transpose()?;
    if let Some(file) = &args.file {
        return Ok(told(&verify_file(file, &against.unwrap_or_default())?));
    }
    let here = Here::find(global)?;
    let engine = here.engine_to_look()?;
    let heads = match against {
        Some(heads) => heads,
        None => here.heads().all()?,
    };
    let mut verified = engine.verify(&heads)?;
    verified.webhook = here.webhook().map(|webhook| webhook.told(&engine));
    Ok(told(&verified))
}

/// The heads at `place`, which there have to be.
fn heads(global: &Global, place: &Path) -> Result<Vec<(String, Head)>, Problem> {
    let none = || Problem::not_found(format!("{}: there is no head of a chain", place.display()));
    let found: Vec<_> = if place.as_os_str() == "refs" {
        let from = global.repo.clone().unwrap_or_else(|| PathBuf::from("."));
        let repo: std::sync::Arc<dyn engine::ports::Repo> = std::sync::Arc::new(connect::git::Git::open(&from)?);
        Heads { repo: Some(repo), file: None }.in_ref()?.into_iter().map(|head| (REF.to_owned(), head)).collect()
    } else {
        let name = place.display().to_string();
        parse_heads(&parse::file(place, BYTES_MAX)?).into_iter().map(|head| (name.clone(), head)).collect()
    };
    if found.is_empty() { Err(none()) } else { Ok(found) }
}

fn told(verified: &Verified) -> Answer {
    let mut lines = vec![format!("{} events under {} seals", verified.events, verified.seals)];
    if let Some(head) = &verified.head {
        lines[0].push_str(&format!(
            "; the chain ends with seal {} up to event {}: {}",
            head.seal, head.up_to_seq, head.hash
        ));
    }
    if verified.unsealed > 0 {
        lines.push(format!("{} events wait for a seal", verified.unsealed));
    }
    if verified.archived_up_to_seq > 0 {
        lines.push(format!("up to event {} those of finished items may be in an archive", verified.archived_up_to_seq));
    }
    for head in verified.heads.iter().filter(|head| head.agrees).rev().take(3) {
        lines.push(format!("{} agrees on seal {}", head.place, head.seal));
    }
    if verified.heads.is_empty() {
        lines.push(
            "no head elsewhere to compare it with: a chain that was rewritten as a whole would not show".to_owned(),
        );
    }
    if let Some(webhook) = &verified.webhook {
        lines.push(webhook_told(webhook, verified.head.as_ref()));
    }
    match verified.findings.as_slice() {
        [] => lines.push("clean: nothing was changed, removed, inserted or moved".to_owned()),
        findings => lines.extend(findings.iter().map(|finding| format!("tampered: {}", finding.text))),
    }
    Answer::new(verified, lines.join("\n")).exit(u8::from(!verified.sound))
}

/// What became of the heads that a webhook is told.
fn webhook_told(told: &Told, head: Option<&Head>) -> String {
    let taken = told.taken.as_ref().map_or_else(|| "no head yet".to_owned(), |it| format!("seal {}", it.seal));
    let waiting = head.map_or(0, |head| head.seal - told.taken.as_ref().map_or(0, |it| it.seal));
    match &told.failed {
        Some(failed) => format!("the webhook has taken {taken}; seal {} was not taken: {}", failed.seal, failed.why),
        None if waiting > 0 => format!("the webhook has taken {taken}; {waiting} later seals wait for nexus up"),
        None => format!("the webhook has taken {taken}"),
    }
}

fn export(global: &Global, args: &Export) -> Result<Answer, Problem> {
    let here = Here::find(global)?;
    let engine = here.engine(Mode::Direct)?;
    // What is not sealed is in no export; whoever else is sealing does it as well.
    engine.seal(&here.heads())?;
    let Some(path) = &args.output else {
        let mut out = std::io::stdout().lock();
        engine.export(args.after, &mut out)?;
        out.flush().map_err(|e| Problem::new(Kind::Failed, "io_failed", e.to_string()))?;
        return Ok(Answer::silent());
    };
    let totals = write_file(path, |out| engine.export(args.after, out), |_| Ok(()))?;
    let text = format!("{} events under {} seals in {}", totals.events, totals.seals, path.display());
    let json = json!({
        "file": path.display().to_string(), "events": totals.events, "seals": totals.seals, "sha256": totals.sha256,
    });
    Ok(Answer::new(&json, text))
}

fn archive(global: &Global, args: &Archive) -> Result<Answer, Problem> {
    let engine = Here::find(global)?.engine(Mode::Direct)?;
    let archive = engine.archive(args.older_than, &args.output)?.ok_or_else(|| at_it("archiving"))?;
    let text = match &archive.file {
        None => "nothing is old enough to be archived".to_owned(),
        Some(file) => format!("{} events are in {file}; {} left the store", archive.events, archive.removed),
    };
    Ok(Answer::new(&archive, text))
}

fn at_it(what: &str) -> Problem {
    Problem::refused("busy", format!("another process is {what}; try again"))
}
