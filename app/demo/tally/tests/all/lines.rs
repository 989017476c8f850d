use tally::lines::lines;

#[test]
fn the_last_line_needs_no_newline() {
    assert_eq!(lines("a\nb"), 2);
    assert_eq!(lines("a\nb\n"), 2);
    assert_eq!(lines(""), 0);
}
