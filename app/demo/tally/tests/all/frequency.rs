use tally::frequency::frequency;

#[test]
fn words_are_counted_whatever_their_case() {
    let counts = frequency("The cat the dog");
    assert_eq!(counts["the"], 2);
    assert_eq!(counts["cat"], 1);
    assert_eq!(counts.len(), 3);
}
