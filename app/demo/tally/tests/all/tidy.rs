use tally::tidy::tidy;

#[test]
fn ends_are_trimmed() {
    assert_eq!(tidy("  a b "), "a b");
}
