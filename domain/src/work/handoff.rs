//! What one holder leaves for the next: one document, kept with the item.

use super::decide::Receiver;
use super::draft::{BadDraft, Limits, within};
use super::item::{Fence, Progress};
use crate::id::{WorkId, WorkspaceId};
use crate::text::{AgentName, bounded, filled};
use crate::time::Timestamp;

/// What a holder gives along with its item.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Bundle {
    /// Where to find what was made: paths, links, names.
    pub artifacts: Vec<String>,
    /// All that the next one has to know.
    pub context: String,
    /// A word on it.
    pub note: String,
}

impl Bundle {
    /// The longest name of an artifact, in bytes.
    pub const ARTIFACT_BYTES_MAX: usize = 4_096;

    /// Whether it keeps to the limits, or which it passes.
    pub fn check(&self) -> Result<(), BadDraft> {
        within("the number of artifacts", self.artifacts.len(), 0, Limits::LIST_MAX)?;
        for artifact in &self.artifacts {
            filled("artifact", artifact, Self::ARTIFACT_BYTES_MAX)?;
        }
        bounded("context", &self.context, Limits::TEXT_BYTES_MAX)?;
        bounded("note", &self.note, Limits::TEXT_BYTES_MAX)?;
        Ok(())
    }
}

/// One hand-off, as it is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Handoff {
    /// The item.
    pub item: WorkId,
    /// The fence of the hold that ended.
    pub fence: Fence,
    /// Who had it.
    pub from: AgentName,
    /// To whom it went.
    pub to: Receiver,
    /// What was given along.
    pub bundle: Bundle,
    /// How far the giver was.
    pub progress: Option<Progress>,
    /// Where the giver worked; what it wrote there is kept.
    pub workspace: Option<WorkspaceId>,
    /// When.
    pub at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_keeps_to_its_limits() {
        let bundle = |artifacts| Bundle { artifacts, ..Bundle::default() };
        assert_eq!(bundle(vec!["docs/plan.md".into()]).check(), Ok(()));
        assert!(bundle(vec![" ".into()]).check().is_err());
        assert!(bundle(vec!["a".into(); Limits::LIST_MAX + 1]).check().is_err());
        let context = "x".repeat(Limits::TEXT_BYTES_MAX + 1);
        assert!(Bundle { context, ..Bundle::default() }.check().is_err());
    }
}
