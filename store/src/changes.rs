//! Whether anybody has committed, whichever database is behind the store.

use crate::{StoreError, postgres, sqlite};

/// Tells whether anybody has committed since it was last asked.
pub struct Changes(Watch);

enum Watch {
    Sqlite(sqlite::Watch),
    Postgres(postgres::Watch),
}

impl Changes {
    pub(crate) const fn sqlite(watch: sqlite::Watch) -> Self {
        Self(Watch::Sqlite(watch))
    }

    pub(crate) const fn postgres(watch: postgres::Watch) -> Self {
        Self(Watch::Postgres(watch))
    }

    /// Whether there was a commit, by this process or another, since the last call.
    pub fn any(&mut self) -> Result<bool, StoreError> {
        match &mut self.0 {
            Watch::Sqlite(it) => it.any(),
            Watch::Postgres(it) => it.any(),
        }
    }
}
