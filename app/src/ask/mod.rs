//! What can be asked about work: one type for the command line, the HTTP door and the client between them, so that a
//! request means the same whichever way it goes.
//!
//! ```text
//! flags ──▶ Ask ──▶ engine                          over the file
//! flags ──▶ Ask ──written──▶ HTTP ──read──▶ Ask ──▶ engine      through a server
//! ```
//!
//! The digest behind a request's key is taken from what is written, so a repeat over the other way is the same request.

mod advice;
pub mod budget;
mod deed;
mod fields;
mod look;
mod wire;

use std::time::Duration;

use domain::agent::Filter;
use domain::id::WorkId;
use domain::text::{AgentName, bounded};
use domain::time::Ttl;
use domain::work::{Command, Draft, Held, Json, Limits, Plan};
use engine::problem::Problem;
use engine::work::WorkView;
use engine::{Engine, Key};
use store::work::Writes;

pub use advice::Wanted;
pub use deed::{Deed, ReportedView, read_report, receiver_ttl};
pub use fields::Fields;
pub use look::Look;

/// One request that changes work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Add an item, not before `delay` from now; `similar`: say which ones are like it.
    Add { draft: Box<Draft>, delay: Option<Duration>, similar: bool },
    /// Take a certain item.
    Claim { id: WorkId, take: Take, writes: Writes },
    /// Take the next item that fits; wait for one this long.
    Next { filter: Filter, take: Take, writes: Writes, wait: Option<Duration> },
    /// Keep an item longer.
    Renew { id: WorkId, held: Held, ttl: Option<Ttl> },
    /// Finish an item.
    Report { id: WorkId, held: Held, result: Option<Json> },
    /// Everything else that is done to one item.
    Act { id: WorkId, command: Command },
}

/// Who takes an item, and for how long; as long as is usual when it does not say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Take {
    /// Who.
    pub by: AgentName,
    /// For how long.
    pub ttl: Option<Ttl>,
}

/// What a request came to.
#[derive(Clone, Debug)]
pub enum Came {
    /// It is done; this is the item.
    Done(Box<WorkView>),
    /// A report of a grant with an open workspace: whoever can look into it must submit.
    LooksInto { id: WorkId, held: Held, result: Option<Json> },
}

impl Ask {
    /// The key of this request, when it carries one.
    pub fn key(&self, key: Option<&str>) -> Result<Option<Key>, Problem> {
        key.map(|key| Key::new(key, &self.written().request())).transpose()
    }

    /// The same request, waiting for work this long.
    #[must_use]
    pub fn waiting(&self, left: Option<Duration>) -> Self {
        match self {
            Self::Next { filter, take, writes, .. } => {
                Self::Next { filter: filter.clone(), take: take.clone(), writes: writes.clone(), wait: left }
            }
            other => other.clone(),
        }
    }

    /// Fails when the request makes no sense whatever the store holds.
    pub fn check(&self) -> Result<(), Problem> {
        let text = |what: &'static str, text: Option<&String>, bytes_max: usize| match text {
            Some(text) => bounded(what, text, bytes_max).map(drop).map_err(|bad| Problem::malformed(bad.to_string())),
            None => Ok(()),
        };
        match self {
            Self::Add { draft, .. } => {
                Plan::try_from((**draft).clone()).map(drop).map_err(|bad| Problem::malformed(bad.to_string()))
            }
            Self::Report { result, .. } => {
                text("the result", result.as_ref().map(|json| &json.0), Limits::JSON_BYTES_MAX)
            }
            Self::Act { command, .. } => match command {
                Command::Progress { note, .. } => text("the note", note.as_ref(), Limits::TEXT_BYTES_MAX),
                Command::Fail { reason, .. } | Command::Block { reason, .. } => {
                    text("the reason", Some(reason), Limits::TEXT_BYTES_MAX)
                }
                Command::Release { reason, .. } | Command::Cancel { reason } => {
                    text("the reason", reason.as_ref(), Limits::TEXT_BYTES_MAX)
                }
                _ => Ok(()),
            },
            Self::Claim { .. } | Self::Next { .. } | Self::Renew { .. } => Ok(()),
        }
    }

    /// The hold that this ends without a report, so that its workspace is nobody's.
    pub fn gives_up(&self) -> Option<(&WorkId, &Held)> {
        let Self::Act { id, command } = self else { return None };
        match command {
            Command::Fail { held, .. } | Command::Release { held, .. } | Command::Block { held: Some(held), .. } => {
                Some((id, held))
            }
            _ => None,
        }
    }

    /// Does it. A lease that is asked for without saying how long lasts for `usual`; `trace` is the trace that a new
    /// item belongs to. A request that waits is tried once.
    pub async fn carry_out(
        self,
        engine: &Engine,
        usual: Ttl,
        trace: Option<String>,
        key: Option<&str>,
    ) -> Result<Came, Problem> {
        self.check()?;
        let key = self.key(key)?;
        let done = match self {
            Self::Add { mut draft, delay, similar } => {
                if let Some(delay) = delay {
                    let ms = i64::try_from(delay.as_millis()).unwrap_or(i64::MAX);
                    draft.not_before = Some(engine.scope().now.plus_millis(ms));
                }
                if similar {
                    engine.add_flagged(*draft, trace, key).await?
                } else {
                    engine.add(*draft, trace, key).await?
                }
            }
            Self::Claim { id, take, writes } => {
                let writes = (writes != Writes::default()).then_some(writes);
                engine.claim_writing(id, take.by, take.ttl.unwrap_or(usual), writes, key).await?
            }
            Self::Next { filter, take, writes, wait } if writes != Writes::default() => {
                let more = (writes, wait.is_some());
                engine.next_writing(filter, take.by, take.ttl.unwrap_or(usual), more, key).await?
            }
            Self::Next { filter, take, wait: None, .. } => {
                engine.next(filter, take.by, take.ttl.unwrap_or(usual), key).await?
            }
            Self::Next { filter, take, wait: Some(_), .. } => {
                engine.next_awaited(filter, take.by, take.ttl.unwrap_or(usual), key).await?
            }
            Self::Renew { id, held, ttl } => {
                engine.act(id, Command::Renew { held, ttl: ttl.unwrap_or(usual) }, key).await?
            }
            Self::Report { id, held, result } => {
                match engine.report(id.clone(), held.clone(), result.clone(), key).await? {
                    Some(item) => item,
                    None => return Ok(Came::LooksInto { id, held, result }),
                }
            }
            Self::Act { id, command } => engine.act(id, command, key).await?,
        };
        Ok(Came::Done(Box::new(done)))
    }
}

/// The id of an item in a path.
pub fn item_id(text: &str) -> Result<WorkId, Problem> {
    text.parse().map_err(|_| {
        Problem::malformed(format!("{text:?} is not the id of an item; they look like work_1795211860474123456"))
    })
}
