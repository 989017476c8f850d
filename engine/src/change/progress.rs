//! Whether an item that came back would only come back again.

use domain::budget::{Try, stuck};
use domain::change::{Change, State};
use domain::work::{Command, State as WorkState, WorkItem};
use store::{Scope, Tx, change as kept, work};

use crate::problem::Problem;

/// Blocks `item`, which has just come back with `change`, on a person when what was made of it is what was made before,
/// and failed in the same way: another attempt would do so again.
pub(super) async fn block_when_stuck(
    tx: &mut Tx<'_>,
    scope: &Scope,
    change: &Change,
    item: &WorkItem,
) -> Result<(), Problem> {
    if !matches!(item.state, WorkState::Ready | WorkState::Pending) {
        return Ok(());
    }
    let made = kept::of_item(tx, &scope.project, &change.item).await?;
    let before = made.iter().filter(|it| it.tree == change.tree && matches!(it.state, State::Rejected(_))).count();
    if before < 2 {
        return Ok(());
    }
    let receipts = kept::receipts_of(tx, &scope.project, &change.tree).await?;
    let one = |it: &Change| {
        // The tree is the same, so which attempt a check belongs to is a matter of when it ran.
        let its = |at| it.submitted_at <= at && at <= it.changed_at;
        let failing = receipts.iter().filter(|receipt| !receipt.passed() && its(receipt.at));
        Try { tree: it.tree.clone(), failing: failing.map(|receipt| receipt.check.clone()).collect() }
    };
    let tries: Vec<Try> = made.iter().filter(|it| matches!(it.state, State::Rejected(_))).map(one).collect();
    let Some(last) = tries.last().filter(|_| stuck(&tries)) else { return Ok(()) };
    let reason = format!(
        "no progress: tree {} failed the same checks before ({}); a person has to look at it, `nexus work unblock {}` lets it go on",
        &change.tree[..12.min(change.tree.len())],
        last.failing.join(", "),
        change.item,
    );
    work::carry_out(tx, scope, &change.item, &Command::Block { held: None, reason }).await?;
    Ok(())
}
