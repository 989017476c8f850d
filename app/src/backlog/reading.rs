//! Rows on their way in, and what there is to say about them.

use std::collections::BTreeMap;

use domain::text::Label;
use domain::work::Priority;
use engine::Engine;
use engine::problem::Problem;
use engine::work::{Bring, Brought, Incoming};
use indicatif::{ProgressBar, ProgressStyle};
use serde_json::{Map, Value};

/// How many different things that are not understood are named.
const ODD_MAX: usize = 200;
/// How many rows pass between two looks of the bar.
const TICK: usize = 500;

/// What is being read.
pub struct Reading<'e> {
    bring: Bring<'e>,
    odd: BTreeMap<String, u64>,
    bar: ProgressBar,
    rows: usize,
}

impl<'e> Reading<'e> {
    /// Nothing yet.
    pub fn new(engine: &'e Engine, source: &str, whole: bool) -> Self {
        let bar = ProgressBar::new_spinner();
        bar.set_style(ProgressStyle::with_template("{spinner} {msg}").expect("the template is one"));
        Self { bring: Bring::new(engine, source, whole), odd: BTreeMap::new(), bar, rows: 0 }
    }

    /// The row at `line`, or why it is none.
    pub fn row(&mut self, line: usize, row: Result<Incoming, String>) -> Result<(), Problem> {
        self.rows += 1;
        if self.rows.is_multiple_of(TICK) {
            self.bar.set_message(format!("{} rows", self.rows));
            self.bar.tick();
        }
        match row {
            Ok(row) => self.bring.take(row),
            Err(reason) => {
                self.bring.skip(line, reason);
                Ok(())
            }
        }
    }

    /// Something that a row says and that has no meaning here.
    pub fn odd(&mut self, what: impl Into<String>) {
        let what: String = what.into().chars().take(200).collect();
        if self.odd.len() < ODD_MAX || self.odd.contains_key(&what) {
            *self.odd.entry(what).or_default() += 1;
        }
    }

    /// Notes the fields of `row` that have something in them and are not among `known`.
    pub fn odd_fields(&mut self, row: &Map<String, Value>, known: &[&str]) {
        let empty = |value: &Value| match value {
            Value::Null => true,
            Value::String(text) => text.is_empty(),
            Value::Array(all) => all.is_empty(),
            Value::Object(all) => all.is_empty(),
            _ => false,
        };
        let odd = row.iter().filter(|(name, value)| !known.contains(&name.as_str()) && !empty(value));
        odd.for_each(|(name, _)| self.odd(format!("the field {name:?}")));
    }

    /// What came of it, and what was not understood.
    pub fn finish(self) -> Result<(Brought, BTreeMap<String, u64>), Problem> {
        let brought = self.bring.finish()?;
        self.bar.finish_and_clear();
        Ok((brought, self.odd))
    }

    /// A priority by its word or number; what is none counts as medium and is noted.
    pub fn priority(&mut self, said: Option<&str>) -> Priority {
        let Some(said) = said.filter(|said| !said.is_empty()) else { return Priority::default() };
        let lower = said.to_lowercase();
        let number = lower.strip_prefix('p').unwrap_or(&lower).parse::<usize>().ok();
        let by_number = number.map(|n| Priority::ALL[n.min(Priority::ALL.len() - 1)]);
        by_number.or_else(|| Priority::from_word(&lower)).unwrap_or_else(|| {
            self.odd(format!("the priority {said:?}"));
            Priority::default()
        })
    }

    /// Labels; what can be none is noted.
    pub fn labels<'a>(&mut self, said: impl IntoIterator<Item = &'a str>) -> std::collections::BTreeSet<Label> {
        let mut labels = std::collections::BTreeSet::new();
        for text in said {
            match text.parse() {
                Ok(label) => drop(labels.insert(label)),
                Err(_) => self.odd(format!("the label {text:?}")),
            }
        }
        labels
    }
}

/// A text of a row; empty when there is none.
pub fn text<'a>(row: &'a Map<String, Value>, field: &str) -> &'a str {
    row.get(field).and_then(Value::as_str).unwrap_or_default()
}

/// A text or a number of a row, as text.
pub fn word(row: &Map<String, Value>, field: &str) -> Option<String> {
    as_word(row.get(field)?)
}

/// A text or a number as text.
pub fn as_word(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if !text.is_empty() => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The texts of a list of a row.
pub fn texts<'a>(row: &'a Map<String, Value>, field: &str) -> impl Iterator<Item = &'a str> + use<'a> {
    row.get(field).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str)
}

/// A whole number of a row.
pub fn number(row: &Map<String, Value>, field: &str) -> Option<u32> {
    row.get(field).and_then(Value::as_u64).and_then(|n| u32::try_from(n).ok())
}

/// One paragraph after the other, without the empty ones.
pub fn paragraphs(all: &[(&str, &str)]) -> String {
    let filled = all.iter().filter(|(_, text)| !text.trim().is_empty());
    let shown =
        filled.map(|(head, text)| if head.is_empty() { (*text).to_owned() } else { format!("{head}:\n{text}") });
    shown.collect::<Vec<_>>().join("\n\n")
}
