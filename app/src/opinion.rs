//! The second opinion of a model, as settings and flags ask for one: who is asked, with what, and what came of it beside
//! the answer of the rules.

use std::sync::Arc;
use std::time::Duration;

use connect::agent::KINDS;
use domain::text::Team;
use domain::time::Timestamp;
use engine::advice::{Asked, Asking, Inquiry, Opinion, Question};
use engine::agent::{Ladder, Limits};
use engine::problem::{Kind, Problem};
use engine::{Engine, wait};
use serde_json::Value;
use store::Mode;

use crate::cli::runtimes::{self, Chosen};
use crate::here::Here;
use crate::locate;
use crate::settings::AdviceSettings;

/// How often a model may answer before it says its last word.
const TURNS_MAX: u32 = 8;
/// How much an agent may print, in bytes.
const PRINT_BYTES_MAX: u64 = 8_000_000;
/// How long each step of ending an agent takes at most: whoever asks waits for it.
const STEP: Duration = Duration::from_secs(1);

/// A question that waits to be asked.
pub struct Second<'a> {
    here: &'a Here,
    engine: &'a Engine,
    wish: &'a AdviceSettings,
    inquiry: Inquiry,
    fresh: bool,
}

/// That what a model advises is to be done.
#[derive(Clone, Copy)]
pub struct Follow<'a> {
    /// Makes a repeated request one.
    pub key: Option<&'a str>,
}

impl<'a> Second<'a> {
    /// What a model is to be asked about `question`, as things stand now; `None` when no model is to be asked. Fails when
    /// the settings ask for what there is not.
    pub fn prepare(
        here: &'a Here,
        engine: &'a Engine,
        (question, since, team): (&Question, Timestamp, Option<&Team>),
        fresh: bool,
    ) -> Result<Option<Self>, Problem> {
        let Some(wish) = &here.settings().advice else { return Ok(None) };
        choose(wish)?;
        let inquiry = wait(engine.inquiry(question, since, team))?;
        Ok(Some(Self { here, engine, wish, inquiry, fresh }))
    }

    /// The same about a text.
    pub fn about_text(here: &'a Here, engine: &'a Engine, kind: &str, text: &str) -> Result<Option<Self>, Problem> {
        let Some(wish) = &here.settings().advice else { return Ok(None) };
        choose(wish)?;
        Ok(Some(Self { here, engine, wish, inquiry: Inquiry::text(kind, text), fresh: false }))
    }

    /// Asks. What is in the way is an opinion that is not available; fails only when the store does.
    pub fn ask(&self) -> Result<Opinion, Problem> {
        let asked = self.asking().and_then(|asking| self.engine.opinion(&self.inquiry, &asking));
        match asked {
            Err(problem) if problem.kind == Kind::Failed && problem.code.starts_with("store_") => Err(problem),
            Err(problem) => Ok(not_asked(self.wish, &problem.code, problem.message)),
            opinion => opinion,
        }
    }

    /// Asks, and puts what came of it beside what the rules say in `answer`; what the model advises is done only to
    /// `follow` it, under a key made of that one.
    pub fn add(&self, answer: &mut Value, follow: Option<Follow<'_>>) -> Result<(), Problem> {
        let opinion = self.ask()?;
        opinion.beside(answer);
        let Opinion::Given { answer: said, .. } = &opinion else { return Ok(()) };
        let actions = self.inquiry.actions(said);
        answer["llm"]["actions"] = engine::advice::list_of(&actions);
        answer["llm"]["applied"] = Value::Null;
        if let Some(Follow { key }) = follow {
            let key = key.map(|key| format!("{key} opinion"));
            let done = wait(self.engine.follow(&actions, key.as_deref()))?;
            answer["llm"]["applied"] = serde_json::to_value(&done).expect("what was done can be written as JSON");
        }
        Ok(())
    }

    fn asking(&self) -> Result<Asking, Problem> {
        let (wish, settings) = (self.wish, self.here.settings());
        let Chosen { runtime, program } = choose(wish)?;
        let sandbox = crate::sandbox::choose(&settings.sandbox.agents, runtime.name() == "command")?;
        // Calls of models must not wait for each other's commits, so their store has a commit loop of its own.
        let gateway = if settings.model.gateway && self.here.model_means()?.keys.any() {
            self.here.gateway(&self.here.engine(Mode::Loop)?)?
        } else {
            None
        };
        let some = |most: u64| Some(most).filter(|most| *most > 0);
        let limits = Limits {
            wall: wish.timeout,
            turns: Some(TURNS_MAX),
            tokens: Some(wish.tokens_max),
            output_bytes: Some(PRINT_BYTES_MAX),
            memory_bytes: some(settings.agent.memory_bytes_max),
            processes: Some(settings.agent.processes_max).filter(|most| *most > 0),
            kept_bytes: 1_000_000,
            ..Limits::default()
        };
        // Not under the temporary directory: the sandbox of Codex does not work from there.
        let place = settings.state_dir.clone().map_or_else(locate::usual_state_dir, Ok)?.join("advice");
        // Without symbolic links on the way, or it cannot be shown in a sandbox.
        let real = std::fs::create_dir_all(&place).and_then(|()| place.canonicalize());
        let place = real.map_err(|e| Problem::new(Kind::Failed, "io_failed", format!("{}: {e}", place.display())))?;
        Ok(Asking {
            runtime,
            named: wish.program.clone(),
            program,
            model: wish.model.clone(),
            room: crate::sandbox::agents_room(sandbox, &settings.sandbox),
            gateway,
            launcher: Arc::new(Here::launcher()?),
            limits,
            ladder: Ladder { words: STEP, interrupt: STEP, terminate: STEP },
            place,
            fresh: self.fresh,
        })
    }
}

/// The kind of agent that is wished for. Fails when there is none, or it lacks its program.
fn choose(wish: &AdviceSettings) -> Result<Chosen, Problem> {
    let known = KINDS.iter().find(|kind| kind.name == wish.ask).expect("the table takes only kinds that there are");
    if known.program.is_none() && wish.program.is_empty() {
        return Err(Problem::malformed(format!("{} needs a program; give one with --program", wish.ask)));
    }
    if known.program.is_some() && !wish.program.is_empty() {
        return Err(Problem::malformed(format!("{} brings its own program; leave --program out", wish.ask)));
    }
    runtimes::choose(&wish.ask, &runtimes::from_here(wish.program.clone()))
}

/// The opinion of a model that could not be asked because of `reason`.
pub fn not_asked(wish: &AdviceSettings, code: &str, reason: String) -> Opinion {
    let asked = Asked { runtime: wish.ask.clone(), model: wish.model.clone(), ..Asked::default() };
    Opinion::Unavailable { asked, outcome: code.to_owned(), reason }
}
