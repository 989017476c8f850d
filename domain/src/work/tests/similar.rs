//! Titles that are alike, and titles that are not.

use super::*;
use proptest::prelude::*;

fn alike(a: &str, b: &str) -> u8 {
    Words::of(a).likeness(&Words::of(b))
}

#[test]
fn the_same_said_in_another_order_or_form_is_alike() {
    for (a, b) in [
        ("Fix the parser", "fix THE parser!"),
        ("Sort invoices by due date", "Invoices should be sorted by due date"),
        ("Export reports as CSV", "CSV export for reports"),
        ("Исправить ошибку входа", "Ошибку входа исправить"),
    ] {
        assert!(alike(a, b) >= ALIKE, "{a} / {b}: {}", alike(a, b));
    }
}

#[test]
fn opposites_other_numbers_and_other_things_are_not() {
    for (a, b) in [
        ("Enable rate limiting", "Disable rate limiting"),
        ("Shard 3: reindex the catalogue", "Shard 4: reindex the catalogue"),
        ("Fix the parser", "Fix the gateway"),
        ("", "Fix the parser"),
        ("the of", "the of"),
    ] {
        assert!(alike(a, b) < ALIKE, "{a} / {b}: {}", alike(a, b));
    }
}

proptest! {
    #[test]
    fn likeness_is_the_same_from_both_sides_and_a_title_is_like_itself(a in "\\PC{0,60}", b in "\\PC{0,60}") {
        let (there, back) = (alike(&a, &b), alike(&b, &a));
        prop_assert!(there == back && there <= 100, "{there} {back}");
        let own = alike(&a, &a);
        prop_assert!(own == 0 || own == 100, "{own}");
    }
}
