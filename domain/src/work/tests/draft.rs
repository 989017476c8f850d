use super::*;
use crate::text::BadText;

fn refused(draft: Draft) -> BadDraft {
    Plan::try_from(draft).expect_err("a bad draft")
}

fn titled() -> Draft {
    Draft { title: "t".into(), ..Draft::default() }
}

#[test]
fn a_draft_needs_a_title_to_read() {
    for title in ["", "  ", "\n\t"] {
        let bad = refused(Draft { title: title.into(), ..Draft::default() });
        assert_eq!(bad, BadDraft::Text(BadText::Empty { what: "title" }));
    }
    let long = refused(Draft { title: "x".repeat(1_001), ..Draft::default() });
    assert_eq!(long, BadDraft::Text(BadText::TooLong { what: "title", bytes: 1_001, bytes_max: 1_000 }));
    let widest = Draft { title: "é".repeat(500), ..Draft::default() };
    assert_eq!(Plan::try_from(widest).expect("1000 bytes").title.len(), 1_000);
}

#[test]
fn ten_megabytes_of_anything_are_refused_with_the_limit() {
    let huge = || "x".repeat(10_000_000);
    let drafts = [
        ("description", Draft { description: huge(), ..titled() }),
        ("acceptance", Draft { acceptance: huge(), ..titled() }),
        ("payload", Draft { payload: Some(Json(huge())), ..titled() }),
    ];
    for (what, draft) in drafts {
        let text = refused(draft).to_string();
        assert_eq!(text, format!("{what} has 10000000 bytes; the most is 1000000"));
    }
    let text = refused(Draft { title: huge(), ..Draft::default() }).to_string();
    assert_eq!(text, "title has 10000000 bytes; the most is 1000");
    assert!(matches!(refused(Draft { kind: "x".repeat(201), ..titled() }), BadDraft::Text(_)));
}

#[test]
fn lists_have_a_limit() {
    let ids = |n| (0..n).map(WorkId::numbered).collect();
    assert!(Plan::try_from(Draft { depends_on: ids(1_000), ..titled() }).is_ok());
    let text = refused(Draft { depends_on: ids(1_001), ..titled() }).to_string();
    assert_eq!(text, "the number of dependencies is 1001; it can be 0 to 1000");
    let labels = (0..1_001).map(|n| n.to_string().parse().expect("a label")).collect();
    assert!(matches!(refused(Draft { labels, ..titled() }), BadDraft::OutOfRange { found: 1_001, .. }));
    let capabilities = (0..1_001).map(|n| n.to_string().parse().expect("a capability")).collect();
    assert!(matches!(refused(Draft { capabilities, ..titled() }), BadDraft::OutOfRange { found: 1_001, .. }));
}

#[test]
fn numbers_have_a_range() {
    for attempts_max in [0, 1_001, u32::MAX] {
        assert!(matches!(
            refused(Draft { attempts_max: Some(attempts_max), ..titled() }),
            BadDraft::OutOfRange { what: "attempts", min: 1, max: 1_000, .. }
        ));
    }
    assert_eq!(Plan::try_from(Draft { attempts_max: Some(1), ..titled() }).expect("one").attempts_max(), 1);
    let needs = |ports, databases| Draft { needs: Needs { ports, databases, cache: false }, ..titled() };
    assert!(Plan::try_from(needs(64, 64)).is_ok());
    assert!(matches!(refused(needs(65, 0)), BadDraft::OutOfRange { what: "ports", found: 65, .. }));
    assert!(matches!(refused(needs(0, 65)), BadDraft::OutOfRange { what: "databases", found: 65, .. }));
}

#[test]
fn what_is_accepted_is_kept_to_the_letter_and_only_the_kind_has_a_default() {
    let draft = Draft { title: "  Größe \u{1f916}\n".into(), description: "\0\u{202e}".into(), ..Draft::default() };
    let plan = Plan::try_from(draft.clone()).expect("any Unicode is fine");
    assert_eq!(*plan, Draft { kind: "task".into(), ..draft });
    assert_eq!(Plan::try_from(Draft { kind: "bug".into(), ..titled() }).expect("a plan").kind, "bug");
}
