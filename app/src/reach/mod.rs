//! How a verb reaches the store: over the file, or through a server that has it open.
//!
//! ```text
//! --server, NEXUS_URL ──▶ that server
//! otherwise: $NEXUS_DIR/nexus.sock answers? ──▶ through it; when it is lost on the way, over the file
//!                                       no? ──▶ over the file
//! ```
//!
//! What is asked, what is answered and what is done to worktrees is the same each way. A write that goes through a
//! server carries a key, so that asking again after a lost connection never does it twice.

mod client;
mod deed;
mod file;
mod reply;

use std::cell::OnceCell;
use std::time::{Duration, Instant};

use domain::id::WorkId;
use domain::time::Ttl;
use engine::history::{Asked, History};
use engine::problem::{Kind, Problem};
use engine::site::Site;
use engine::work::{Imported, WorkView};
use engine::{Clock as _, Engine, SystemClock, random_hex, wait};
use store::Mode;
use store::work::Page;

use crate::ask::Ask;
use crate::cli::Global;
use crate::here::Here;
pub use client::WORKTREES;
pub use reply::WORKSPACE;

use client::{Client, Lost, To};
use reply::Reply;

/// How long a server behind the socket has to answer before the file is used.
const SOCKET_PATIENCE: Duration = Duration::from_secs(10);
/// How long a server that was named has to answer. It may have to look into a large worktree first.
const SERVER_PATIENCE: Duration = Duration::from_mins(5);
/// How long one request waits for work at most; whoever waits longer asks again.
const WAIT: Duration = Duration::from_mins(10);
/// The pauses before a server that was named is asked again.
const PAUSES_MS: [u64; 4] = [50, 200, 500, 1_000];

/// The way to the store.
pub struct Reach {
    /// Settings and places.
    pub here: Here,
    way: Way,
    file: OnceCell<Engine>,
    history: Option<History>,
}

enum Way {
    File,
    /// A server that has the same file open.
    Socket(Client),
    /// A server that was named; the file may be anywhere.
    Server(Client),
}

impl Reach {
    /// The way that flags, environment and the folder of the store say.
    pub fn find(global: &Global) -> Result<Self, Problem> {
        let (here, way) = if let Some(url) = &global.server {
            (Here::away(global)?, Way::Server(Client::new(To::read(url)?)))
        } else {
            let here = Here::find(global)?;
            let socket = here.socket();
            let way = if socket.exists() { Way::Socket(Client::new(To::Socket(socket))) } else { Way::File };
            (here, way)
        };
        let history = Here::history();
        Ok(Self { here, way, file: OnceCell::new(), history })
    }

    /// The engine on the file.
    pub fn engine(&self) -> Result<&Engine, Problem> {
        if self.file.get().is_none() {
            let mut engine = self.here.engine(Mode::Direct)?;
            // What goes through a server is recorded here, and so is what follows over the file.
            engine.history = engine.history.filter(|_| matches!(self.way, Way::File));
            let _ = self.file.set(engine);
        }
        Ok(self.file.get().expect("it was just put there"))
    }

    /// The engine on the store, for verbs that no server serves.
    pub fn itself(&self) -> Result<&Engine, Problem> {
        if self.far() { Err(needs_store()) } else { self.engine() }
    }

    /// The file's engine with the repository around the caller.
    pub fn site(&self) -> Result<Site, Problem> {
        self.here.site_over(self.engine()?.clone(), self.here.git()?)
    }

    /// Whether worktrees are looked into by the server, which was named and may be anywhere.
    pub const fn far(&self) -> bool {
        matches!(self.way, Way::Server(_))
    }

    /// How long a hold lasts when the request does not say; `None` leaves it to the server.
    pub fn usual_ttl(&self) -> Option<Ttl> {
        self.says("lease.ttl").then_some(self.here.settings().lease_ttl)
    }

    /// How often an item may be tried when the request does not say; `None` leaves it to the server.
    pub fn usual_attempts(&self) -> Option<u32> {
        self.says("work.attempts_max").then_some(self.here.settings().attempts_max)
    }

    /// Whether the setting `key` of this caller counts: a server that was named has its own.
    fn says(&self, key: &str) -> bool {
        let said = |row: &crate::settings::Row| row.key == key && row.source != "default";
        !self.far() || self.here.loaded.rows.iter().any(said)
    }

    fn project(&self) -> Option<&str> {
        self.says("project").then(|| self.here.settings().project.as_str())
    }

    /// Asks for a change, once however often the connection is lost. `workspace` is a branch to open a workspace for,
    /// when a server that was named is to open one.
    pub fn ask(&self, ask: &Ask, key: Option<&str>, extra: &Extra) -> Result<Answered, Problem> {
        // Refused here, so that it reads the same each way.
        ask.check()?;
        let until = match ask {
            Ask::Next { wait: Some(wait), .. } => Instant::now().checked_add(*wait),
            _ => None,
        };
        let client = match &self.way {
            Way::File => return self.over_file(ask, key, until).map(Answered::from),
            Way::Socket(client) | Way::Server(client) => client,
        };
        let made = key.is_none().then(|| format!("request {}", random_hex::<16>()));
        let key = key.or(made.as_deref());
        let asked_ms = now_ms();
        let answered = match self.through(client, ask, key, extra, until) {
            Ok(reply) => self.finish(ask, key, &reply),
            Err(lost) if self.far() => Err(client.unreachable(&lost)),
            // Nothing was asked yet when nobody was reached, and then no key is needed.
            Err(lost) => {
                let key = key.filter(|_| made.is_none() || matches!(lost, Lost::Cut(_)));
                self.over_file(ask, key, until).map(Answered::from)
            }
        };
        self.record(ask, asked_ms, &answered);
        answered
    }

    /// Asks `client`: once behind the socket, as the file is there too; a server that was named as often as may help.
    fn through(
        &self,
        client: &Client,
        ask: &Ask,
        key: Option<&str>,
        extra: &Extra,
        until: Option<Instant>,
    ) -> Result<Reply, Lost> {
        let mut pauses = PAUSES_MS.iter().filter(|_| self.far());
        loop {
            let left = until.map(|until| until.saturating_duration_since(Instant::now()).min(WAIT));
            let written = ask.waiting(left).written().with("key", key).with("project", self.project());
            let written = written.with("workspace", extra.workspace.then_some(true)).with("target", extra.target);
            let patience = left.unwrap_or_default() + if self.far() { SERVER_PATIENCE } else { SOCKET_PATIENCE };
            let sent = client.post(
                &format!("/work{}", written.path),
                "application/json",
                written.body(),
                !self.far(),
                patience,
            );
            let may_still = until.is_some_and(|until| until > Instant::now());
            match sent {
                // One request waits for so long only.
                Ok(reply) if reply.is_nothing() && may_still => {}
                Ok(reply) if !reply.is_gone() => return Ok(reply),
                sent => match (pauses.next(), sent) {
                    (Some(pause), _) => std::thread::sleep(Duration::from_millis(*pause)),
                    (None, Ok(reply)) if self.far() => return Ok(reply),
                    (None, Ok(_)) => return Err(Lost::Cut("the server is ending".to_owned())),
                    (None, Err(lost)) => return Err(lost),
                },
            }
        }
    }

    /// What the reply says, after what is left to this process: the worktrees of grants that a server behind the
    /// socket leaves to it.
    fn finish(&self, ask: &Ask, key: Option<&str>, reply: &Reply) -> Result<Answered, Problem> {
        match reply.item() {
            Err(problem) if problem.code == "workspace_open" && !self.far() => {
                let Ask::Report { id, held, result } = ask else { return Err(problem) };
                let item = self.site()?.submit(id, held, result.clone(), ask.key(key)?)?;
                Ok(item.into())
            }
            Ok(answered) => {
                if reply.left_a_workspace()
                    && !self.far()
                    && let Some((id, held)) = ask.gives_up()
                {
                    self.put_away(id, held)?;
                }
                Ok(answered)
            }
            Err(problem) => Err(problem),
        }
    }

    fn record(&self, ask: &Ask, asked_ms: i64, answered: &Result<Answered, Problem>) {
        let Some(history) = &self.history else { return };
        let saw = answered.as_ref().map(|it| it.item.clone()).map_err(Clone::clone);
        let asked = match ask {
            Ask::Claim { id, take, .. } => Some(Asked::claim(Some(id.as_str()), take.by.as_str())),
            Ask::Next { take, .. } => Some(Asked::claim(None, take.by.as_str())),
            Ask::Renew { id, held, .. } => Some(Asked::held("renew", id.as_str(), held)),
            Ask::Report { id, held, .. } => {
                // Inside a run a report only leaves its result.
                let kept = saw.as_ref().is_ok_and(|item| item.state == "leased");
                Some(Asked::held(if kept { "keep_result" } else { "report" }, id.as_str(), held))
            }
            Ask::Act { id, command } => Asked::effect(id.as_str(), command),
            Ask::Add { .. } => None,
        };
        if let Some(asked) = asked {
            history.answered(asked, asked_ms, now_ms(), &saw);
        }
    }

    /// Gives back `item`, which was just taken, as it could get no workspace.
    pub fn give_back(&self, item: &WorkView, problem: &Problem) {
        let (id, command) = crate::worktree::without(item, problem);
        let _ = self.ask(&Ask::Act { id, command }, None, &Extra::default());
    }

    /// The item `id`.
    pub fn show(&self, id: &WorkId) -> Result<WorkView, Problem> {
        let file = || wait(self.engine()?.show(id));
        self.read(&format!("/{id}"), &[], file)
    }

    /// Items by id, those in `state` only when it is given.
    pub fn list(&self, state: Option<&str>, page: &Page) -> Result<Vec<WorkView>, Problem> {
        let file = || wait(self.engine()?.list(state, page));
        let limit = page.limit.to_string();
        let after = Some(page.after.as_str()).filter(|after| !after.is_empty());
        self.read("", &[("state", state), ("limit", Some(&limit)), ("after", after)], file)
    }

    fn read<T: serde::de::DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, Option<&str>)],
        file: impl FnOnce() -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        let query: Vec<_> = query.iter().copied().chain([("project", self.project())]).collect();
        let path = &client::with_query(&format!("/work{path}"), &query);
        match &self.way {
            Way::File => file(),
            Way::Socket(client) => match client.get(path, SOCKET_PATIENCE) {
                Ok(reply) if !reply.is_gone() => reply.json(),
                Ok(_) | Err(_) => file(),
            },
            Way::Server(client) => match client.get(path, SERVER_PATIENCE) {
                Ok(reply) => reply.json(),
                Err(lost) => Err(client.unreachable(&lost)),
            },
        }
    }

    /// Adds every line of a backlog, all or none; a line that came from `source` before is not added again.
    pub fn import(&self, source: &str, text: String) -> Result<Vec<Imported>, Problem> {
        let file = |text: &str| wait(engine::work::import(self.engine()?, source, text));
        let query = [("source", Some(source)), ("project", self.project())];
        let send = |client: &Client, text: String| {
            let path = client::with_query("/work/import", &query);
            client.post(&path, "application/x-ndjson", text, !self.far(), SERVER_PATIENCE)
        };
        match &self.way {
            Way::File => file(&text),
            Way::Socket(client) => match send(client, text.clone()) {
                Ok(reply) if !reply.is_gone() => reply.imported(),
                Ok(_) | Err(_) => file(&text),
            },
            Way::Server(client) => match send(client, text) {
                Ok(reply) => reply.imported(),
                Err(lost) => Err(client.unreachable(&lost)),
            },
        }
    }
}

/// The problem of a command that no server serves.
pub fn needs_store() -> Problem {
    let message = "this command needs the store itself, and not every verb goes through a server; \
        call it without --server where the store is";
    Problem::new(Kind::Malformed, "needs_store", message)
}

/// Now, in Unix milliseconds.
pub fn now_ms() -> i64 {
    SystemClock.now().millis()
}

/// What is asked for beside the request itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Extra<'a> {
    /// A server that was named is to open a workspace.
    pub workspace: bool,
    /// The branch that it is to land on.
    pub target: Option<&'a str>,
}

/// An item, and the workspace that a server has opened for it.
#[derive(Clone, Debug)]
pub struct Answered {
    /// The item.
    pub item: WorkView,
    /// Its workspace as JSON.
    pub workspace: Option<serde_json::Value>,
}

impl From<WorkView> for Answered {
    fn from(item: WorkView) -> Self {
        Self { item, workspace: None }
    }
}
