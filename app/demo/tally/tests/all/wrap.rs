use tally::wrap::wrap;

#[test]
fn no_line_is_wider_unless_a_word_is() {
    assert_eq!(wrap("a bb ccc dddd", 4), ["a bb", "ccc", "dddd"]);
    assert_eq!(wrap("toolong x", 3), ["toolong", "x"]);
}
