//! Whether every item is what its events say.

use domain::text::Project;

use crate::work::{self, Page};
use crate::{StoreError, Tx, audit};

/// How many items are read at once.
const PAGE: u32 = 500;

/// What was compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Looked {
    /// Items that are what their events say.
    pub same: u64,
    /// Items whose events begin in an archive, so that they cannot be told again.
    pub skipped: u64,
    /// The first item that is not what its events say.
    pub unlike: Option<String>,
}

/// Tells every item of `project` again from its events, until one is not what they say. With `archived`, items may
/// lack the beginning of their events.
pub async fn look(tx: &mut Tx<'_>, project: &Project, archived: bool) -> Result<Looked, StoreError> {
    let (mut looked, mut after) = (Looked::default(), String::new());
    loop {
        let page = work::list(tx, project, None, &Page { after, limit: PAGE }).await?;
        for added in &page {
            let id = added.item.id.as_str();
            let events = audit::of(tx, project, id, 0, 1_000_000).await?;
            if archived && events.first().is_none_or(|first| first.name != "work.added") {
                looked.skipped += 1;
            } else if work::replay(&events, project)?.as_ref() == Some(&added.item) {
                looked.same += 1;
            } else {
                looked.unlike = Some(id.to_owned());
                return Ok(looked);
            }
        }
        match page.last() {
            Some(last) if page.len() == PAGE as usize => after = last.item.id.to_string(),
            _ => return Ok(looked),
        }
    }
}
