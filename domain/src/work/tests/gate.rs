//! Gates: what they let through, and what they count.

use super::*;

fn part(kind: &str, name: &str) -> Part {
    Part::from_words(kind, name).expect("a part")
}

fn gate(part: Part, commands: &[GateCommand]) -> Gate {
    commands.iter().fold(Gate::open(part), |gate, command| gate.after(command).expect("it fits"))
}

fn migration() -> Draft {
    Draft {
        kind: "migration".into(),
        team: Some("core".parse().expect("a team")),
        rate_key: Some("github".parse().expect("a name")),
        ..Draft::default()
    }
}

fn at(ms: i64) -> Timestamp {
    Timestamp::from_millis(ms)
}

#[test]
fn a_gate_keeps_back_its_part_and_nothing_else() {
    for (kind, name, hit) in [
        ("project", "", true),
        ("team", "core", true),
        ("type", "migration", true),
        ("team", "web", false),
        ("role", "core", false),
        ("type", "task", false),
    ] {
        let gates = Gates(vec![gate(part(kind, name), &[GateCommand::Pause("freeze".into())])]);
        let code = gates.admits(&migration(), &InFlight::new(), NOW).err().map(|closed| closed.code());
        assert_eq!(code, hit.then_some("paused"), "{kind} {name}");
    }
}

#[test]
fn a_limit_counts_what_is_in_flight_and_what_it_lets_through() {
    let core = part("team", "core");
    let mut gates = Gates(vec![gate(core.clone(), &[GateCommand::Limit(2)])]);
    let mut in_flight = InFlight::from([(core, 1)]);
    assert_eq!(gates.admits(&migration(), &in_flight, NOW), Ok(()));
    assert_eq!(gates.let_through(&migration(), &mut in_flight, NOW), []);
    let refused = gates.admits(&migration(), &in_flight, NOW);
    assert!(matches!(refused, Err(Closed::WipLimit { in_flight: 2, limit: 2, .. })), "{refused:?}");
    assert_eq!(gates.admits(&Draft::default(), &in_flight, NOW), Ok(()));
}

#[test]
fn a_rate_lets_through_so_many_in_a_window_that_begins_with_the_first() {
    let mut gates = Gates(vec![gate(part("rate", "github"), &[GateCommand::Rate(2, 10_000)])]);
    let mut none = InFlight::new();
    let mut times = Vec::new();
    for ms in (100_000..150_000).step_by(3_000) {
        if gates.admits(&migration(), &none, at(ms)).is_ok() {
            gates.let_through(&migration(), &mut none, at(ms));
            times.push(ms);
        }
    }
    assert_eq!(times, [100_000, 103_000, 112_000, 115_000, 124_000, 127_000, 136_000, 139_000, 148_000]);
    gates.let_through(&migration(), &mut none, at(149_000));
    let refused = gates.admits(&migration(), &none, at(149_500));
    assert!(matches!(refused, Err(Closed::RateLimited { opens_at, .. }) if opens_at == at(158_000)), "{refused:?}");
}

#[test]
fn a_gate_that_keeps_nothing_back_any_more_is_open() {
    let pause = GateCommand::Pause(String::new());
    assert!(gate(part("team", "a"), &[pause.clone(), GateCommand::Resume]).is_open());
    assert!(gate(part("team", "a"), &[GateCommand::Limit(3), GateCommand::Limit(0)]).is_open());
    assert!(gate(part("rate", "a"), &[GateCommand::Rate(3, 1_000), GateCommand::Rate(0, 1_000)]).is_open());
    assert!(!gate(part("team", "a"), &[pause, GateCommand::Limit(3), GateCommand::Resume]).is_open());
}

#[test]
fn what_makes_no_sense_for_a_part_is_refused() {
    let of = |kind, command| Gate::open(part(kind, if kind == "project" { "" } else { "a" })).after(&command);
    assert!(matches!(of("project", GateCommand::Limit(1)), Err(BadGate::NoSuchLimit(_))));
    assert!(matches!(of("team", GateCommand::Rate(1, 1_000)), Err(BadGate::NoSuchLimit(_))));
    assert!(matches!(of("rate", GateCommand::Limit(1)), Err(BadGate::NoSuchLimit(_))));
    assert!(matches!(of("rate", GateCommand::Pause(String::new())), Err(BadGate::NoPause(_))));
    assert!(matches!(of("rate", GateCommand::Rate(1, 999)), Err(BadGate::Window(999))));
}
