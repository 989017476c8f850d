//! How often each word occurs.
// status: missing

use std::collections::BTreeMap;

pub fn frequency(_text: &str) -> BTreeMap<String, usize> {
    panic!("not written yet")
}
