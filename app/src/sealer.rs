//! The threads that seal the log, and tell a webhook of it, while a server or a run is at work.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use engine::Engine;
use engine::problem::{Kind, Problem};
use engine::run::Bell;

use crate::here::Here;
use crate::terminal::one_line;

/// Seals as long as it is there.
pub struct Sealer {
    over: Arc<AtomicBool>,
    bell: Arc<Bell>,
    thread: Option<JoinHandle<()>>,
}

impl Sealer {
    /// Begins to seal, as often as the settings say. What goes wrong is said on standard error, once.
    pub fn start(here: &Here, engine: &Engine) -> Result<Self, Problem> {
        let (over, bell) = (Arc::new(AtomicBool::new(false)), Arc::new(Bell::default()));
        let every = here.settings().audit.seal_every;
        if every.is_zero() {
            return Ok(Self { over, bell, thread: None });
        }
        let heads = here.heads();
        let seal = {
            let (engine, over, bell) = (engine.clone(), Arc::clone(&over), Arc::clone(&bell));
            let tell = |what: &str| anstream::eprintln!("sealing will be tried again: {}", one_line(what));
            move || engine.keep_sealing(&heads, every, &bell, &over, &tell)
        };
        if let Some(webhook) = here.webhook() {
            let (engine, over, bell) = (engine.clone(), Arc::clone(&over), Arc::clone(&bell));
            let tell = |what: &str| anstream::eprintln!("the webhook will be tried again: {}", one_line(what));
            let thread = std::thread::Builder::new().name("nexus-webhook".to_owned());
            // Nobody waits for its end: an address that does not answer would hold up everybody.
            let thread = thread.spawn(move || engine.keep_telling(&webhook, &bell, &over, &tell));
            thread.map_err(|e| Problem::new(Kind::Failed, "io_failed", e.to_string()))?;
        }
        let thread = std::thread::Builder::new().name("nexus-sealer".to_owned()).spawn(seal);
        let thread = thread.map_err(|e| Problem::new(Kind::Failed, "io_failed", e.to_string()))?;
        Ok(Self { over, bell, thread: Some(thread) })
    }
}

impl Drop for Sealer {
    fn drop(&mut self) {
        self.over.store(true, Ordering::SeqCst);
        self.bell.ring();
        // Where it panicked, the sealing is over as well, and the panic was told.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}
