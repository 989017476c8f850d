//! Sessions: what ends, what does not, and how much may be said.

use super::*;

fn session() -> Session {
    Session {
        id: SessionId::numbered(7),
        project: Project::default(),
        agent: "zoe".parse().expect("a name"),
        role: "QA".parse().expect("a role"),
        stage: "under_way".to_owned(),
        reason: "asked for".to_owned(),
        facts: Json("{}".to_owned()),
        objectives: Lines::default(),
        from: None,
        began_at: Timestamp::from_millis(1_000),
        ended: None,
    }
}

#[test]
fn a_session_ends_once_and_never_before_it_began() {
    let said = Report { learnings: Lines::trusted(vec!["tabs".to_owned()]), ..Report::default() };
    let ended = session().end(said.clone(), Timestamp::from_millis(2_000)).expect("it is open");
    assert_eq!(ended.ended, Some(Ended { at: Timestamp::from_millis(2_000), report: said }));
    let again = ended.end(Report::default(), Timestamp::from_millis(3_000)).expect_err("it has ended");
    assert_eq!(again, Over { id: SessionId::numbered(7), ended_at: Timestamp::from_millis(2_000) });
    let early = session().end(Report::default(), Timestamp::from_millis(5)).expect("it is open");
    assert_eq!(early.ended.map(|it| it.at), Some(Timestamp::from_millis(1_000)));
}

#[test]
fn lines_are_few_short_and_not_empty() {
    let lines = |lines: &[&str]| Lines::new("objective", lines.iter().map(|&line| line.to_owned()).collect());
    assert_eq!(lines(&["日本", "a\nb"]).expect("they are lines").len(), 2);
    assert_eq!(lines(&["fine", " \n"]), Err(BadText::Empty { what: "objective" }.into()));
    let long = "x".repeat(Lines::BYTES_MAX + 1);
    assert!(matches!(lines(&[&long]), Err(BadLines::Text(BadText::TooLong { bytes: 2_001, .. }))));
    let many = vec!["x"; Lines::COUNT_MAX + 1];
    assert_eq!(lines(&many), Err(BadLines::TooMany { what: "objective", count: 51 }));
}
