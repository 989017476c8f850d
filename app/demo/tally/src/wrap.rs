//! Breaking lines.
// status: missing

pub fn wrap(_text: &str, _width: usize) -> Vec<String> {
    panic!("not written yet")
}
