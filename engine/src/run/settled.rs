//! Whether a run has anything left to wait for.

use domain::agent::Filter;
use domain::id::WorkId;
use domain::work::WorkItem;
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
        Ok(wait(self.engine.next_due())?.is_some() && self.any("pending", Some(filter))?)
    }

    /// Every item that fits `filter` and is pending, ready, leased or submitted.
    pub fn open_items(&self, filter: &Filter) -> Result<Vec<WorkId>, Problem> {
        let mut open = Vec::new();
        for state in ["pending", "ready", "leased", "submitted"] {
            self.each(state, &mut |item| {
                if filter.fits(&item.plan) {
                    open.push(item.id.clone());
                }
                true
            })?;
        }
        Ok(open)
    }

    fn any(&self, state: &str, filter: Option<&Filter>) -> Result<bool, Problem> {
        let mut found = false;
        self.each(state, &mut |item| {
            found = filter.is_none_or(|f| f.fits(&item.plan));
            !found
        })?;
        Ok(found)
    }

    /// Shows every item in `state`, page by page, until `go_on` says `false`.
    fn each(&self, state: &str, go_on: &mut dyn FnMut(&WorkItem) -> bool) -> Result<(), Problem> {
        let project = &self.engine.project;
        let mut after = String::new();
        loop {
            let page = Page { after, limit: PAGE };
            let found = wait(self.engine.store.read(async |tx| work::list(tx, project, Some(state), &page).await))?;
            if !found.iter().all(|added| go_on(&added.item)) {
                return Ok(());
            }
            match found.last() {
                Some(last) if found.len() == PAGE as usize => after = last.item.id.to_string(),
                _ => return Ok(()),
            }
        }
    }
}
