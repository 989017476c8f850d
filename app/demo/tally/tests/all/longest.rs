use tally::longest::longest;

#[test]
fn the_first_of_the_longest_words_counts_in_characters() {
    assert_eq!(longest("a bbb cc ddd"), Some("bbb"));
    assert_eq!(longest("éééé abcde"), Some("abcde"));
    assert_eq!(longest(" "), None);
}
