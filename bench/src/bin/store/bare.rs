//! The same row changes, by hand.

use std::path::Path;

use rusqlite::{Connection, params};

use crate::{Side, same};

const PROJECT: &str = "default";
const ADD: &str = "insert into work (project, id, title, state, priority, attempts_used, attempts_max, fence,
    open_dependencies, rank_ms, trace_id, added_at_ms, changed_at_ms)
  values (?1, ?2, ?3, 'ready', 'medium', 0, 3, 0, 0, ?4, ?5, ?6, ?6)";
const PLAN: &str = "insert into work_plan (project, id, body) values (?1, ?2, ?3)";
const EVENT: &str = "insert into event (project, at_ms, name, subject, agent, fence, data)
  values (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
const NEXT: &str = "select id, fence from work where project = ?1 and state = 'ready' order by rank_ms, id limit 1";
const CLAIM: &str = "update work set state = 'leased', attempts_used = attempts_used + 1, fence = ?3, holder = ?4,
    lease_until_ms = ?5, changed_at_ms = ?6
  where project = ?1 and id = ?2 and state = 'ready'";
const DONE: &str = "update work set state = 'done', proof = 'reported', holder = null, lease_until_ms = null,
    result = ?4, changed_at_ms = ?5
  where project = ?1 and id = ?2 and fence = ?3 and state = 'leased'";
// Those of the store in its loop; both checkpoint at SQLite's own 1,000 pages.
const SETTINGS: &str = "pragma synchronous = full; pragma cache_size = -8000; pragma temp_store = memory;
  pragma trusted_schema = off";
const HOUR_MS: i64 = 3_600_000;

/// A connection, and the ids that were given out.
pub struct Bare {
    connection: Connection,
    callers: usize,
    ids: store::Ids,
}

impl Bare {
    /// The same tables at `path`.
    pub fn new(path: &Path, callers: usize) -> Self {
        drop(store::Store::create(path, store::Mode::Direct).expect("a store can be made"));
        let connection = Connection::open(path).expect("the file opens");
        connection.set_prepared_statement_cache_capacity(128);
        connection.execute_batch(SETTINGS).expect("pragmas are known");
        Self { connection, callers, ids: store::Ids::default() }
    }

    /// One transaction with something done for each caller.
    fn round<T>(&self, mut one: impl FnMut(usize) -> rusqlite::Result<T>) -> rusqlite::Result<Vec<T>> {
        self.run("begin immediate")?;
        let all = (0..self.callers).map(&mut one).collect::<Result<_, _>>()?;
        self.run("commit")?;
        Ok(all)
    }

    fn run(&self, text: &str) -> rusqlite::Result<()> {
        self.connection.prepare_cached(text)?.raw_execute().map(drop)
    }

    fn event(&self, name: &str, id: &str, hold: Option<(&str, i64)>, data: &str) -> rusqlite::Result<()> {
        let (agent, fence) = hold.unzip();
        let mut statement = self.connection.prepare_cached(EVENT)?;
        statement.execute(params![PROJECT, same::NOW_MS, name, id, agent, fence, data]).map(drop)
    }

    fn add(&self) -> rusqlite::Result<()> {
        let id = format!("work_{}", self.ids.next(same::NOW_MS.unsigned_abs() * 1_000_000));
        let rank_ms = same::NOW_MS - HOUR_MS;
        let plan = format!("{{\"title\":\"{}\",\"type\":\"task\",\"priority\":\"medium\"}}", same::TITLE);
        let mut add = self.connection.prepare_cached(ADD)?;
        add.execute(params![PROJECT, id, same::TITLE, rank_ms, same::TRACE, same::NOW_MS])?;
        self.connection.prepare_cached(PLAN)?.execute(params![PROJECT, id, plan])?;
        let data = format!(
            "{{\"plan\":{plan},\"trace_id\":\"{}\",\"open_dependencies\":0,\"then\":\"ready\",\"rank_ms\":{rank_ms}}}",
            same::TRACE
        );
        self.event("work.added", &id, None, &data)
    }

    fn claim(&self, caller: usize) -> rusqlite::Result<(String, i64)> {
        let mut next = self.connection.prepare_cached(NEXT)?;
        let (id, fence): (String, i64) = next.query_row([PROJECT], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let (agent, fence, until_ms) = (same::agent(caller), fence + 1, same::NOW_MS + same::TTL_MS);
        let mut claim = self.connection.prepare_cached(CLAIM)?;
        assert_eq!(claim.execute(params![PROJECT, id, fence, agent, until_ms, same::NOW_MS])?, 1, "it is ready");
        self.event("work.claimed", &id, Some((&agent, fence)), &format!("{{\"until_ms\":{until_ms}}}"))?;
        Ok((id, fence))
    }

    fn report(&self, caller: usize, id: &str, fence: i64) -> rusqlite::Result<()> {
        let mut done = self.connection.prepare_cached(DONE)?;
        assert_eq!(done.execute(params![PROJECT, id, fence, same::RESULT, same::NOW_MS])?, 1, "it is held");
        let data = format!("{{\"result\":\"{}\"}}", same::RESULT.replace('"', "\\\""));
        self.event("work.reported", id, Some((&same::agent(caller), fence)), &data)
    }
}

impl Side for Bare {
    fn run(&mut self, cycles: u32) {
        for _ in 0..cycles {
            self.round(|_| self.add()).expect("nothing is in the way");
            let held = self.round(|caller| self.claim(caller)).expect("nothing is in the way");
            self.round(|caller| self.report(caller, &held[caller].0, held[caller].1)).expect("nothing is in the way");
        }
    }
}
