//! Whether another attempt would be any use.

/// What one attempt made, and how it was judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Try {
    /// The tree, as git hashes it.
    pub tree: String,
    /// The checks that it failed.
    pub failing: Vec<String>,
}

/// Whether the last of `tries` made what one before it had made, and failed in the same way. Then another attempt would
/// most likely do so again, and a person is needed. Nothing that passed is stuck.
pub fn stuck(tries: &[Try]) -> bool {
    let Some((last, before)) = tries.split_last() else { return false };
    let sorted = |it: &Try| {
        let mut names = it.failing.clone();
        names.sort();
        names.dedup();
        names
    };
    !last.failing.is_empty() && before.iter().any(|one| one.tree == last.tree && sorted(one) == sorted(last))
}
