//! Against Redis Streams with `appendfsync always`: the same payload, the same number of clients, one item per call, no
//! pipelining, everything on the disk before it is answered.
//!
//! Add is `XADD`; claim and report are `XREADGROUP … COUNT 1` and `XACK`. Ours goes through the library, and through the unix socket
//! of `nexus up`. Run it under `scripts/with-redis`, with an optimised `nexus` beside it.

mod library;
mod peer;
mod socket;

use bench::{Comparison, Flags, print, time};
use tokio::runtime::Runtime;

/// How many clients ask at the same time.
const CLIENTS: usize = 64;
/// What an item carries.
const PAYLOAD: &str = "{\"task\":\"Make the parser keep comments where they stand\",\"files\":[\"src/parser.rs\",\"src/tokens.rs\"],\
    \"acceptance\":\"comments survive a round trip\",\"points\":3}";

/// A queue, and what its clients do with it.
trait Queue {
    /// Each client adds `each` items.
    fn add(&mut self, runtime: &Runtime, each: u32);
    /// Each client takes an item and says that it is done, `each` times.
    fn work_off(&mut self, runtime: &Runtime, each: u32);
}

fn main() {
    let flags = Flags::read("Add, and claim and report, against Redis Streams that sync every write.");
    let address = std::env::var("NEXUS_BENCH_REDIS").unwrap_or_else(|_| {
        eprintln!("NEXUS_BENCH_REDIS names no server; run this under scripts/with-redis");
        std::process::exit(2);
    });
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().expect("a runtime can be built");
    let (repetitions, each) = if flags.quick { (2, 20) } else { (7, 100) };
    let mut all = Vec::new();
    for (name, goal) in [("library", 1.0), ("socket", 0.5)] {
        if !name.contains(&flags.only) {
            continue;
        }
        let mut ours: Box<dyn Queue> = match name {
            "library" => Box::new(library::Library::new()),
            _ => Box::new(socket::Socket::new(&runtime)),
        };
        let mut redis = peer::Peer::new(&runtime, &address);
        let (mut added, mut worked) = ((Vec::new(), Vec::new()), (Vec::new(), Vec::new()));
        for repetition in 0..=repetitions {
            let (ours_added, ours_worked) = one(&mut *ours, &runtime, each);
            let (redis_added, redis_worked) = one(&mut redis, &runtime, each);
            // The first is not measured: statements are prepared, files get their first pages.
            if repetition > 0 {
                added.0.push(ours_added);
                added.1.push(redis_added);
                worked.0.push(ours_worked);
                worked.1.push(redis_worked);
            }
        }
        for (what, (ours, bare)) in [("add", added), ("claim, report", worked)] {
            all.push(Comparison { name: format!("{name}: {what}"), ours, bare, goal: Some(goal) });
        }
    }
    print(&flags, "against Redis Streams, appendfsync always, 64 clients", "items", &all);
}

/// Items per second: added, and claimed and reported.
fn one(queue: &mut dyn Queue, runtime: &Runtime, each: u32) -> (f64, f64) {
    let items = f64::from(each) * 64.0;
    let added = time(|| queue.add(runtime, each));
    let worked = time(|| queue.work_off(runtime, each));
    (items / added.as_secs_f64(), items / worked.as_secs_f64())
}

/// Runs `client` for each of the clients at once.
fn all<F: Future<Output = ()> + Send + 'static>(runtime: &Runtime, client: impl Fn(usize) -> F) {
    let clients: Vec<_> = (0..CLIENTS).map(|n| runtime.spawn(client(n))).collect();
    for client in clients {
        runtime.block_on(client).expect("no panic");
    }
}
