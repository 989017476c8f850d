//! Rules that a test may break, to see that the break is noticed. Only builds with debug assertions can.
//!
//! A rule is broken for one thread, as long as its [`Break`] lives.

use std::cell::Cell;
use std::marker::PhantomData;

use domain::work::{Command, Event, Held, Next, State, WorkItem};

/// A rule that can be broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// I1: whoever asks for an item that another holds is refused.
    OneHolder,
    /// I2: an effect needs the current fence.
    Fence,
    /// I3: what is passed on goes from hand to hand.
    HandToHand,
    /// I3: a lease that has run out lapses.
    Lapse,
    /// I4: a grant counts as an attempt.
    Attempts,
    /// I5: the answer to a key is kept.
    Keys,
    /// I6: every change writes its event.
    Log,
    /// I7: the commit comes before the answer.
    CommitFirst,
    /// I12: the lowest rank goes first.
    Order,
    /// I13: what is cancelled ends.
    Cancel,
}

impl Rule {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::OneHolder,
        Self::Fence,
        Self::HandToHand,
        Self::Lapse,
        Self::Attempts,
        Self::Keys,
        Self::Log,
        Self::CommitFirst,
        Self::Order,
        Self::Cancel,
    ];

    /// Whether it is broken for this thread; never in a release build.
    pub fn broken(self) -> bool {
        cfg!(debug_assertions) && BROKEN.get() == Some(self)
    }
}

thread_local! {
    static BROKEN: Cell<Option<Rule>> = const { Cell::new(None) };
}

/// A rule that is broken on this thread until this goes.
pub struct Break(PhantomData<*const ()>);

impl Break {
    /// Breaks `rule`.
    pub fn of(rule: Rule) -> Self {
        BROKEN.set(Some(rule));
        Self(PhantomData)
    }
}

impl Drop for Break {
    fn drop(&mut self) {
        BROKEN.set(None);
    }
}

/// What a broken rule makes of `command` on `item`; `None` when it has no say.
pub fn bent(item: &WorkItem, command: &Command, now: domain::time::Timestamp) -> Option<Event> {
    let State::Leased(_) = &item.state else { return None };
    let released = || Event::Released { reason: None, then: Next::Ready { rank: item.rank } };
    match command {
        Command::Claim { by, ttl } if Rule::OneHolder.broken() => {
            let until = now.plus_millis(ttl.millis());
            Some(Event::Claimed { by: by.clone(), fence: item.fence.next(), until })
        }
        Command::HandOff { .. } if Rule::HandToHand.broken() => Some(released()),
        Command::Cancel { .. } if Rule::Cancel.broken() => Some(released()),
        _ => None,
    }
}

/// `command` with the current hold in place of whatever hold it shows, where fences are not looked at.
pub fn unfenced(item: &WorkItem, command: &Command) -> Command {
    let mut command = command.clone();
    if let (true, State::Leased(lease)) = (Rule::Fence.broken(), &item.state)
        && let Some(held) = hold_of(&mut command)
    {
        *held = Held { by: lease.holder.clone(), fence: item.fence };
    }
    command
}

fn hold_of(command: &mut Command) -> Option<&mut Held> {
    match command {
        Command::Renew { held, .. }
        | Command::Progress { held, .. }
        | Command::KeepResult { held, .. }
        | Command::Report { held, .. }
        | Command::Fail { held, .. }
        | Command::Release { held, .. }
        | Command::Block { held: Some(held), .. } => Some(held),
        _ => None,
    }
}
