use tally::roman::roman;

#[test]
fn smaller_signs_in_front_take_away() {
    assert_eq!(roman(1994), "MCMXCIV");
    assert_eq!(roman(2026), "MMXXVI");
    assert_eq!(roman(0), "");
}
