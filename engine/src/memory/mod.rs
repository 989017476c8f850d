//! Memory: notes that agents keep for each other.

use domain::id::NoteId;
use domain::memory::{Draft, Found, Note, Query, search};
use domain::text::{AgentName, Label};
use serde::{Deserialize, Serialize};
use store::memory::{self as kept, Which};
use store::work::Page;

use crate::problem::Problem;
use crate::{Engine, Key};

/// How many of the newest notes a search looks at.
pub const LOOK_MAX: u32 = 5_000;
/// How many notes a search finds at most.
pub const FOUND_MAX: u32 = 100;

/// The JSON object of a note. Times are Unix milliseconds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)] // The names say it; `docs/formats.md` has the whole table.
pub struct NoteView {
    pub id: String,
    pub project: String,
    pub text: String,
    pub tags: Vec<String>,
    pub agent: Option<String>,
    pub session: Option<String>,
    pub item: Option<String>,
    pub at_ms: i64,
    /// The words of a search that it has.
    #[serde(default)]
    pub matched: Vec<String>,
}

impl From<&Note> for NoteView {
    fn from(note: &Note) -> Self {
        Self {
            id: note.id.to_string(),
            project: note.project.as_str().to_owned(),
            text: note.text.clone(),
            tags: note.tags.iter().map(Label::to_string).collect(),
            agent: note.agent.as_ref().map(AgentName::to_string),
            session: note.session.as_ref().map(ToString::to_string),
            item: note.item.as_ref().map(ToString::to_string),
            at_ms: note.at.millis(),
            matched: Vec::new(),
        }
    }
}

impl From<&Found> for NoteView {
    fn from(Found { note, matched }: &Found) -> Self {
        Self { matched: matched.clone(), ..Self::from(note) }
    }
}

/// Which notes; what is `None` does not narrow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// By whom, from which session, about which item.
    pub which: Which,
    /// With this tag, in large or small letters.
    pub tag: Option<Label>,
}

impl Filter {
    fn fits(&self, note: &Note) -> bool {
        let same = |tag: &Label, other: &Label| tag.as_str().to_lowercase() == other.as_str().to_lowercase();
        self.tag.as_ref().is_none_or(|tag| note.tags.iter().any(|other| same(tag, other)))
    }
}

impl Engine {
    /// Keeps a note.
    pub async fn remember(&self, draft: Draft, key: Option<Key>) -> Result<NoteView, Problem> {
        let number = self.number();
        self.keyed(key, async move |tx, scope| Ok(NoteView::from(&kept::add(tx, scope, draft, number).await?))).await
    }

    /// Forgets a note; comes back with what it was.
    pub async fn forget(&self, id: NoteId, key: Option<Key>) -> Result<NoteView, Problem> {
        self.keyed(key, async move |tx, scope| Ok(NoteView::from(&kept::remove(tx, scope, &id).await?))).await
    }

    /// The note `id`.
    pub async fn memory_note(&self, id: &NoteId) -> Result<NoteView, Problem> {
        let read = async |tx: &mut store::Tx<'_>| kept::find(tx, &self.project, id).await.map_err(Problem::from);
        Ok(NoteView::from(&self.store.read(read).await?))
    }

    /// Notes by id. A page has fewer where the tag leaves some out; none at all means that there are no more.
    pub async fn memory_notes(&self, filter: &Filter, page: &Page) -> Result<Vec<NoteView>, Problem> {
        let read = async |tx: &mut store::Tx<'_>| {
            let (mut all, mut after) = (Vec::new(), page.after.clone());
            loop {
                let next = Page { after, limit: page.limit };
                let found = kept::list(tx, &self.project, &filter.which, &next).await?;
                let (whole, last) = (found.len() == next.limit as usize, found.last().map(|note| note.id.to_string()));
                all.extend(found.into_iter().filter(|note| filter.fits(note)));
                match last.filter(|_| whole && all.len() < page.limit as usize) {
                    Some(last) => after = last,
                    None => break,
                }
            }
            all.truncate(page.limit as usize);
            Ok::<_, store::StoreError>(all)
        };
        Ok(self.store.read(read).await?.iter().map(NoteView::from).collect())
    }

    /// Notes among the newest that have a word of `query`, the best first; up to `limit`.
    pub async fn recall(&self, query: &Query, filter: &Filter, limit: u32) -> Result<Vec<NoteView>, Problem> {
        let read = async |tx: &mut store::Tx<'_>| kept::latest(tx, &self.project, &filter.which, LOOK_MAX).await;
        let notes = self.store.read(read).await?;
        let fitting = notes.into_iter().filter(|note| filter.fits(note));
        Ok(search(fitting, query, limit as usize).iter().map(NoteView::from).collect())
    }
}
