//! Coding agents: recorded ones, made-up ones that misbehave, and what is said of each in the end.

mod fake;
mod hostile;
mod plans;
mod transcripts;

use domain::agent::event::AgentEvent;
use domain::agent::verdict::{End, Facts, verdict};
use engine::agent::{Move, RunSpec};

/// The events and the verdict's word for an agent of this kind that prints `lines` and ends so.
pub fn judged(kind: &str, spec: &RunSpec, lines: &[&[u8]], code: i32, errors: &str) -> (Vec<AgentEvent>, String) {
    judged_with(kind, spec, lines, code, errors, Facts::default())
}

/// The same, where more is known: what we did to it, what a gateway saw.
pub fn judged_with(
    kind: &str,
    spec: &RunSpec,
    lines: &[&[u8]],
    code: i32,
    errors: &str,
    known: Facts,
) -> (Vec<AgentEvent>, String) {
    let runtime = connect::agent::runtime(kind, &["it".to_owned()]).expect("there is such a kind");
    let mut conversation = runtime.converse(spec);
    let mut moves = conversation.begin();
    lines.iter().for_each(|line| moves.extend(conversation.line(line)));
    let end = Some(End::of(code));
    let terminal = conversation.ended(end, errors);
    let met = terminal.as_ref().is_some_and(|it| it.structured.is_some());
    let schema_met = spec.output_schema.as_ref().map(|_| met);
    let facts = Facts { end, terminal, errors: errors.to_owned(), schema_met, ..known };
    let event = |it| if let Move::Event(event) = it { Some(event) } else { None };
    (moves.into_iter().filter_map(event).collect(), verdict(&facts).word().to_owned())
}
