//! `nexus memory …`

use std::mem::ManuallyDrop;

use clap::{Args, Subcommand};
use domain::id::{NoteId, SessionId, WorkId};
use domain::memory::{Draft, Note, Query};
use domain::text::{AgentName, Label};
use engine::memory::{FOUND_MAX, Filter, NoteView};
use engine::problem::Problem;
use store::memory::Which;
use store::work::Page;

use super::tree::Branch;
use super::{Answer, Global, parse};
use crate::ask::{Deed, Look};
use crate::reach::{Reach, now_ms};
use crate::terminal::{harmless, one_line, table, when};

/// Notes that agents keep for each other, found again by their words
#[derive(Debug, Subcommand)]
#[command(
    after_help = "Examples:\n  nexus memory add 'The parser wants tabs' --tag parser --agent zoe\n  nexus memory search parser"
)]
pub enum Command {
    Add(Add),
    Search(Search),
    List(List),
    Show(Show),
    Remove(Remove),
}

/// The verbs that agents call all day.
pub const BRANCHES: &[Branch] =
    &[(&["memory", "add"], Add::augment_args), (&["memory", "search"], Search::augment_args)];

/// Keep a note
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  nexus memory add 'The parser wants tabs' --tag parser --agent zoe\n  \
    nexus memory add @notes.md --item work_1795211860474123456\n\n\
    A note of an agent with an open session belongs to that session, and is in its hand-off.")]
pub struct Add {
    /// What is to be remembered, 10000 bytes at most; @FILE reads a file, @- standard input
    #[arg(value_name = "TEXT|@FILE", allow_hyphen_values = true)]
    text: String,
    /// A word to find it by, beside its own; may be given again
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<Label>,
    /// About which item
    #[arg(long, value_name = "ID")]
    item: Option<WorkId>,
    /// In which session; the open one of the agent unless given
    #[arg(long, value_name = "ID")]
    session: Option<SessionId>,
    /// Who says so
    #[arg(long, env = "NEXUS_AGENT_ID", value_name = "NAME")]
    agent: Option<AgentName>,
    /// Makes a repeated request one: the same key gets the same answer
    #[arg(long)]
    key: Option<String>,
}

#[derive(Debug, Args)]
struct Narrow {
    /// Only notes with this tag
    #[arg(long, value_name = "TAG")]
    tag: Option<Label>,
    /// Only notes of this agent
    #[arg(long, value_name = "NAME")]
    agent: Option<AgentName>,
    /// Only notes about this item
    #[arg(long, value_name = "ID")]
    item: Option<WorkId>,
    /// Only notes of this session
    #[arg(long, value_name = "ID")]
    session: Option<SessionId>,
}

/// Find notes that have some of these words, those with the most words first, then the newest
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  nexus memory search parser tabs\n  nexus memory search 'build server' --tag ci --limit 5 --json\n\n\
    A word is found at the beginning of a word of the note or of a tag, in large or small letters; in a script without\n\
    spaces, anywhere. The newest 5000 notes are looked at; --agent, --item and --session reach further back."
)]
pub struct Search {
    /// The words
    #[arg(required = true, value_name = "WORDS")]
    words: Vec<String>,
    #[command(flatten)]
    narrow: Narrow,
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=i64::from(FOUND_MAX)))]
    limit: u32,
}

/// List notes, the oldest first
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  nexus memory list --agent zoe\n  nexus memory list --tag ci --json")]
pub struct List {
    #[command(flatten)]
    narrow: Narrow,
    /// How many at most
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    limit: u32,
    /// Only notes after this one
    #[arg(long, value_name = "ID")]
    after: Option<NoteId>,
}

/// Show one note
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  nexus memory show memory_1795211860474123456 --json")]
pub struct Show {
    /// Which
    id: NoteId,
}

/// Forget a note: its text is gone; the log still says that it was there
#[derive(Debug, Args)]
#[command(after_help = "Example:\n  nexus memory remove memory_1795211860474123456")]
pub struct Remove {
    /// Which
    id: NoteId,
    /// Makes a repeated request one: the same key gets the same answer
    #[arg(long)]
    key: Option<String>,
}

impl Narrow {
    fn filter(self) -> Filter {
        let Self { tag, agent, item, session } = self;
        Filter { which: Which { agent, session, item }, tag }
    }
}

pub fn memory(global: &Global, command: Command) -> Result<Answer, Problem> {
    // The end of the process closes the store, and sooner than we could: nothing is written at a close.
    let reach = &*ManuallyDrop::new(Reach::find(global)?);
    match command {
        Command::Add(args) => add(reach, args),
        Command::Search(args) => search(reach, args),
        Command::List(args) => {
            let after = args.after.as_ref().map_or_else(String::new, ToString::to_string);
            let page = Page { after, limit: args.limit };
            let notes: Vec<NoteView> = reach.look(&Look::Notes { notes: args.narrow.filter(), page })?;
            Ok(Answer::new(&notes, rows(&notes, "no note")))
        }
        Command::Show(Show { id }) => {
            let note: NoteView = reach.look(&Look::Note { id })?;
            Ok(Answer::new(&note, whole(&note)))
        }
        Command::Remove(Remove { id, key }) => {
            let note: NoteView = reach.deed(&Deed::Forget { id }, key.as_deref())?;
            let text = format!("removed {}: {}", note.id, one_line(&note.text));
            Ok(Answer::new(&note, text))
        }
    }
}

fn add(reach: &Reach, args: Add) -> Result<Answer, Problem> {
    let text = parse::text_or_file(&args.text, Note::TEXT_BYTES_MAX as u64)?;
    let Add { tags, item, session, agent, key, .. } = args;
    let draft = Draft { text, tags: tags.into_iter().collect(), agent, session, item };
    let note: NoteView = reach.deed(&Deed::Remember { draft: Box::new(draft) }, key.as_deref())?;
    let text = format!("kept {}", note.id);
    Ok(Answer::new(&note, text))
}

fn search(reach: &Reach, args: Search) -> Result<Answer, Problem> {
    let words = args.words.join(" ");
    // Refused here, so that it reads the same each way.
    Query::new(&words).map_err(|bad| Problem::malformed(bad.to_string()))?;
    let look = Look::Recall { words, notes: args.narrow.filter(), limit: args.limit };
    let notes: Vec<NoteView> = reach.look(&look)?;
    Ok(Answer::new(&notes, rows(&notes, "no note has any of these words")))
}

fn rows(notes: &[NoteView], none: &str) -> String {
    if notes.is_empty() {
        return none.to_owned();
    }
    let now = now_ms();
    let row = |it: &NoteView| {
        let who = it.agent.clone().unwrap_or_default();
        vec![it.id.clone(), who, when(it.at_ms, now), it.tags.join(", "), it.text.clone()]
    };
    table(&["id", "by", "when", "tags", "note"], notes.iter().map(row))
}

fn whole(note: &NoteView) -> String {
    let mut lines = vec![format!("{} {}", note.id, when(note.at_ms, now_ms()))];
    let said = [("by", &note.agent), ("session", &note.session), ("about", &note.item)];
    lines.extend(said.iter().filter_map(|(what, it)| it.as_ref().map(|it| format!("{what}: {}", harmless(it)))));
    if !note.tags.is_empty() {
        lines.push(format!("tags: {}", harmless(&note.tags.join(", "))));
    }
    lines.push(String::new());
    lines.push(harmless(&note.text));
    lines.join("\n")
}
