//! Who may call, and what has been used: passes, the budget before a call, the record after it.

use std::collections::HashMap;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use connect::upstream::Upstream;
use domain::budget::{Amounts, Gate, Metered, Refusal, Spender, Trouble, Want};
use domain::id::{CallId, EarmarkId};
use engine::agent::Caller;
use engine::budget::Request;
use engine::problem::Problem;
use engine::{Engine, sha256_hex};
use store::budget::{self as kept, Call, CallEnding, Reserved, Used};
use tokio::sync::{Semaphore, watch};

use super::Means;
use super::content::Content;
use super::keys::Keys;
use super::prices::Prices;
use super::wire::{Asked, Format, Provider};

/// How many calls may be under way with one token.
const CALLS_MAX: usize = 16;
/// How long a call waits for others to end, or for a throttle, before it is turned down.
const PATIENCE: Duration = Duration::from_mins(1);
/// How long it lets pass before it asks again, at the longest.
const PAUSE: Duration = Duration::from_millis(250);
/// How long a call may last; what is set aside for longer is taken for abandoned.
const CALL_MOST: Duration = Duration::from_mins(45);
/// How long the end of a pass waits for its calls to be counted.
const COUNTING: Duration = Duration::from_secs(3);
/// How long a pass that was found in the store is believed.
const FOUND: Duration = Duration::from_secs(5);

/// What all calls share.
pub struct Desk {
    engine: Engine,
    upstreams: [Upstream; 3],
    keys: Keys,
    prices: Prices,
    content: Option<Content>,
    passes: Mutex<HashMap<String, Arc<Holder>>>,
    /// Records that are still to be written.
    pending: Arc<(Mutex<usize>, Condvar)>,
    runtime: tokio::runtime::Handle,
}

/// One pass.
pub struct Holder {
    /// Who calls.
    pub caller: Caller,
    /// The store, in the caller's project.
    engine: Engine,
    metered: Mutex<Metered>,
    under_way: (Mutex<usize>, Condvar),
    closed: watch::Sender<bool>,
    seats: Arc<Semaphore>,
    /// When it was found in the store; `None` for one that was given out here.
    found: Mutex<Option<Instant>>,
}

/// Why a call is not passed on.
#[derive(Debug)]
pub enum No {
    /// A budget is spent, a quota is used up, the lease is over: asking again is of no use.
    Over(String),
    /// For the moment.
    Later(String),
    /// The store failed.
    Failed(String),
}

/// What a call may use, set aside.
pub struct Admitted {
    pub earmark: EarmarkId,
    pub credential: String,
    /// Whether the credential was in trouble.
    pub troubled: bool,
}

/// What became of a call.
pub struct Outcome {
    pub call: Call,
    pub admitted: Admitted,
    pub trouble: Option<(Trouble, String)>,
}

impl Desk {
    /// Whether there is a key for a provider whose variable is among these.
    pub fn serves(&self, variables: &[&str]) -> bool {
        self.keys.serve(variables)
    }

    /// Over `engine`, with the means to reach providers; records are written on `runtime`.
    pub fn new(engine: Engine, means: Means, runtime: tokio::runtime::Handle) -> Result<Self, Problem> {
        let at = |url: &str| {
            Upstream::at(url).map_err(|why| Problem::malformed(format!("the address of a provider: {why}")))
        };
        Ok(Self {
            engine,
            upstreams: [at(&means.urls[0])?, at(&means.urls[1])?, at(&means.urls[2])?],
            keys: means.keys,
            prices: means.prices,
            content: means.content,
            passes: Mutex::default(),
            pending: Arc::default(),
            runtime,
        })
    }

    /// Where requests and answers are kept, where somebody asked for that.
    pub fn content(&self) -> Option<&Content> {
        self.content.as_ref()
    }

    /// The provider's server.
    pub fn upstream(&self, provider: Provider) -> &Upstream {
        &self.upstreams[provider as usize]
    }

    /// The provider's real key, with the name under which its troubles are kept.
    pub fn key(&self, provider: Provider) -> Option<(&str, String)> {
        let key = self.keys.of(provider)?;
        Some((key, format!("{}:{}", provider.word(), &sha256_hex(key.as_bytes())[..12])))
    }

    /// Lets whoever has `token` call for `caller`.
    pub fn open(&self, token: &str, caller: &Caller) {
        let holder = Arc::new(Holder::new(caller.clone(), &self.engine, None));
        self.lock().insert(sha256_hex(token.as_bytes()), holder);
    }

    /// What was used with `token`; nothing when there is no such pass.
    pub fn metered(&self, token: &str) -> Metered {
        self.lock().get(&sha256_hex(token.as_bytes())).map(|it| it.metered()).unwrap_or_default()
    }

    /// Ends a pass: its calls are cut off, counted, and what was used comes back.
    pub fn close(&self, token: &str) -> Metered {
        let Some(holder) = self.lock().remove(&sha256_hex(token.as_bytes())) else { return Metered::default() };
        holder.close();
        holder.wait_for_calls();
        holder.metered()
    }

    /// Ends every pass, and waits until all is written down.
    pub fn close_all(&self) {
        let all: Vec<_> = self.lock().drain().map(|(_, holder)| holder).collect();
        all.iter().for_each(|it| it.close());
        all.iter().for_each(|it| it.wait_for_calls());
        let (count, changed) = &*self.pending;
        let pending = count.lock().unwrap_or_else(PoisonError::into_inner);
        drop(changed.wait_timeout_while(pending, COUNTING, |n| *n > 0));
    }

    /// The pass that `token` is for. One that another process gave out is found in the store.
    pub async fn holder(&self, token: &str) -> Option<Arc<Holder>> {
        // A digest tells nothing of the token, however long it takes to be found.
        let digest = sha256_hex(token.as_bytes());
        let here = self.lock().get(&digest).cloned();
        if let Some(holder) = here.as_ref().filter(|it| it.is_believed()) {
            return Some(Arc::clone(holder));
        }
        let (store, now, key) = (self.engine.store.clone(), self.engine.scope().now, digest.clone());
        let read = move || engine::wait(store.read(async |tx| kept::pass(tx, &key, now).await));
        let pass = tokio::task::spawn_blocking(read).await.ok()?.ok()?;
        let Some(pass) = pass else {
            if let Some(holder) = self.lock().remove(&digest) {
                holder.close();
            }
            return None;
        };
        if let Some(holder) = here {
            *holder.found.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
            return Some(holder);
        }
        let caller = Caller {
            project: pass.project,
            run: pass.run,
            item: pass.item,
            agent: pass.agent,
            trace_id: pass.trace_id,
        };
        let fresh = Arc::new(Holder::new(caller, &self.engine, Some(Instant::now())));
        self.lock().insert(digest, Arc::clone(&fresh));
        Some(fresh)
    }

    /// Sets aside what the call may use, waiting a while for what may come back.
    pub async fn admit(&self, holder: &Holder, credential: String, asked: &Asked) -> Result<Admitted, No> {
        let input = asked.tokens_most - asked.output_most;
        let most = self.prices.most(&asked.model, input, asked.output_most);
        let keep = Amounts { tokens: asked.tokens_most, usd_micros: most.unwrap_or(0), ..Amounts::default() };
        let request = Request {
            what: "call",
            spender: holder.spender(),
            want: Want { keep, room: Amounts::default(), unpriced: most.is_none() },
            for_at_most: CALL_MOST,
            credential: Some(credential.clone()),
            while_held: holder.caller.item.is_some(),
        };
        let (began, mut pause) = (Instant::now(), Duration::from_millis(5));
        loop {
            let reserved = holder.engine.reserve(&request).await.map_err(|problem| No::Failed(problem.message))?;
            let (wait, no) = match reserved {
                Reserved::Earmarked { earmark, troubled } => {
                    return Ok(Admitted { earmark: earmark.id, credential, troubled });
                }
                Reserved::Refused { account, refusal } => {
                    let text = format!("the budget of {account} does not let this call through: {refusal}");
                    if !matches!(refusal, Refusal::Busy { .. }) {
                        holder.count(over_budget);
                        return Err(No::Over(text));
                    }
                    pause = (pause * 2).min(PAUSE);
                    (pause, No::Over(text))
                }
                Reserved::Paused { gate: Gate::BackOff(until), why } => {
                    let ms = until.millis().saturating_sub(holder.engine.scope().now.millis()).max(1);
                    let text = format!("the provider wants fewer calls for a while: {why}");
                    (Duration::from_millis(u64::try_from(ms).unwrap_or(1)), No::Later(text))
                }
                Reserved::Paused { why, .. } => {
                    holder.count(exhausted);
                    return Err(No::Over(format!("the quota of this credential is used up: {why}")));
                }
                Reserved::LeaseOver => return Err(No::Over("the lease on the item is over".to_owned())),
            };
            if began.elapsed() + wait > PATIENCE || *holder.closed.borrow() {
                if matches!(no, No::Over(_)) {
                    holder.count(over_budget);
                }
                return Err(no);
            }
            tokio::time::sleep(wait).await;
        }
    }

    /// Counts what became of a call, and has it written down.
    pub fn conclude(&self, holder: &Arc<Holder>, mut outcome: Outcome) {
        let call = &mut outcome.call;
        call.usage.usd_micros = self.prices.of(&call.model, &call.usage);
        if call.usage.tokens() == 0 {
            call.usage.usd_micros = Some(0);
        }
        holder.count(|it| {
            if call.ending == CallEnding::Answered {
                it.answered += 1;
                it.cut_short = false;
            } else {
                it.failed += 1;
                it.last_failure = call.status.filter(|status| *status >= 400);
            }
            it.usage = it.usage.and(call.usage);
        });
        let (engine, pending) = (holder.engine.clone(), Arc::clone(&self.pending));
        *pending.0.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        self.runtime.spawn(async move {
            let scope = engine.scope();
            let Outcome { call, admitted, trouble } = outcome;
            let used = Used {
                amounts: Amounts {
                    tokens: call.usage.tokens(),
                    usd_micros: call.usage.usd_micros.unwrap_or(0),
                    ..Amounts::default()
                },
                unpriced: call.usage.usd_micros.is_none(),
            };
            let written = engine.store.write(async move |tx| {
                kept::settle(tx, &scope, &admitted.earmark, used).await?;
                match &trouble {
                    Some((trouble, why)) => drop(kept::trip(tx, &scope, &admitted.credential, *trouble, why).await?),
                    None if admitted.troubled && call.ending == CallEnding::Answered => {
                        kept::fine(tx, &scope, &admitted.credential).await?;
                    }
                    None => {}
                }
                kept::record(tx, &scope, &call).await
            });
            // What cannot be written now stays set aside, and is settled as used up when its time is over.
            let _: Result<(), store::StoreError> = written.await;
            *pending.0.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
            pending.1.notify_all();
        });
    }

    /// A record of a call that begins now.
    pub fn call(&self, holder: &Holder, format: Format, asked: &Asked, request: (&[u8], Option<String>)) -> Call {
        let (body, trace) = request;
        Call {
            id: CallId::numbered(self.engine.number()),
            at: self.engine.scope().now,
            run: Some(holder.caller.run.clone()),
            item: holder.caller.item.clone(),
            agent: holder.caller.agent.clone(),
            trace_id: trace.unwrap_or_else(|| holder.caller.trace_id.clone()),
            format: format.word().to_owned(),
            model: asked.model.clone(),
            status: None,
            ending: CallEnding::Failed,
            request_bytes: body.len() as u64,
            request_sha256: sha256_hex(body),
            response_bytes: 0,
            response_sha256: sha256_hex(b""),
            usage: domain::budget::Usage::default(),
            estimated: false,
            first_byte_ms: None,
            duration_ms: 0,
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<String, Arc<Holder>>> {
        self.passes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Holder {
    fn new(caller: Caller, engine: &Engine, found: Option<Instant>) -> Self {
        let mut engine = engine.clone();
        engine.project = caller.project.clone();
        Self {
            caller,
            engine,
            metered: Mutex::default(),
            under_way: (Mutex::new(0), Condvar::new()),
            closed: watch::Sender::new(false),
            seats: Arc::new(Semaphore::new(CALLS_MAX)),
            found: Mutex::new(found),
        }
    }

    /// Whether the store need not be asked about it again yet.
    fn is_believed(&self) -> bool {
        self.found.lock().unwrap_or_else(PoisonError::into_inner).is_none_or(|at| at.elapsed() < FOUND)
    }

    fn spender(&self) -> Spender {
        Spender { run: Some(self.caller.run.clone()), item: self.caller.item.clone() }
    }

    fn metered(&self) -> Metered {
        *self.metered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn count(&self, change: impl FnOnce(&mut Metered)) {
        change(&mut self.metered.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// This moment, by the clock of the store.
    pub fn now(&self) -> domain::time::Timestamp {
        self.engine.scope().now
    }

    fn close(&self) {
        self.closed.send_replace(true);
    }

    fn wait_for_calls(&self) {
        let (count, changed) = &self.under_way;
        let busy = count.lock().unwrap_or_else(PoisonError::into_inner);
        drop(changed.wait_timeout_while(busy, COUNTING, |n| *n > 0));
    }

    /// Comes back when the pass has ended.
    pub fn ended(&self) -> impl Future<Output = ()> + Send + 'static {
        let mut closed = self.closed.subscribe();
        async move {
            let _ = closed.wait_for(|closed| *closed).await;
        }
    }

    /// A seat for one call; `None` when as many are under way as may be.
    pub fn sit(self: &Arc<Self>) -> Option<Seat> {
        let permit = Arc::clone(&self.seats).try_acquire_owned().ok()?;
        *self.under_way.0.lock().unwrap_or_else(PoisonError::into_inner) += 1;
        Some(Seat { holder: Arc::clone(self), _permit: permit })
    }
}

/// One call that is under way; its pass waits for it to be counted.
pub struct Seat {
    holder: Arc<Holder>,
    _permit: tokio::sync::OwnedSemaphorePermit,
}

impl Drop for Seat {
    fn drop(&mut self) {
        *self.holder.under_way.0.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        self.holder.under_way.1.notify_all();
    }
}

fn over_budget(metered: &mut Metered) {
    metered.over_budget += 1;
    metered.cut_short = true;
}

/// Counts a call that found the quota used up.
pub(super) fn exhausted(metered: &mut Metered) {
    metered.exhausted += 1;
    metered.cut_short = true;
}
