//! Critical paths.

use std::collections::{BTreeMap, BTreeSet};

use super::*;
use proptest::prelude::*;

fn graph(edges: &[(u32, &[u32])]) -> BTreeMap<u32, BTreeSet<u32>> {
    edges.iter().map(|(node, needs)| (*node, needs.iter().copied().collect())).collect()
}

#[test]
fn the_longest_chain_is_found_by_weight_or_by_count() {
    let it = graph(&[(1, &[]), (2, &[1]), (3, &[2]), (4, &[1]), (5, &[])]);
    assert_eq!(critical_path(&it, |_| 1), (vec![1, 2, 3], 3));
    assert_eq!(critical_path(&it, |n| if *n == 4 { 9 } else { 1 }), (vec![1, 4], 10));
    assert_eq!(critical_path(&it, |n| if *n == 5 { 99 } else { 1 }), (vec![5], 99));
    assert_eq!(critical_path(&graph(&[]), |_| 1), (vec![], 0));
}

#[test]
fn what_is_needed_but_not_there_and_what_is_on_a_cycle_does_not_count() {
    assert_eq!(critical_path(&graph(&[(2, &[1]), (3, &[2])]), |_| 1), (vec![2, 3], 2));
    assert_eq!(critical_path(&graph(&[(1, &[2]), (2, &[1]), (3, &[])]), |_| 1), (vec![3], 1));
}

#[test]
fn a_chain_of_a_hundred_thousand_is_no_trouble() {
    let chain: BTreeMap<u32, BTreeSet<u32>> =
        (0..100_000).map(|n| (n, (n > 0).then(|| n - 1).into_iter().collect())).collect();
    assert_eq!(critical_path(&chain, |_| 1).1, 100_000);
}

fn heaviest(it: &BTreeMap<u32, BTreeSet<u32>>, weights: &[u64], n: u32) -> u64 {
    weights[n as usize] + it[&n].iter().map(|below| heaviest(it, weights, *below)).max().unwrap_or(0)
}

proptest! {
    #[test]
    fn no_chain_that_can_be_walked_is_heavier(
        edges in prop::collection::btree_set((0..7u32, 0..7u32), 0..14), weights in prop::collection::vec(0..9u64, 7)
    ) {
        // Only from higher to lower nodes, so that there is no cycle.
        let mut it: BTreeMap<u32, BTreeSet<u32>> = (0..7).map(|n| (n, BTreeSet::new())).collect();
        for (a, b) in edges.iter().filter(|(a, b)| a > b) {
            it.get_mut(a).expect("a node").insert(*b);
        }
        let weight = |n: &u32| weights[*n as usize];
        let (path, sum) = critical_path(&it, weight);
        prop_assert_eq!(Some(sum), (0..7).map(|n| heaviest(&it, &weights, n)).max());
        prop_assert_eq!(path.iter().map(weight).sum::<u64>(), sum);
        prop_assert!(path.windows(2).all(|pair| it[&pair[1]].contains(&pair[0])));
    }
}
