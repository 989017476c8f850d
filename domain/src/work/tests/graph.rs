use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use crate::work::cycle;

type Needs = BTreeMap<u32, BTreeSet<u32>>;

fn graph(edges: &[(u32, u32)]) -> Needs {
    let mut needs = Needs::new();
    for (from, to) in edges {
        needs.entry(*from).or_default().insert(*to);
    }
    needs
}

/// Whether each node of `found` needs the next one, and the last one the first.
fn really_a_cycle(needs: &Needs, found: &[u32]) -> bool {
    let once: BTreeSet<&u32> = found.iter().collect();
    let next = found.iter().cycle().skip(1);
    !found.is_empty()
        && once.len() == found.len()
        && found.iter().zip(next).all(|(from, to)| needs.get(from).is_some_and(|below| below.contains(to)))
}

#[test]
fn an_item_that_needs_itself_is_the_smallest_cycle() {
    assert_eq!(cycle(&graph(&[(1, 1)])), Some(vec![1]));
    assert_eq!(cycle(&graph(&[])), None);
    assert_eq!(cycle(&graph(&[(1, 2), (1, 3), (2, 4), (3, 4)])), None, "a diamond is none");
    assert_eq!(cycle(&graph(&[(0, 1), (1, 2), (2, 3), (3, 1)])), Some(vec![1, 2, 3]), "without the way to it");
}

#[test]
fn a_chain_of_two_hundred_thousand_does_not_overflow_the_stack() {
    let chain: Vec<(u32, u32)> = (0..200_000).map(|n| (n, n + 1)).collect();
    let mut needs = graph(&chain);
    assert_eq!(cycle(&needs), None);
    needs.insert(200_000, BTreeSet::from([0]));
    assert_eq!(cycle(&needs).map(|found| found.len()), Some(200_001));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn edges_that_all_go_up_make_no_cycle_and_one_back_makes_one(
        edges in prop::collection::vec((0..40_u32, 1..40_u32), 1..120),
        back: prop::sample::Index,
        far in 0..40_u32,
    ) {
        let up: Vec<(u32, u32)> = edges.iter().map(|(from, by)| (*from, from + by)).collect();
        let mut needs = graph(&up);
        prop_assert_eq!(cycle(&needs), None);
        // A way up from some node, as far as it goes or less, and then back down.
        let start = back.get(&up).0;
        let mut end = start;
        for _ in 0..=far {
            end = needs.get(&end).and_then(|below| below.first()).copied().unwrap_or(end);
        }
        needs.entry(end).or_default().insert(start);
        let found = cycle(&needs).expect("there is one");
        prop_assert!(really_a_cycle(&needs, &found), "{found:?}");
    }

    #[test]
    fn what_is_found_is_a_cycle_in_any_graph(edges in prop::collection::vec((0..12_u32, 0..12_u32), 0..30)) {
        let needs = graph(&edges);
        if let Some(found) = cycle(&needs) {
            prop_assert!(really_a_cycle(&needs, &found), "{found:?}");
        } else {
            // Without a cycle, taking away whatever needs nothing that is left takes away everything.
            let mut left = needs;
            loop {
                let open: BTreeSet<u32> = left.keys().copied().collect();
                let before = left.len();
                left.retain(|_, below| below.iter().any(|node| open.contains(node)));
                if left.len() == before {
                    break;
                }
            }
            prop_assert!(left.is_empty());
        }
    }
}
