//! A connection and the thread-bound runtime that drives it, made anew when it breaks.

use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use tokio::runtime::{Builder, Handle, Runtime, RuntimeFlavor};
use tokio_postgres::SimpleQueryMessage;

use super::front::Fronts;
use super::outage::Outage;
use super::{Session, Url};
use crate::StoreError;

/// How each connection is set up: a node that stands still holds no lock for longer than this, and nobody waits
/// without end.
const SETTINGS: &str = "set idle_in_transaction_session_timeout = '10s'; set lock_timeout = '20s';
    set statement_timeout = '60s'; set client_min_messages = warning;
    set plan_cache_mode = force_generic_plan; set random_page_cost = 1.1; set jit = off";
/// The oldest server that has what we ask for.
const OLDEST: i64 = 130_000;
/// How long between two tries.
const PAUSE: Duration = Duration::from_millis(100);

/// A connection of one thread at a time.
pub struct Link {
    url: Url,
    outage: Arc<Outage>,
    fronts: Arc<Fronts>,
    runtime: Option<Runtime>,
    session: Option<Session>,
}

impl Link {
    /// A link that connects when it is first used.
    pub fn to(url: &Url) -> Result<Self, StoreError> {
        Self::sharing(url, &Arc::default(), &Arc::default())
    }

    /// The same, that shares its patience with all others of `outage`, and what it knows of queues with those of `fronts`.
    pub fn sharing(url: &Url, outage: &Arc<Outage>, fronts: &Arc<Fronts>) -> Result<Self, StoreError> {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|e| StoreError::Failed(format!("no runtime can be started: {e}")))?;
        let (outage, fronts) = (Arc::clone(outage), Arc::clone(fronts));
        Ok(Self { url: url.clone(), outage, fronts, runtime: Some(runtime), session: None })
    }

    /// Connects if there is no connection; tries once.
    pub fn connect(&mut self) -> Result<(), StoreError> {
        if self.session.as_ref().is_none_or(Session::is_closed) {
            self.session = None;
            let opened = match self.outage.limit() {
                None => self.block_on(open(&self.url, &self.fronts))?,
                Some(limit) => self.block_on(async {
                    let late = |_| Err(StoreError::Lost("no connection within a short time".to_owned()));
                    tokio::time::timeout(limit, open(&self.url, &self.fronts)).await.unwrap_or_else(late)
                })?,
            };
            self.session = Some(opened);
        }
        Ok(())
    }

    /// Connects if there is no connection; goes on trying while the outage is young, whoever met it first.
    pub fn connect_in_time(&mut self) -> Result<(), StoreError> {
        if self.session.as_ref().is_some_and(|session| !session.is_closed()) {
            return Ok(());
        }
        loop {
            match self.connect() {
                Err(why @ (StoreError::Unreachable { .. } | StoreError::Lost(_))) => {
                    if !self.outage.goes_on(&why) {
                        return Err(why);
                    }
                    std::thread::sleep(PAUSE);
                }
                reached => {
                    self.outage.is_over();
                    return reached;
                }
            }
        }
    }

    /// Forgets the connection.
    pub fn close(&mut self) {
        self.session = None;
    }

    /// The connection; [`Link::connect`] has to have succeeded.
    pub fn session(&self) -> &Session {
        self.session.as_ref().expect("connected before it is used")
    }

    /// What `future` comes back with; the thread waits.
    pub fn block_on<T>(&self, future: impl Future<Output = T>) -> T {
        let mut out = None;
        self.drive(pin!(async { out = Some(future.await) }));
        out.expect("it was driven to its end")
    }

    /// The same for any future: the loop of the runtime is large, and would be there once for each kind of them.
    fn drive(&self, future: Pin<&mut dyn Future<Output = ()>>) {
        let runtime = self.runtime.as_ref().expect("there until it is dropped");
        let inside = Handle::try_current().is_ok_and(|it| it.runtime_flavor() != RuntimeFlavor::CurrentThread);
        if inside { tokio::task::block_in_place(|| runtime.block_on(future)) } else { runtime.block_on(future) }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.session = None;
        // Waits for nothing: the last handle of a store may go anywhere, also where waiting is not allowed.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn open(url: &Url, fronts: &Arc<Fronts>) -> Result<Session, StoreError> {
    let connected = url.config().connect(url.tls()?).await;
    let (client, connection) = connected.map_err(|error| match StoreError::from(error) {
        StoreError::Lost(why) => StoreError::Unreachable { url: url.to_string(), why },
        other => other,
    })?;
    tokio::spawn(async move {
        // The next statement learns why it ended.
        let _ = connection.await;
    });
    client.batch_execute(SETTINGS).await?;
    let version = number(&client, "select current_setting('server_version_num')").await?;
    if version < OLDEST {
        return Err(StoreError::Denied(format!("PostgreSQL 13 or newer is needed, this one is {}", version / 10_000)));
    }
    let pid = number(&client, "select pg_backend_pid()").await?;
    Ok(Session::over(client, pid, Arc::clone(fronts)))
}

/// The one number that `sql` answers.
pub async fn number(client: &tokio_postgres::Client, sql: &str) -> Result<i64, StoreError> {
    for message in client.simple_query(sql).await? {
        if let SimpleQueryMessage::Row(row) = message {
            let text = row.get(0).unwrap_or_default();
            return text.parse().map_err(|_| StoreError::Broken(format!("{sql} answered {text:?}")));
        }
    }
    Err(StoreError::Broken(format!("{sql} answered nothing")))
}
