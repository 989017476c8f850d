use tally::slug::slug;

#[test]
fn whatever_is_no_letter_or_digit_becomes_one_dash() {
    assert_eq!(slug("Hello,  World! 2"), "hello-world-2");
    assert_eq!(slug("--"), "");
}
