//! A place for a store, on each engine, so that one story is told to both.

use store::{Mode, Store, Url};

use crate::database::Database;

/// Tells each story on SQLite and on PostgreSQL, as two tests.
macro_rules! on_each_engine {
    ($($story:ident),* $(,)?) => {
        $(mod $story {
            #[test]
            fn on_sqlite() {
                super::$story(&$crate::place::Place::sqlite());
            }

            #[test]
            fn on_postgres() {
                super::$story(&$crate::place::Place::postgres());
            }
        })*
    };
}
pub(crate) use on_each_engine;

/// Where a store is; gone when dropped.
pub enum Place {
    /// In memory.
    Sqlite(Store),
    /// In a schema of its own.
    Postgres(Database),
}

impl Place {
    pub fn sqlite() -> Self {
        Self::Sqlite(Store::in_memory().expect("a store in memory"))
    }

    pub fn postgres() -> Self {
        let database = Database::new();
        Store::create_database(&url(&database), Mode::Direct).expect("the tables can be made");
        Self::Postgres(database)
    }

    /// The store, for one command at a time.
    pub fn store(&self) -> Store {
        match self {
            Self::Sqlite(store) => store.clone(),
            Self::Postgres(database) => open(database, Mode::Direct),
        }
    }
}

/// The address of `database`.
pub fn url(database: &Database) -> Url {
    database.address().parse().expect("an address")
}

/// The store in `database`.
pub fn open(database: &Database, mode: Mode) -> Store {
    Store::open_database(&url(database), mode).expect("the database opens")
}
