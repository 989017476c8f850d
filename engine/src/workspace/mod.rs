//! Workspaces: opened under a grant, snapshotted before anything is taken away, set aside rather than deleted.

mod open;
mod prune;
mod put_away;
mod view;

pub(crate) use open::holding;
pub use prune::Pruned;
pub use put_away::Kept;
pub use view::WorkspaceView;
