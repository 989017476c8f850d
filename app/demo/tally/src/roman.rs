//! Roman numerals.
// status: missing

pub fn roman(_n: u32) -> String {
    panic!("not written yet")
}
