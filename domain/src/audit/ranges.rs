//! Sets of numbers that are mostly runs, as text: `1-5,9,12-13`.

use std::fmt;
use std::str::FromStr;

/// A set of numbers from 0, as the runs that it consists of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ranges(Vec<(i64, i64)>);

/// A text that is no such set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no list of runs such as 1-5,9,12-13")]
pub struct NoRanges(String);

impl Ranges {
    /// Every number from `first` to `last`.
    pub fn run(first: i64, last: i64) -> Self {
        Self(vec![(first, last)])
    }

    /// Adds `n`, which is higher than all before it.
    pub fn push(&mut self, n: i64) {
        match self.0.last_mut() {
            Some((_, last)) if *last + 1 == n => *last = n,
            _ => self.0.push((n, n)),
        }
    }

    /// Whether `n` is in it.
    pub fn contains(&self, n: i64) -> bool {
        let at = self.0.partition_point(|(_, last)| *last < n);
        self.0.get(at).is_some_and(|(first, _)| *first <= n)
    }

    /// The first number after `n` that is in it.
    pub fn after(&self, n: i64) -> Option<i64> {
        let next = n.checked_add(1)?;
        let at = self.0.partition_point(|(_, last)| *last < next);
        self.0.get(at).map(|(first, _)| next.max(*first))
    }

    /// Whether some number of `first` to `last` is in it.
    pub fn touches(&self, first: i64, last: i64) -> bool {
        let at = self.0.partition_point(|(_, end)| *end < first);
        self.0.get(at).is_some_and(|(start, _)| *start <= last)
    }

    /// The runs, each from its first number to its last.
    pub fn runs(&self) -> &[(i64, i64)] {
        &self.0
    }
}

impl fmt::Display for Ranges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (first, last)) in self.0.iter().enumerate() {
            let comma = if at == 0 { "" } else { "," };
            if first == last { write!(f, "{comma}{first}")? } else { write!(f, "{comma}{first}-{last}")? }
        }
        Ok(())
    }
}

impl FromStr for Ranges {
    type Err = NoRanges;

    fn from_str(text: &str) -> Result<Self, NoRanges> {
        let wrong = || NoRanges(text.chars().take(64).collect());
        let mut runs: Vec<(i64, i64)> = Vec::new();
        for run in text.split(',').filter(|_| !text.is_empty()) {
            let (first, last) = run.split_once('-').unwrap_or((run, run));
            let (first, last) = (first.parse().map_err(|_| wrong())?, last.parse().map_err(|_| wrong())?);
            if first > last || runs.last().is_some_and(|(_, before)| *before >= first) {
                return Err(wrong());
            }
            runs.push((first, last));
        }
        Ok(Self(runs))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_set_reads_back_and_holds_what_was_pushed(numbers in prop::collection::btree_set(0_i64..60, 0..40)) {
            let mut ranges = Ranges::default();
            numbers.iter().for_each(|n| ranges.push(*n));
            prop_assert_eq!(ranges.to_string().parse(), Ok(ranges.clone()));
            for n in 0..60 {
                prop_assert_eq!(ranges.contains(n), numbers.contains(&n));
                prop_assert_eq!(ranges.after(n), numbers.range(n + 1..).next().copied());
                prop_assert_eq!(ranges.touches(n, n + 3), numbers.range(n..=n + 3).next().is_some());
            }
        }
    }

    #[test]
    fn runs_are_written_short_and_nonsense_is_refused() {
        let mut ranges = Ranges::default();
        [1, 2, 3, 9].into_iter().for_each(|n| ranges.push(n));
        assert_eq!(ranges.to_string(), "1-3,9");
        for bad in ["1-", "x", "3-1", "4,2", "1,,2", "1-5,5"] {
            assert!(bad.parse::<Ranges>().is_err(), "{bad}");
        }
    }
}
