//! After a crash: every landing that was begun is finished or undone.

use store::change as kept;

use super::land::Waiting;
use crate::ports::Moved;
use crate::problem::Problem;
use crate::site::Site;
use crate::wait;

impl Site {
    /// Ends what a crash left begun on `target`. When the branch has the landing, it is finished; when the branch is
    /// where it was, it is moved now (index and files may have moved already); else it is undone. The branch is that of
    /// the remote when changes land there; what was begun in another clone is fetched from it.
    pub(super) fn recover(&self, target: &str) -> Result<Option<Waiting>, Problem> {
        let project = self.engine.project.clone();
        let begun = wait(self.engine.store.read(async |tx| kept::begun_landings(tx, &project, target).await))?;
        for landing in begun {
            let tip = self.tip(target)?;
            let here = self.bring_landing(&landing)?;
            if here && self.repo.contains(&tip, &landing.new)? {
                // Files move before the branch does, so they are there too.
                self.finish(&landing)?;
            } else if here && tip == landing.old {
                match self.move_target(&landing)? {
                    Moved::Done => self.finish(&landing)?,
                    Moved::Elsewhere(_) => self.undo(&landing)?,
                    Moved::InTheWay(paths) => return Ok(Some(Waiting::ChangedFiles(paths))),
                }
            } else {
                self.undo(&landing)?;
            }
        }
        Ok(None)
    }
}
