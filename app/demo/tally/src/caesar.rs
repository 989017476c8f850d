//! The oldest cipher.
// status: missing

pub fn caesar(_text: &str, _by: u8) -> String {
    panic!("not written yet")
}
