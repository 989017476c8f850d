//! What an agent is told of its item, gathered from the store and from the branch that it lands on.

use domain::id::WorkId;
use store::message as kept;

use crate::agent::{Brief, INSTRUCTIONS_BYTES_MAX, Place, TOLD_OF_EACH, brief};
use crate::problem::Problem;
use crate::site::Site;
use crate::wait;
use crate::work::WorkView;

/// Where repositories say something to agents; the first that is there counts.
const INSTRUCTIONS: [&str; 2] = ["CLAUDE.md", "AGENTS.md"];

impl Site {
    /// What an agent in `role` is told that works on `item`, with its hand-off if it has one, for the branch `target`. One that does not read the
    /// repository's instructions by itself is told them (`instructions`).
    pub fn brief(
        &self,
        item: &WorkView,
        role: Option<&str>,
        target: &str,
        instructions: bool,
    ) -> Result<Brief, Problem> {
        let tip = self.tip(target)?;
        let mut place = Place { policy: self.declared(&tip)?.policy, ..Place::default() };
        for file in INSTRUCTIONS.iter().filter(|_| instructions) {
            let said = self.repo.read(&tip, file.as_bytes(), INSTRUCTIONS_BYTES_MAX)?;
            let said = said.map(|said| ((*file).to_owned(), String::from_utf8_lossy(&said).into_owned()));
            place.instructions = place.instructions.or(said);
        }
        let id: WorkId = item.id.parse().expect("the id of an item is an id");
        for id in item.depends_on.iter().take(TOLD_OF_EACH as usize) {
            let id: WorkId = id.parse().expect("the id of an item is an id");
            place.dependencies.push(wait(self.engine.show(&id))?);
        }
        let about = self
            .engine
            .store
            .read(async |tx| kept::about(tx, &self.engine.project, &id, TOLD_OF_EACH).await.map_err(Problem::from));
        for it in wait(about)?.into_iter().rev() {
            place.messages.push((it.from.to_string(), it.subject, it.body));
        }
        brief(item, role, &place, &self.places.prompts())
    }
}
