//! The table of outcomes, row by row, and what holds for all facts.

use proptest::prelude::*;

use super::*;
use crate::budget::Metered;

fn facts(end: i32, terminal: Terminal) -> Facts {
    Facts { end: Some(End::of(end)), terminal: Some(terminal), ..Facts::default() }
}

fn fault(status: Option<u16>, text: &str) -> Terminal {
    Terminal { fault: Some(Fault { named: None, status, text: text.to_owned() }), ..Terminal::default() }
}

fn named(named: Named) -> Terminal {
    Terminal { fault: Some(Fault { named: Some(named), ..Fault::default() }), ..Terminal::default() }
}

fn word(facts: &Facts) -> &'static str {
    verdict(facts).word()
}

#[test]
fn an_agent_that_did_well_has_completed() {
    assert_eq!(verdict(&facts(0, Terminal::default())), Outcome::Completed);
}

#[test]
fn each_status_of_a_provider_has_its_outcome() {
    for (status, expected) in [
        (400, "failed_bad_request"),
        (401, "failed_auth"),
        (402, "failed_quota"),
        (403, "failed_auth"),
        (404, "failed_model_missing"),
        (413, "failed_bad_request"),
        (429, "failed_rate_limited"),
        (500, "failed_overloaded"),
        (503, "failed_overloaded"),
        (529, "failed_overloaded"),
    ] {
        assert_eq!(word(&facts(1, fault(Some(status), "API Error"))), expected, "{status}");
        // An exit code of 0 does not make it better.
        assert_eq!(word(&facts(0, fault(Some(status), "API Error"))), expected, "{status}");
    }
}

#[test]
fn where_there_is_no_status_the_words_of_the_error_decide() {
    for (text, expected) in [
        ("[API Error: 401 invalid key]", "failed_auth"),
        ("Invalid API key · Please run /login", "failed_auth"),
        ("unexpected status 429 Too Many Requests", "failed_rate_limited"),
        ("exceeded retry limit, last status: 429, You exceeded your current quota", "failed_quota"),
        ("Credit balance is too low", "failed_quota"),
        ("API Error: Connection error.", "failed_network"),
        ("stream disconnected before completion: error sending request for url (http://x/v1)", "failed_network"),
        ("Request timed out", "failed_network"),
        ("API Error: Repeated 529 Overloaded errors", "failed_overloaded"),
        ("There's an issue with the selected model (nope). It may not exist", "failed_model_missing"),
        ("API Error: Claude Code is unable to respond, it appears to violate our Usage Policy", "failed_refused"),
        ("API Error: Claude's response exceeded the 32000 output token maximum", "failed_truncated"),
        ("something else", "failed_other"),
        ("", "failed_other"),
    ] {
        assert_eq!(word(&facts(1, fault(None, text))), expected, "{text}");
    }
}

#[test]
fn a_throttled_caller_is_told_from_one_whose_account_is_empty() {
    assert_eq!(word(&facts(1, fault(Some(429), "slow down"))), "failed_rate_limited");
    assert_eq!(word(&facts(1, fault(Some(429), "insufficient_quota"))), "failed_quota");
}

#[test]
fn what_an_agent_has_a_name_for_is_taken_by_its_name() {
    assert_eq!(word(&facts(1, named(Named::Limit(Limit::Turns)))), "limit_turns");
    assert_eq!(word(&facts(1, named(Named::Limit(Limit::Money)))), "limit_money");
    assert_eq!(word(&facts(1, named(Named::Failure(Failure::Truncated)))), "failed_truncated");
    assert_eq!(word(&facts(0, named(Named::Interrupted))), "cancelled_outside");
}

#[test]
fn an_exit_code_against_the_last_word_is_a_failure() {
    assert_eq!(verdict(&facts(1, Terminal::default())), Outcome::Failed(Failure::Exit(1)));
    let told = Facts { errors: "Error: not logged in".to_owned(), ..facts(1, Terminal::default()) };
    assert_eq!(word(&told), "failed_auth");
}

#[test]
fn without_a_last_word_it_is_a_crash_whatever_the_exit_code() {
    for code in [0, 1, 2, 53, 130, 137, 143] {
        assert_eq!(word(&Facts { end: Some(End::of(code)), ..Facts::default() }), "failed_crash", "{code}");
    }
    assert_eq!(word(&Facts::default()), "failed_crash");
}

#[test]
fn a_program_that_is_not_there_never_started() {
    let errors = "nexus: claude could not be started: No such file\n\n".to_owned();
    let missing = Facts { end: Some(End::Code(127)), errors, ..Facts::default() };
    let Outcome::NeverStarted(why) = verdict(&missing) else { panic!("it was not there") };
    assert_eq!(why, "nexus: claude could not be started: No such file");
}

#[test]
fn a_signal_after_the_last_word_is_a_crash_unless_the_signal_was_ours() {
    assert_eq!(word(&facts(139, Terminal::default())), "failed_crash");
    let ours = Facts { end: Some(End::PutDown), ..facts(0, Terminal::default()) };
    assert_eq!(word(&ours), "completed");
}

#[test]
fn an_agent_whose_calls_all_failed_has_not_completed() {
    let metered = |metered| word(&Facts { metered: Some(metered), ..facts(0, Terminal::default()) });
    assert_eq!(metered(Metered::default()), "failed_network");
    assert_eq!(metered(Metered { failed: 2, last_failure: Some(401), ..Metered::default() }), "failed_auth");
    assert_eq!(metered(Metered { failed: 1, last_failure: Some(402), ..Metered::default() }), "failed_quota");
    assert_eq!(metered(Metered { failed: 1, last_failure: Some(503), ..Metered::default() }), "failed_overloaded");
    assert_eq!(metered(Metered { over_budget: 1, ..Metered::default() }), "failed_over_budget");
    assert_eq!(metered(Metered { exhausted: 1, over_budget: 1, ..Metered::default() }), "failed_quota");
    assert_eq!(metered(Metered { answered: 1, failed: 9, ..Metered::default() }), "completed");
}

#[test]
fn an_agent_whose_last_call_was_turned_down_has_not_completed() {
    let metered = |metered| word(&Facts { metered: Some(metered), ..facts(0, Terminal::default()) });
    let spent = Metered { answered: 3, over_budget: 1, ..Metered::default() };
    assert_eq!(metered(Metered { cut_short: true, ..spent }), "failed_over_budget");
    assert_eq!(metered(spent), "completed", "it got an answer afterwards");
    assert_eq!(metered(Metered { exhausted: 1, cut_short: true, ..spent }), "failed_quota");
}

#[test]
fn what_the_gateway_saw_goes_before_what_an_agent_says_of_it() {
    let says = |metered, text| word(&Facts { metered: Some(metered), ..facts(1, fault(None, text)) });
    let failed = |status| Metered { failed: 2, last_failure: status, ..Metered::default() };
    assert_eq!(says(failed(Some(403)), "something went wrong"), "failed_auth");
    assert_eq!(says(failed(Some(404)), "bad request"), "failed_model_missing");
    assert_eq!(says(failed(None), "API Error: 502 Bad Gateway"), "failed_network");
    assert_eq!(says(failed(Some(429)), "insufficient_quota"), "failed_quota", "words tell what a status leaves open");
    let some = Metered { answered: 1, ..failed(Some(500)) };
    assert_eq!(says(some, "something went wrong"), "failed_overloaded");
    assert_eq!(says(some, "Incorrect API key"), "failed_auth", "another one may have failed since");
    assert_eq!(says(some, "invalid_request_error"), "failed_overloaded");
}

#[test]
fn a_budget_that_is_spent_is_not_taken_for_a_bad_key() {
    let metered = Some(Metered { answered: 4, over_budget: 1, ..Metered::default() });
    let spent = Facts { metered, ..facts(1, fault(Some(403), "forbidden")) };
    assert_eq!(word(&spent), "failed_over_budget");
}

#[test]
fn servers_form_and_change_that_were_asked_for_have_to_be_there() {
    let done = facts(0, Terminal::default());
    assert_eq!(word(&Facts { servers_down: vec!["plat".to_owned()], ..done.clone() }), "failed_mcp_down");
    assert_eq!(word(&Facts { schema_met: Some(false), ..done.clone() }), "failed_schema_unmet");
    assert_eq!(word(&Facts { changed: Some(false), ..done.clone() }), "failed_no_change");
    assert_eq!(word(&Facts { schema_met: Some(true), changed: Some(true), ..done }), "completed");
}

#[test]
fn only_what_the_agent_and_its_account_are_to_blame_for_stops_everybody() {
    assert!(Outcome::NeverStarted(String::new()).blocks_all());
    assert!(Outcome::Failed(Failure::Auth).blocks_all() && Outcome::Failed(Failure::Quota).blocks_all());
    assert!(!Outcome::Completed.blocks_all() && !Outcome::Failed(Failure::Crash).blocks_all());
    assert!(!Outcome::LimitHit(Limit::Wall).blocks_all());
}

fn causes() -> impl Strategy<Value = Cause> {
    let limits = [Limit::Wall, Limit::Idle, Limit::Turns, Limit::Money, Limit::Tokens, Limit::Output, Limit::Memory];
    prop_oneof![
        prop::sample::select(vec![By::Operator, By::LostLease]).prop_map(Cause::Cancelled),
        prop::sample::select(limits.to_vec()).prop_map(Cause::Limit),
        ".*".prop_map(Cause::NeverStarted),
        Just(Cause::Sandbox),
    ]
}

fn ends() -> impl Strategy<Value = End> {
    prop_oneof![(-1..=255).prop_map(End::of), Just(End::PutDown)]
}

fn terminals() -> impl Strategy<Value = Terminal> {
    let faults =
        (prop::option::of(0_u16..700), ".{0,40}").prop_map(|(status, text)| Fault { named: None, status, text });
    (prop::option::of(faults), ".{0,20}").prop_map(|(fault, text)| Terminal { fault, text, ..Terminal::default() })
}

prop_compose! {
    fn meters()(answered in 0_u64..3, failed in 0_u64..3, over_budget in 0_u64..2, last_failure in prop::option::of(0_u16..700), cut_short in any::<bool>()) -> Metered {
        Metered { answered, failed, last_failure, over_budget, cut_short, ..Metered::default() }
    }
}

prop_compose! {
    fn any_facts()(
        end in prop::option::of(ends()), terminal in prop::option::of(terminals()), errors in ".{0,40}",
        metered in prop::option::of(meters()), schema_met in prop::option::of(any::<bool>()),
        changed in prop::option::of(any::<bool>()), down in any::<bool>(),
    ) -> Facts {
        let servers_down = if down { vec!["it".to_owned()] } else { Vec::new() };
        Facts { cause: None, end, terminal, errors, metered, servers_down, schema_met, changed }
    }
}

proptest! {
    #[test]
    fn our_own_cause_beats_all_that_an_agent_says(facts in any_facts(), cause in causes()) {
        let expected = verdict(&Facts { cause: Some(cause.clone()), ..Facts::default() });
        prop_assert_eq!(verdict(&Facts { cause: Some(cause), ..facts }), expected);
    }

    #[test]
    fn no_exit_code_makes_up_for_a_last_word(facts in any_facts()) {
        prop_assert_ne!(verdict(&Facts { terminal: None, ..facts }), Outcome::Completed);
    }

    #[test]
    fn whoever_says_that_it_failed_has_failed(facts in any_facts(), end in prop::option::of(ends()), terminal in terminals()) {
        prop_assume!(terminal.fault.is_some());
        prop_assert_ne!(verdict(&Facts { end, terminal: Some(terminal), ..facts }), Outcome::Completed);
    }

    #[test]
    fn completed_is_only_what_nothing_speaks_against(facts in any_facts()) {
        if verdict(&facts) == Outcome::Completed {
            let terminal = facts.terminal.expect("it said so");
            prop_assert!(terminal.fault.is_none());
            prop_assert!(matches!(facts.end, Some(End::Code(0) | End::PutDown)));
            prop_assert!(facts.metered.is_none_or(|it| it.answered > 0 && !it.cut_short) && facts.servers_down.is_empty());
            prop_assert!(facts.schema_met != Some(false) && facts.changed != Some(false));
        }
    }
}
