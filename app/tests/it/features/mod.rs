//! The promises in `features/*.feature`, told through the program.
//!
//! A step is matched with the patterns of the modules here; one that none of them knows fails its scenario.

mod advice;
mod agent;
mod audit;
mod budget;
mod change;
mod dropin;
mod message;
mod pattern;
mod reservation;
mod session;
mod stage;
mod work;
pub mod world;

use std::path::Path;

use gherkin::{Feature, GherkinEnv, Scenario};
use pattern::captures;
use stage::Stage;

/// A step: what it reads like, and what it does with the captured texts and with the text below it.
type Step = (&'static str, fn(&mut Stage, &[&str], &str));

#[test]
fn work_is_as_its_feature_says() {
    play("work.feature");
}

#[test]
fn changes_are_as_their_feature_says() {
    play("change.feature");
}

#[test]
fn the_queue_is_as_its_feature_says() {
    play("queue.feature");
}

#[test]
fn reservations_are_as_their_feature_says() {
    play("reservation.feature");
}

#[test]
fn messages_are_as_their_feature_says() {
    play("message.feature");
}

#[test]
fn agents_are_as_their_feature_says() {
    play("agent.feature");
}

#[test]
fn sessions_are_as_their_feature_says() {
    play("session.feature");
}

#[test]
fn budgets_are_as_their_feature_says() {
    play("budget.feature");
}

#[test]
fn advice_is_as_its_feature_says() {
    play("advice.feature");
}

#[test]
fn opinions_are_as_their_feature_says() {
    play("opinion.feature");
}

#[test]
fn the_log_is_as_its_feature_says() {
    play("audit.feature");
}

#[test]
fn the_words_of_the_older_tool_are_as_their_feature_says() {
    play("dropin.feature");
}

/// Plays every scenario of a file, and tells all that went wrong.
fn play(file: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../features").join(file);
    let feature = Feature::parse_path(&path, GherkinEnv::default()).unwrap_or_else(|error| panic!("{file}: {error}"));
    assert!(!feature.scenarios.is_empty(), "{file} has no scenarios");
    let wrong: Vec<String> = feature.scenarios.iter().filter_map(|scenario| tell(file, &feature, scenario)).collect();
    assert!(wrong.is_empty(), "{} scenarios went wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// Plays one scenario; comes back with what went wrong.
fn tell(file: &str, feature: &Feature, scenario: &Scenario) -> Option<String> {
    let background = feature.background.iter().flat_map(|it| &it.steps);
    let mut at = String::new();
    let played = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        let mut stage = Stage::new();
        for step in background.chain(&scenario.steps) {
            at = format!("{file}:{}: {}", step.position.line, step.value);
            take(&mut stage, &step.value, step.docstring.as_deref().unwrap_or_default());
        }
        stage.settle();
    }));
    let payload = played.err()?;
    let why = payload.downcast_ref::<String>().cloned();
    let why = why.or_else(|| payload.downcast_ref::<&str>().map(|&text| text.to_owned())).unwrap_or_default();
    Some(format!("{}\n  {at}\n  {why}", scenario.name))
}

fn take(stage: &mut Stage, step: &str, below: &str) {
    let known = work::STEPS.iter().chain(change::STEPS).chain(reservation::STEPS);
    let known = known.chain(message::STEPS).chain(agent::STEPS).chain(audit::STEPS).chain(dropin::STEPS);
    let known = known.chain(budget::STEPS).chain(advice::STEPS).chain(session::STEPS);
    let fits: Vec<_> =
        known.filter_map(|(pattern, run)| captures(pattern, step).map(|found| (pattern, run, found))).collect();
    match fits.as_slice() {
        [] => panic!("nobody knows the step: {step}"),
        [(_, run, found)] => run(stage, &found.iter().map(String::as_str).collect::<Vec<_>>(), below),
        several => panic!("several steps read like this: {:?}", several.iter().map(|it| it.0).collect::<Vec<_>>()),
    }
}

#[test]
#[should_panic(expected = "nobody knows the step: it rains")]
fn a_step_that_nobody_knows_fails() {
    take(&mut Stage::new(), "it rains", "");
}
