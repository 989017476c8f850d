//! Ctrl-C and friends, told to a run.

use std::sync::Arc;

use engine::run::Drain;

/// When this comes back, the first interrupt (or SIGTERM) asks `drain` to drain, the next to stop; `said`
/// is told which.
pub fn drain_on_interrupt(drain: &Arc<Drain>, said: impl Fn(u8) + Send + 'static) {
    let drain = Arc::clone(drain);
    let (ready, listening) = std::sync::mpsc::channel();
    let listen = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let Ok(runtime) = runtime else { return };
        runtime.block_on(async move {
            use tokio::signal::unix::{SignalKind, signal};
            let (Ok(mut interrupt), Ok(mut terminate)) =
                (signal(SignalKind::interrupt()), signal(SignalKind::terminate()))
            else {
                return;
            };
            let _ = ready.send(());
            loop {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
                said(drain.ask());
            }
        });
    };
    // Without the listener an interrupt ends the program at once, as it does by default.
    let _ = std::thread::Builder::new().name("nexus-signals".to_owned()).spawn(listen);
    // An error means that there is no listener, and nothing to wait for.
    let _ = listening.recv();
}
