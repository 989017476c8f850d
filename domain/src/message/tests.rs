//! Messages: what a draft becomes, and the table of classes.

use super::*;

const NOW: Timestamp = Timestamp::from_millis(1_000_000);

fn draft() -> Draft {
    Draft::note("ann".parse().expect("a name"), Address::All, "subject".to_owned())
}

fn sent(draft: Draft) -> Result<Message, BadMessage> {
    draft.sent(MessageId::numbered(7), None, Project::default(), NOW)
}

#[test]
fn a_note_needs_no_answer_and_begins_a_thread_of_its_own() {
    let message = sent(draft()).expect("it can be sent");
    assert_eq!((message.respond_by(), message.thread), (None, message.id));
    assert_eq!(message.priority, Priority::Medium);
}

#[test]
fn the_deadline_is_what_the_sender_says_else_the_class_else_the_priority() {
    let within = |draft| sent(draft).expect("it can be sent").respond_within_ms;
    let class = Class::DependencyCoordination;
    assert_eq!(within(Draft { class, ..draft() }), Some(7_200_000));
    assert_eq!(within(Draft { class, respond_within_ms: Some(5), ..draft() }), Some(5));
    assert_eq!(within(Draft { ack_required: true, ..draft() }), Some(4 * 3_600_000));
    let priority = Some(Priority::Critical);
    assert_eq!(within(Draft { ack_required: true, priority, ..draft() }), Some(30 * 60_000));
    assert_eq!(within(Draft { class: Class::ObjectiveRiskAlerts, ..draft() }), Some(0));
}

#[test]
fn what_says_nothing_or_too_much_is_not_sent() {
    assert!(matches!(sent(Draft { subject: " ".into(), ..draft() }), Err(BadMessage::Text(BadText::Empty { .. }))));
    let body = "x".repeat(Limits::TEXT_BYTES_MAX + 1);
    assert!(matches!(sent(Draft { body, ..draft() }), Err(BadMessage::Text(BadText::TooLong { .. }))));
    let respond_within_ms = Some(Draft::RESPOND_WITHIN_MS_MAX + 1);
    assert!(matches!(sent(Draft { respond_within_ms, ..draft() }), Err(BadMessage::Deadline { .. })));
}

#[test]
fn every_class_and_every_kind_of_address_reads_back() {
    for word in Class::WORDS {
        assert_eq!(Class::from_word(word).expect(word).word(), word);
    }
    assert_eq!(Class::from_word("gossip"), None);
    let name = || "x".parse().expect("a name");
    let all = [Address::Agent(name()), Address::Role("x".parse().expect("a role")), Address::All];
    for address in all {
        assert_eq!(Address::from_parts(address.word(), address.name()), Some(address));
    }
    assert_eq!(Address::from_parts("all", Some("x")), None);
}

#[test]
fn the_page_has_every_class_with_its_urgency_and_whom_it_escalates_to() {
    let page = include_str!("../../../docs/formats.md");
    for word in Class::WORDS {
        let class = Class::from_word(word).expect(word);
        let begins = format!("| `{word}` | {} |", class.priority().word());
        let row = page.lines().find(|line| line.starts_with(&begins));
        let row = row.unwrap_or_else(|| panic!("docs/formats.md has no row that begins with {begins}"));
        let heard = match (class.respond_within_ms(), class.escalates_to()) {
            (None, _) => "| | |".to_owned(),
            (Some(_), Some(role)) => format!("| `{role}` |"),
            (Some(_), None) => "| the role in `escalation.role` |".to_owned(),
        };
        assert!(row.ends_with(&heard), "{row} should end with {heard}");
    }
}
