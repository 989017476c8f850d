//! What sealed entries and entries that are found say about each other.
//!
//! A seal has the number and the digest of every entry that it seals. The digest covers all of an entry but its number,
//! so that an entry that was only moved is known again elsewhere.

use std::collections::{BTreeMap, BTreeSet};

/// The number and the digest of an entry.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mark {
    /// Its number.
    pub seq: i64,
    /// What its content comes to.
    pub digest: String,
}

/// What was done to an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// It says something else than when it was sealed.
    Changed,
    /// It was sealed and is gone.
    Missing,
    /// It was never sealed.
    Inserted,
    /// It stands elsewhere than when it was sealed.
    Reordered,
}

impl Fault {
    /// The fault as one word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Missing => "missing",
            Self::Inserted => "inserted",
            Self::Reordered => "reordered",
        }
    }
}

/// What is wrong with `found`, which was `sealed`, by number. Both are in the order in which they stand; an entry for
/// which `archived` is true may be gone.
pub fn compare(sealed: &[Mark], found: &[Mark], archived: impl Fn(i64) -> bool) -> Vec<(i64, Fault)> {
    let mut faults = BTreeMap::new();
    let was: BTreeMap<i64, &str> = sealed.iter().map(|mark| (mark.seq, mark.digest.as_str())).collect();
    let mut is = BTreeMap::new();
    let mut highest = i64::MIN;
    for mark in found {
        if is.insert(mark.seq, mark.digest.as_str()).is_some() {
            faults.insert(mark.seq, Fault::Inserted);
        } else if mark.seq < highest && was.contains_key(&mark.seq) {
            faults.insert(mark.seq, Fault::Reordered);
        }
        highest = highest.max(mark.seq);
    }
    let gone: BTreeSet<&str> = displaced(&was, &is);
    let come: BTreeSet<&str> = displaced(&is, &was);
    for (seq, digest) in &is {
        let fault = match was.get(seq) {
            Some(sealed) if sealed == digest => continue,
            _ if gone.contains(digest) => Fault::Reordered,
            Some(_) => Fault::Changed,
            None => Fault::Inserted,
        };
        faults.entry(*seq).or_insert(fault);
    }
    for (seq, digest) in was.iter().filter(|(seq, _)| !is.contains_key(seq) && !archived(**seq)) {
        faults.insert(*seq, if come.contains(digest) { Fault::Reordered } else { Fault::Missing });
    }
    faults.into_iter().collect()
}

/// The digests of `from` that do not stand at the same place in `to`.
fn displaced<'a>(from: &BTreeMap<i64, &'a str>, to: &BTreeMap<i64, &'a str>) -> BTreeSet<&'a str> {
    from.iter().filter(|(seq, digest)| to.get(seq) != Some(digest)).map(|(_, digest)| *digest).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn marks(text: &str) -> Vec<Mark> {
        text.split_whitespace()
            .map(|it| it.split_once(':').expect("a number and a digest"))
            .map(|(seq, digest)| Mark { seq: seq.parse().expect("a number"), digest: digest.to_owned() })
            .collect()
    }

    #[test]
    fn each_kind_of_change_has_its_name_and_its_number() {
        use Fault::{Changed, Inserted, Missing, Reordered};
        for (found, faults) in [
            ("1:a 2:b 4:c", vec![]),
            ("1:a 2:x 4:c", vec![(2, Changed)]),
            ("1:a 4:c", vec![(2, Missing)]),
            ("1:a 2:b 3:x 4:c", vec![(3, Inserted)]),
            ("1:a 2:b 2:b 4:c", vec![(2, Inserted)]),
            ("1:b 2:a 4:c", vec![(1, Reordered), (2, Reordered)]),
            ("2:b 1:a 4:c", vec![(1, Reordered)]),
            ("1:a 3:b 4:c", vec![(2, Reordered), (3, Reordered)]),
            ("", vec![(1, Missing), (2, Missing), (4, Missing)]),
        ] {
            assert_eq!(compare(&marks("1:a 2:b 4:c"), &marks(found), |_| false), faults, "{found}");
        }
    }

    #[test]
    fn what_is_archived_may_be_gone_and_may_not_be_changed() {
        let sealed = marks("1:a 2:b 4:c");
        assert_eq!(compare(&sealed, &marks("4:c"), |seq| seq < 3), []);
        assert_eq!(compare(&sealed, &marks("2:x 4:c"), |seq| seq < 3), [(2, Fault::Changed)]);
        assert_eq!(compare(&sealed, &marks("2:b"), |seq| seq < 3), [(4, Fault::Missing)]);
    }

    proptest! {
        #[test]
        fn one_entry_that_is_changed_removed_or_added_is_the_only_one_that_is_named(
            sealed in prop::collection::btree_map(0_i64..50, "[a-z]{6}", 1..20), at in any::<prop::sample::Index>(), what in 0..3
        ) {
            let sealed: Vec<Mark> = sealed.into_iter().map(|(seq, digest)| Mark { seq: seq * 2, digest }).collect();
            let mut found = sealed.clone();
            let at = at.index(found.len());
            let named = match what {
                0 => { found[at].digest = "other".to_owned(); (found[at].seq, Fault::Changed) }
                1 => (found.remove(at).seq, Fault::Missing),
                _ => {
                    let mark = Mark { seq: found[at].seq + 1, digest: "other".to_owned() };
                    found.insert(at + 1, mark.clone());
                    (mark.seq, Fault::Inserted)
                }
            };
            prop_assert_eq!(compare(&sealed, &found, |_| false), vec![named]);
            prop_assert_eq!(compare(&sealed, &sealed, |_| false), vec![]);
        }
    }
}
