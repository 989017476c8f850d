use tally::known::KNOWN;

#[test]
fn the_base_is_known_and_nothing_twice() {
    assert!(KNOWN.contains(&"base"));
    let mut sorted = KNOWN.to_vec();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(sorted.len(), KNOWN.len());
}
