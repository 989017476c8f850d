//! Text for an address.
// status: missing

pub fn slug(_text: &str) -> String {
    panic!("not written yet")
}
