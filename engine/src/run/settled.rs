//! Whether a run has anything left to wait for.

use domain::agent::Filter;
use store::work::{self, Page};

use crate::problem::Problem;
use crate::site::Site;
use crate::wait;

/// How many rows of a state are looked at in one go.
const PAGE: u32 = 500;

impl Site {
    /// Whether something that fits `filter` may still become claimable: somebody is at work or in the landing queue
    /// and may finish, fail or give it back, or a delay will end.
    pub(super) fn unsettled(&self, filter: &Filter) -> Result<bool, Problem> {
        if self.any("leased", None)? || self.any("submitted", None)? {
            return Ok(self.any("leased", Some(filter))?
                || self.any("submitted", Some(filter))?
                || self.any("pending", Some(filter))?);
        }
        let project = &self.engine.project;
        let due = wait(self.engine.store.read(async |tx| work::next_due(tx, project).await))?;
        Ok(due.is_some() && self.any("pending", Some(filter))?)
    }

    fn any(&self, state: &str, filter: Option<&Filter>) -> Result<bool, Problem> {
        let project = &self.engine.project;
        let mut after = String::new();
        loop {
            let page = Page { after, limit: PAGE };
            let found = wait(self.engine.store.read(async |tx| work::list(tx, project, Some(state), &page).await))?;
            if found.iter().any(|added| filter.is_none_or(|f| f.fits(&added.item.plan))) {
                return Ok(true);
            }
            match found.last() {
                Some(last) if found.len() == PAGE as usize => after = last.item.id.to_string(),
                _ => return Ok(false),
            }
        }
    }
}
