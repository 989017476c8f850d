//! What an agent, an operator or the landing queue asks of a process, and what it hears.

use std::future::Future;
use std::pin::Pin;

use domain::agent::Filter;
use domain::id::WorkId;
use domain::text::AgentName;
use domain::time::Ttl;
use domain::work::{Bundle, Command, Draft, Held, Receiver};
use engine::problem::Problem;
use engine::work::WorkView;
use engine::{Engine, Key};

/// A request.
#[derive(Clone, Debug)]
pub enum Ask {
    Add(Box<Draft>),
    Next { filter: Filter, by: AgentName, ttl: Ttl },
    Claim { id: WorkId, by: AgentName, ttl: Ttl },
    Act { id: WorkId, command: Command },
    HandOff { id: WorkId, held: Held, to: Receiver },
    Tend,
}

/// A request on its way, with who sent it.
#[derive(Clone, Debug)]
pub struct Call {
    pub number: u64,
    /// The agent; `None` for the others.
    pub from: Option<usize>,
    /// Under which key it may be asked again.
    pub key: Option<String>,
    pub ask: Ask,
}

/// What comes back: the item, if it is about one.
pub type Answer = Result<Option<WorkView>, Problem>;

/// The request at a process.
pub type Served = Pin<Box<dyn Future<Output = Answer>>>;

/// `call`, as `engine` serves it.
pub fn serve(engine: &Engine, call: &Call) -> Served {
    let (engine, call) = (engine.clone(), call.clone());
    let key = call.key.map(|key| Key::new(&key, &format!("{:?}", call.ask)).expect("a short key"));
    let trace = format!("{:032x}", call.number);
    Box::pin(async move {
        match call.ask {
            Ask::Add(draft) => engine.add(*draft, Some(trace), key).await.map(Some),
            Ask::Next { filter, by, ttl } => engine.next(filter, by, ttl, key).await.map(Some),
            Ask::Claim { id, by, ttl } => engine.claim(id, by, ttl, key).await.map(Some),
            Ask::Act { id, command } => engine.act(id, command, key).await.map(Some),
            Ask::HandOff { id, held, to } => {
                engine.hand_off(id, held, to, Bundle::default(), true, key).await.map(Some)
            }
            Ask::Tend => engine.tend().await.map(|_| None),
        }
    })
}
