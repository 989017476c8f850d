use tally::caesar::caesar;

#[test]
fn letters_turn_and_the_rest_stays() {
    assert_eq!(caesar("xyz ABC!", 3), "abc DEF!");
    assert_eq!(caesar(&caesar("There", 13), 13), "There");
}
