//! Notes: their limits, and how they are found.

use proptest::prelude::*;

use super::*;

fn note(n: u64, text: &str, tags: &[&str]) -> Note {
    let tags = tags.iter().map(|tag| tag.parse().expect("a tag")).collect();
    let draft = Draft { text: text.to_owned(), tags, ..Draft::default() };
    let at = Timestamp::from_millis(i64::try_from(n).expect("a small number"));
    draft.kept(NoteId::numbered(n), Project::default(), at).expect("it is a note")
}

fn found(notes: &[Note], words: &str) -> Vec<u64> {
    let query = Query::new(words).expect("there are words");
    search(notes.iter().cloned(), &query, 10).iter().map(|it| it.note.id.number()).collect()
}

#[test]
fn a_note_has_a_text_of_a_certain_length_and_some_tags() {
    let check = |text: String, tags: usize| {
        let tags = (0..tags).map(|n| format!("t{n}").parse().expect("a tag")).collect();
        Draft { text, tags, ..Draft::default() }.check()
    };
    assert_eq!(check("a".to_owned(), Note::TAGS_MAX), Ok(()));
    assert_eq!(check(" \n".to_owned(), 0), Err(BadText::Empty { what: "the note" }.into()));
    assert!(matches!(check("x".repeat(10_001), 0), Err(BadNote::Text(BadText::TooLong { bytes: 10_001, .. }))));
    assert_eq!(check("a".to_owned(), 21), Err(BadNote::Tags(21)));
}

#[test]
fn a_note_is_found_by_the_beginning_of_any_of_its_words_or_tags_in_any_case() {
    let notes = [note(1, "The Parser wants TABS.", &["build-server"]), note(2, "Nothing of it", &[])];
    for words in ["parser", "PARS", "tabs nowhere", "server", "The"] {
        assert_eq!(found(&notes, words), [1], "{words}");
    }
    assert!(found(&notes, "arser").is_empty(), "the middle of a word is not looked at");
    assert!(found(&notes, "abs").is_empty());
}

#[test]
fn more_words_come_first_then_what_is_newer() {
    let notes = [note(1, "red green blue", &[]), note(2, "red", &[]), note(3, "green", &[]), note(4, "red", &["blue"])];
    assert_eq!(found(&notes, "red green blue"), [1, 4, 3, 2]);
    assert_eq!(found(&notes, "red red red"), [4, 2, 1], "a word counts once");
}

#[test]
fn letters_of_all_scripts_are_compared_in_small_ones() {
    let notes = [
        note(1, "Straße, ÄPFEL", &[]),
        note(2, "ΟΔΟΣ", &[]),
        note(3, "パーサーは日本語のテストで落ちる", &[]),
        note(4, "Парсер", &[]),
        note(5, "שלום", &[]),
    ];
    assert_eq!(found(&notes, "äpfel"), [1]);
    assert_eq!(found(&notes, "STRAßE"), [1]);
    assert_eq!(found(&notes, "οδός οδος"), [2]);
    assert_eq!(found(&notes, "テスト"), [3], "there are no spaces to begin after");
    assert_eq!(found(&notes, "日本語"), [3]);
    assert_eq!(found(&notes, "ПАРСЕР"), [4]);
    assert_eq!(found(&notes, "שלום"), [5]);
}

#[test]
fn a_question_needs_a_word() {
    for empty in ["", "  ", "?!", "🤖"] {
        assert_eq!(Query::new(empty), Err(BadText::Empty { what: "what is looked for" }), "{empty:?}");
    }
    assert!(matches!(Query::new(&"x".repeat(2_001)), Err(BadText::TooLong { .. })));
    let many: String = (0..100).map(|n| format!("w{n} ")).collect();
    assert_eq!(Query::new(&many).expect("there are words").words().len(), Query::WORDS_MAX);
}

#[test]
fn what_somebody_is_going_to_do_is_looked_for_by_its_longer_words() {
    let query = Query::about(["Fix the parser", "日本 in it"]);
    assert_eq!(query.words(), ["parser", "日本"]);
    assert!(search([note(1, "anything", &[])], &Query::about([]), 10).is_empty());
}

proptest! {
    #[test]
    fn a_note_is_found_by_each_of_its_own_words(text in "\\PC{1,60}") {
        let kept = Draft { text: format!("x {text}"), ..Draft::default() };
        let kept = kept.kept(NoteId::numbered(1), Project::default(), Timestamp::from_millis(0)).expect("a note");
        for word in words(&text) {
            // Some letters have no single small form, and are apart afterwards as they were before.
            if let Ok(query) = Query::new(&word) {
                prop_assert_eq!(query.matched(&kept).len(), query.words().len(), "{}", word);
            }
        }
    }
}
