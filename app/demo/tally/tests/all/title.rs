use tally::title::title;

#[test]
fn each_word_begins_with_a_capital() {
    assert_eq!(title("the QUICK fox"), "The Quick Fox");
    assert_eq!(title("élan"), "Élan");
}
