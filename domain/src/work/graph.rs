//! The graph of dependencies.

use std::collections::{BTreeMap, BTreeSet};

/// A cycle among `needs` (node → what it needs), as the nodes on it in order, or `None` when there is none.
///
/// Depth-first, with a stack of its own, so that long chains cannot overflow ours. Nodes that only appear as
/// something needed have no needs. Takes time linear in nodes and edges.
pub fn cycle<N: Ord + Clone>(needs: &BTreeMap<N, BTreeSet<N>>) -> Option<Vec<N>> {
    let mut finished: BTreeSet<&N> = BTreeSet::new();
    for start in needs.keys() {
        if finished.contains(start) {
            continue;
        }
        let mut path: Vec<(&N, Vec<&N>)> = vec![(start, below(needs, start))];
        let mut on_path: BTreeSet<&N> = BTreeSet::from([start]);
        while let Some((_, waiting)) = path.last_mut() {
            match waiting.pop() {
                Some(next) if on_path.contains(next) => {
                    let from = path.iter().position(|(node, _)| *node == next).expect("what is on the path is in it");
                    return Some(path[from..].iter().map(|(node, _)| (*node).clone()).collect());
                }
                Some(next) if finished.contains(next) => {}
                Some(next) => {
                    on_path.insert(next);
                    path.push((next, below(needs, next)));
                }
                None => {
                    let (node, _) = path.pop().expect("the loop saw a last element");
                    on_path.remove(node);
                    finished.insert(node);
                }
            }
        }
    }
    None
}

fn below<'a, N: Ord>(needs: &'a BTreeMap<N, BTreeSet<N>>, node: &N) -> Vec<&'a N> {
    needs.get(node).map(|below| below.iter().rev().collect()).unwrap_or_default()
}
