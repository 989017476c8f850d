use tally::palindrome::palindrome;

#[test]
fn only_letters_and_digits_count() {
    assert!(palindrome("A man, a plan, a canal: Panama"));
    assert!(!palindrome("Nexus"));
}
