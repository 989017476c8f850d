//! The drop-in for the older tool: this program, called by the name `coordination_helper.sh`.
//!
//! ```text
//! argv ──▶ words (which word?) ──▶ asked (arguments, environment) ──▶ the engine ──▶ the lines that scripts look for
//!                │
//!                └─ a word that Nexus has a command for ──▶ that command
//! ```
//!
//! The old words show no fence. The fence that a claim was granted is kept in a file beside the store ([`hold`]), and
//! shown for whoever names the item later. What the words and lines are: `docs/coordination-helper.md`.

mod analyse;
mod asked;
mod dashboard;
mod derived;
mod hold;
mod intelligence;
pub mod mirror;
mod pipe;
mod place;
mod register;
mod stream;
mod surroundings;
mod take;
mod words;

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use engine::problem::{Kind, Problem};

use crate::cli::{Answer, answer};
use asked::Asked;
use place::Place;
use words::{Does, Own, Word};

/// The name by which this program is the older tool.
pub const NAME: &str = "coordination_helper.sh";

/// What is left to do after a call.
pub enum Told {
    /// Nothing; the process ends with this code.
    Ended(ExitCode),
    /// Nexus has a command for it: this line.
    Nexus(Vec<OsString>),
}

/// Whether the program was called by the name of the older tool, as a link or a copy.
pub fn called(line: &[OsString]) -> bool {
    line.first().and_then(|program| Path::new(program).file_name()).is_some_and(|name| name == NAME)
}

/// Does what the word on the command line says.
pub fn main(line: &[OsString]) -> Told {
    let asked = match Asked::read(&line[1..]) {
        Ok(asked) => asked,
        Err(problem) => return Told::Ended(fail(&problem, false)),
    };
    let json = asked.json;
    let done = match asked.word.as_deref().map(find) {
        None => Err(Problem::new(Kind::Malformed, "usage", format!("no word was given\n\n{}", words::help()))),
        Some(Err(unknown)) => Err(unknown),
        Some(Ok(word)) => match word.does {
            Does::Own(own) => carry_out(own, &asked),
            Does::Nexus(command) => match place::folder() {
                Ok(folder) => return Told::Nexus(asked.instead(&line[0], command, folder.as_deref())),
                Err(problem) => Err(problem),
            },
            Does::Later { instead } => Err(word.later(instead)),
            Does::Nothing { why } => Err(word.nothing(why)),
        },
    };
    Told::Ended(match done {
        Ok(answer) => answer.give(json),
        Err(problem) => fail(&problem, json),
    })
}

fn find(name: &str) -> Result<&'static Word, Problem> {
    Word::named(name).ok_or_else(|| words::unknown(name))
}

fn carry_out(own: Own, asked: &Asked) -> Result<Answer, Problem> {
    match own {
        Own::Help => Ok(Answer::new(&words::table(), words::help())),
        Own::GenerateId => {
            let id = surroundings::new_agent();
            Ok(Answer::new(&serde_json::json!({ "agent_id": id.as_str() }), id.as_str()))
        }
        Own::Claim => on(|place| take::claim(place, asked, false)),
        Own::ClaimIntelligent => on(|place| take::claim(place, asked, true)),
        Own::Progress => on(|place| hold::progress(place, asked)),
        Own::Complete => on(|place| hold::complete(place, asked)),
        Own::Register => on(|place| register::register(place, asked)),
        Own::Dashboard => on(dashboard::dashboard),
        Own::Analyse(topic) => on(|place| analyse::analyse(place, asked, topic)),
        Own::Intelligence => on(|place| Ok(intelligence::dashboard(place))),
        Own::Stream => on(|place| stream::stream(place, asked)),
        Own::IntelligenceStream => on(|place| intelligence::stream(place, asked)),
        Own::Pipe => pipe::pipe(asked),
        Own::Enhanced => pipe::enhanced(asked),
    }
}

/// Does something to the store, and brings the files up to date that scripts read.
fn on(word: impl FnOnce(&Place) -> Result<Answer, Problem>) -> Result<Answer, Problem> {
    let place = Place::open()?;
    let done = word(&place);
    if let Some(mirror) = place.mirror() {
        // What the word did is done, whatever becomes of the files.
        match mirror.refresh(&place.engine) {
            Ok(None) => {}
            Ok(Some(moved)) => anstream::eprintln!(
                "files of the older tool were moved to {0}; `nexus work import --format coordination {0}` reads them",
                moved.display()
            ),
            Err(problem) => anstream::eprintln!("⚠️ {}", crate::terminal::one_line(&problem.message)),
        }
    }
    done
}

/// Says what went wrong in the way that scripts look for, and comes back with the exit code for it.
fn fail(problem: &Problem, json: bool) -> ExitCode {
    if json {
        return answer::fail(problem, true);
    }
    let said = crate::terminal::harmless(&problem.message);
    match problem.kind {
        Kind::Refused => anstream::eprintln!("⚠️ CONFLICT: {said}"),
        _ => anstream::eprintln!("❌ ERROR: {said}"),
    }
    ExitCode::from(answer::exit_code(problem.kind))
}
