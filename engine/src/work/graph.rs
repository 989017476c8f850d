//! What needs what, and the longest chain of it.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::fmt::Write as _;

use domain::id::WorkId;
use domain::work::{WorkItem, critical_path};
use serde::{Deserialize, Serialize};
use store::work::{self as kept, Page};
use store::{Scope, StoreError, Tx};

use crate::Engine;
use crate::problem::Problem;

/// The most items that a graph has.
pub const GRAPH_MAX: u32 = 1_000;

/// The JSON object of a graph.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)] // The names say it; `docs/formats.md` has the whole table.
pub struct Graph {
    pub nodes: Vec<Node>,
    pub edges: Vec<Edge>,
    pub critical_path: Vec<String>,
    pub method: Cow<'static, str>,
    pub length: u64,
    pub truncated: bool,
}

/// An item of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)] // As above.
pub struct Node {
    pub id: String,
    pub title: String,
    pub state: String,
    pub points: Option<u32>,
}

/// That one item needs another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)] // As above.
pub struct Edge {
    pub item: String,
    pub needs: String,
}

impl Engine {
    /// The open items and what they need, or all that `id` needs and all that needs it; up to `limit` items.
    pub async fn graph(&self, id: Option<&WorkId>, limit: u32) -> Result<Graph, Problem> {
        let scope = self.scope();
        let limit = limit.min(GRAPH_MAX) as usize;
        let body = async |tx: &mut Tx<'_>| match id {
            None => open(tx, &scope, limit).await,
            Some(id) => around(tx, &scope, id, limit).await,
        };
        let (items, truncated) = self.store.read(body).await?;
        match id {
            Some(id) if items.is_empty() => Err(kept::WorkError::Unknown(id.clone()).into()),
            _ => Ok(graph(&items, truncated)),
        }
    }
}

async fn open(tx: &mut Tx<'_>, scope: &Scope, limit: usize) -> Result<(Vec<WorkItem>, bool), StoreError> {
    let mut items = Vec::new();
    for state in ["leased", "submitted", "ready", "pending", "blocked"] {
        let page = Page { after: String::new(), limit: u32::try_from(limit + 1 - items.len()).unwrap_or(0) };
        items.extend(kept::list(tx, &scope.project, Some(state), &page).await?.into_iter().map(|it| it.item));
        if items.len() > limit {
            items.truncate(limit);
            return Ok((items, true));
        }
    }
    Ok((items, false))
}

async fn around(
    tx: &mut Tx<'_>,
    scope: &Scope,
    id: &WorkId,
    limit: usize,
) -> Result<(Vec<WorkItem>, bool), StoreError> {
    let (mut items, mut seen) = (Vec::new(), BTreeSet::from([id.clone()]));
    // What it needs, and what needs it, each followed in its own direction only.
    let mut ways = VecDeque::from([(id.clone(), true, true)]);
    while let Some((id, down, up)) = ways.pop_front() {
        let Some(found) = kept::find(tx, scope, &id).await? else { continue };
        if items.len() == limit {
            return Ok((items, true));
        }
        let below = found.item.plan.depends_on.iter().filter(|_| down).cloned().map(|id| (id, true, false));
        let above = if up { kept::dependents(tx, scope, &id).await? } else { Vec::new() };
        for way in below.chain(above.into_iter().map(|id| (id, false, true))) {
            if seen.insert(way.0.clone()) {
                ways.push_back(way);
            }
        }
        items.push(found.item);
    }
    Ok((items, false))
}

fn graph(items: &[WorkItem], truncated: bool) -> Graph {
    let known: BTreeSet<&WorkId> = items.iter().map(|item| &item.id).collect();
    let unfinished = || items.iter().filter(|item| !item.state.finished());
    let needs: BTreeMap<WorkId, BTreeSet<WorkId>> =
        unfinished().map(|item| (item.id.clone(), item.plan.depends_on.clone())).collect();
    let points: BTreeMap<&WorkId, u32> =
        unfinished().filter_map(|item| item.plan.points.map(|points| (&item.id, points))).collect();
    let by_points = !needs.is_empty() && points.len() == needs.len();
    let (path, length) = critical_path(&needs, |id| if by_points { points[id].into() } else { 1 });
    let node = |item: &WorkItem| Node {
        id: item.id.to_string(),
        title: item.plan.title.clone(),
        state: item.state.word().to_owned(),
        points: item.plan.points,
    };
    let edges = items.iter().flat_map(|item| {
        let needed = item.plan.depends_on.iter().filter(|needed| known.contains(needed));
        needed.map(|needed| Edge { item: item.id.to_string(), needs: needed.to_string() })
    });
    Graph {
        nodes: items.iter().map(node).collect(),
        edges: edges.collect(),
        critical_path: path.iter().map(ToString::to_string).collect(),
        method: if by_points { "points" } else { "count" }.into(),
        length,
        truncated,
    }
}

impl Graph {
    /// The graph as a Mermaid flow chart; the critical path is drawn thick.
    pub fn mermaid(&self) -> String {
        let plain = |text: &str| {
            let odd = |c: char| !c.is_alphanumeric() && !" .,:;-_/()'+".contains(c);
            text.chars()
                .take(80)
                .map(|c| if odd(c) { format!("#{};", u32::from(c)) } else { c.to_string() })
                .collect::<String>()
        };
        let mut text = "graph LR\n".to_owned();
        for node in &self.nodes {
            let _ = writeln!(text, "  {}[\"{}<br/>{}\"]", node.id, plain(&node.title), node.state);
        }
        for edge in &self.edges {
            let arrow = if self.critical(edge) { "==>" } else { "-->" };
            let _ = writeln!(text, "  {} {arrow} {}", edge.needs, edge.item);
        }
        text.trim_end().to_owned()
    }

    /// The graph in the language of Graphviz; the critical path is drawn thick.
    pub fn dot(&self) -> String {
        let quoted = |text: &str| {
            let kept = text.chars().take(80).map(|c| if c.is_control() { ' ' } else { c }).collect::<String>();
            kept.replace('\\', "\\\\").replace('"', "\\\"")
        };
        let mut text = "digraph work {\n  rankdir=LR;\n  node [shape=box];\n".to_owned();
        for node in &self.nodes {
            let _ = writeln!(text, "  \"{}\" [label=\"{}\\n{}\"];", node.id, quoted(&node.title), node.state);
        }
        for edge in &self.edges {
            let style = if self.critical(edge) { " [penwidth=3]" } else { "" };
            let _ = writeln!(text, "  \"{}\" -> \"{}\"{style};", edge.needs, edge.item);
        }
        text.push('}');
        text
    }

    fn critical(&self, edge: &Edge) -> bool {
        self.critical_path.windows(2).any(|pair| pair[0] == edge.needs && pair[1] == edge.item)
    }
}
