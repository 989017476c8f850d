use tally::summary::summary;

#[test]
fn the_parts_come_together() {
    assert_eq!(summary("one two\nthree"), "2 lines, 3 words, longest \"three\"");
}
