//! Whether items that are alike are told from others: the rule of `work add` against the naive one, equal titles.
//!
//! The pairs of titles in `bench/data/similar.jsonl` were written by hand and labelled before they were scored: the
//! same task in other words, and tasks that share words and are two. The threshold was chosen on every other two
//! of them; the rest is the test. They come from the same hands, so the test says what the rule does, not what it
//! would do with your titles: put your own pairs into a file and name it.

use domain::work::{ALIKE, Words};

const PAIRS: &str = include_str!("../../data/similar.jsonl");

struct Pair {
    a: String,
    b: String,
    same: bool,
}

#[derive(Default)]
struct Score {
    hits: u32,
    false_alarms: u32,
    misses: u32,
    rest: u32,
}

impl Score {
    fn count(&mut self, same: bool, said: bool) {
        *match (same, said) {
            (true, true) => &mut self.hits,
            (false, true) => &mut self.false_alarms,
            (true, false) => &mut self.misses,
            (false, false) => &mut self.rest,
        } += 1;
    }

    fn print(&self, name: &str) {
        let part = |of: u32, all: u32| {
            if all == 0 { "no data".to_owned() } else { format!("{:.2}", f64::from(of) / f64::from(all)) }
        };
        println!(
            "{name:<36} {:>9} {:>7} {:>6} {:>13} {:>7}",
            part(self.hits, self.hits + self.false_alarms),
            part(self.hits, self.hits + self.misses),
            self.hits,
            self.false_alarms,
            self.misses
        );
    }
}

fn main() {
    let mut args = std::env::args().skip(1);
    let file = args.next();
    if file.as_deref().is_some_and(|it| it.starts_with('-')) || args.next().is_some() {
        eprintln!("Tells duplicates from others by their titles.\n\n  FILE  pairs of your own, JSON lines: a, b, same");
        std::process::exit(2);
    }
    let text =
        file.map_or_else(|| PAIRS.to_owned(), |path| std::fs::read_to_string(path).expect("the file can be read"));
    let pairs: Vec<Pair> = text.lines().filter(|line| !line.trim().is_empty()).map(pair).collect();
    let same = pairs.iter().filter(|it| it.same).count();
    println!("{} pairs of titles, {same} of them the same task; alike from {ALIKE} % on\n", pairs.len());
    println!("{:<36} {:>9} {:>7} {:>6} {:>13} {:>7}", "", "precision", "recall", "hits", "false alarms", "misses");
    for (name, half) in [("all", None), ("those it was tuned on", Some(0)), ("the test", Some(1))] {
        let (mut ours, mut naive) = (Score::default(), Score::default());
        for (_, it) in pairs.iter().enumerate().filter(|(n, _)| half.is_none_or(|half| n / 2 % 2 == half)) {
            ours.count(it.same, alike(it));
            naive.count(it.same, it.a.trim().eq_ignore_ascii_case(it.b.trim()));
        }
        ours.print(&format!("{name}: ours"));
        naive.print(&format!("{name}: equal titles"));
    }
    for (what, same) in [("false alarms", false), ("misses", true)] {
        println!("\n{what}:");
        for it in pairs.iter().filter(|it| it.same == same && alike(it) != same) {
            println!("  {:>3} %  {} / {}", likeness(it), it.a, it.b);
        }
    }
}

fn alike(it: &Pair) -> bool {
    likeness(it) >= ALIKE
}

fn likeness(it: &Pair) -> u8 {
    Words::of(&it.a).likeness(&Words::of(&it.b))
}

fn pair(line: &str) -> Pair {
    let it: serde_json::Value = serde_json::from_str(line).expect("each line is a JSON object");
    let text = |name: &str| it[name].as_str().unwrap_or_else(|| panic!("no text {name:?} in {line}")).to_owned();
    Pair { a: text("a"), b: text("b"), same: it["same"].as_bool().expect("same is true or false") }
}
