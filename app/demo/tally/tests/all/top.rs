use tally::top::top;

#[test]
fn the_most_frequent_come_first_and_equals_by_letter() {
    let found = top("b a b c a b", 2);
    assert_eq!(found, [("b".to_string(), 3), ("a".to_string(), 2)]);
    assert_eq!(top("b a", 9).len(), 2);
}
