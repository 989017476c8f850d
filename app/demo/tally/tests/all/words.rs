use tally::words::words;

#[test]
fn words_are_what_white_space_parts() {
    assert_eq!(words("one two  three\n four"), 4);
    assert_eq!(words("   "), 0);
}
