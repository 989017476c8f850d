//! The parts of the page that change on their own.

use std::collections::HashMap;
use std::sync::Arc;

use engine::problem::Problem;
use engine::sha256_hex;
use engine::status::Board;
use maud::{Markup, html};

use super::{agents, columns, events, top};

/// Every region of the page, drawn.
#[derive(Clone, Default)]
pub struct Regions(Vec<Region>);

/// One region. Its mark changes when its content does.
#[derive(Clone)]
struct Region {
    id: &'static str,
    mark: String,
    markup: Arc<str>,
}

impl Regions {
    /// Those of `board`.
    pub fn of(board: &Board) -> Self {
        let mut all = vec![
            region("top", "How things stand", "top", &top::draw(board)),
            region("agents", "Agents at work", "panel", &agents::draw(board)),
            region("events", "What happened", "panel", &events::draw(board)),
        ];
        all.extend(columns::ALL.map(|column| region(column.id, column.name, "column", &columns::draw(&column, board))));
        Self(all)
    }

    /// The same, with a top that says that `problem` is in the way.
    pub fn failed(&self, problem: &Problem) -> Self {
        let mut all: Vec<Region> = self.0.iter().filter(|region| region.id != "top").cloned().collect();
        all.push(region("top", "How things stand", "top", &top::failed(problem)));
        Self(all)
    }

    /// The markup of the region called `id`; nothing when it was never drawn.
    pub fn markup(&self, id: &str) -> &str {
        self.0.iter().find(|region| region.id == id).map_or("", |region| &region.markup)
    }
}

fn region(id: &'static str, name: &str, class: &str, content: &Markup) -> Region {
    let mark = sha256_hex(content.0.as_bytes())[..12].to_owned();
    let markup = html! {
        section id=(id) class=(class) data-mark=(mark) tabindex="-1" aria-label=(name) { (content) }
    };
    Region { id, mark, markup: markup.into_string().into() }
}

/// What a page was sent last.
#[derive(Default)]
pub struct Seen(HashMap<&'static str, String>);

impl Seen {
    /// The markup of the regions that the page does not have as they are now; `None` when it has all.
    pub fn news(&mut self, now: &Regions) -> Option<String> {
        let mut news = String::new();
        for region in &now.0 {
            if self.0.get(region.id) != Some(&region.mark) {
                self.0.insert(region.id, region.mark.clone());
                news.push_str(&region.markup);
            }
        }
        (!news.is_empty()).then_some(news)
    }
}
