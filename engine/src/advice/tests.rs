//! An agent stops getting on with its item; what is advised is done once, and under the fence that was seen.

use std::sync::Arc;

use domain::agent::{Agent, Filter};
use domain::text::Project;
use domain::time::{Timestamp, Ttl};
use domain::work::Draft;
use store::Store;

use super::Question;
use crate::{Engine, ManualClock, wait};

const NEVER: Timestamp = Timestamp::from_millis(0);

#[test]
fn what_a_stalled_agent_holds_is_released_once_and_a_newer_hold_stays() {
    let clock = Arc::new(ManualClock::at(1_000));
    let engine = Engine::new(Store::in_memory().expect("a store"), Project::default(), clock.clone());
    let name = |text: &str| text.parse().expect("a name");
    let ttl = Ttl::from_millis(7_200_000).expect("two hours");
    let draft = Draft { title: "Fix the parser".to_owned(), ..Draft::default() };
    let id = wait(engine.add(draft, None, None)).expect("it is added").id;
    wait(engine.next(Filter::default(), name("zoe"), ttl, None)).expect("it is taken");
    let advice = |engine: &Engine| wait(engine.advise(&Question::Health, NEVER, None)).expect("there is advice");
    assert!(advice(&engine).actions.is_empty(), "zoe has only begun");
    clock.turn(engine.presence.stalled_ms + 1);
    let stalled = advice(&engine);
    assert_eq!((stalled.actions.len(), &stalled.answer["actions"][0]["action"]), (1, &"release".into()));
    let state = || wait(engine.show(&id.parse().expect("an id"))).expect("it is there").state;
    assert_eq!(state(), "leased", "advice changes nothing");
    let follow = |key| wait(engine.follow(&stalled.actions, key)).expect("the store works");
    assert!(follow(Some("k"))[0].done);
    assert_eq!(state(), "ready");
    assert!(follow(Some("k"))[0].done, "the same key gets the same answer");
    let max = Agent::unregistered(name("max"), Project::default(), engine.scope().now);
    wait(engine.register(max, None)).expect("it is registered");
    wait(engine.next(Filter::default(), name("max"), ttl, None)).expect("it is taken again");
    let late = follow(None);
    assert!(!late[0].done && late[0].refused.is_some(), "{late:?}");
    assert_eq!(state(), "leased");
}
