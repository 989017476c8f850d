//! The most frequent words.
// status: missing

pub fn top(_text: &str, _n: usize) -> Vec<(String, usize)> {
    panic!("not written yet")
}
