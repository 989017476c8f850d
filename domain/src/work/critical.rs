//! The critical path: the longest chain of items of which each needs the one before.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The chain among `needs` (node → what it needs) whose weights add up to most, first node first, and that sum.
///
/// What is needed but is no node of its own does not count. Nodes on a cycle are left out. Of equal chains the one
/// that ends in the lowest node is taken. Takes time linear in nodes and edges, but for the maps.
pub fn critical_path<N: Ord + Clone>(needs: &BTreeMap<N, BTreeSet<N>>, weight: impl Fn(&N) -> u64) -> (Vec<N>, u64) {
    let mut waits: BTreeMap<&N, usize> = BTreeMap::new();
    let mut needed_by: BTreeMap<&N, Vec<&N>> = BTreeMap::new();
    for (node, below) in needs {
        let below = below.iter().filter(|it| needs.contains_key(it));
        waits.insert(node, below.clone().count());
        below.for_each(|it| needed_by.entry(it).or_default().push(node));
    }
    let mut free: VecDeque<&N> = waits.iter().filter(|(_, count)| **count == 0).map(|(node, _)| *node).collect();
    // The heaviest chain that ends in each node, and the node before it on that chain.
    let mut best: BTreeMap<&N, (u64, Option<&N>)> = BTreeMap::new();
    while let Some(node) = free.pop_front() {
        let before = needs[node].iter().filter_map(|it| best.get(it).map(|(sum, _)| (*sum, it)));
        let before = before
            .fold(None, |most: Option<(u64, &N)>, it| if most.is_none_or(|m| it.0 > m.0) { Some(it) } else { most });
        let sum = before.map_or(0, |(sum, _)| sum).saturating_add(weight(node));
        best.insert(node, (sum, before.map(|(_, it)| it)));
        for above in needed_by.get(node).into_iter().flatten() {
            let left = waits.get_mut(above).expect("every node waits for a number of others");
            *left -= 1;
            if *left == 0 {
                free.push_back(above);
            }
        }
    }
    let end = best.iter().fold(
        None,
        |most: Option<(&N, u64)>, (node, (sum, _))| {
            if most.is_none_or(|(_, m)| *sum > m) { Some((node, *sum)) } else { most }
        },
    );
    let Some((end, sum)) = end else { return (Vec::new(), 0) };
    let mut path = vec![end.clone()];
    let mut at = best[end].1;
    while let Some(node) = at {
        path.push(node.clone());
        at = best[node].1;
    }
    path.reverse();
    (path, sum)
}
