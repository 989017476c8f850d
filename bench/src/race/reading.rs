//! How a value is found in what a tool prints: by a JSON pointer (`/id`), or as the nth word of a line (`field 2`).

use serde::Deserialize;
use serde_json::Value;

/// Where a value stands.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub enum Reading {
    /// At this place of a JSON document.
    Pointer(String),
    /// The word with this number, counted from 1, of the first line that is not empty.
    Field(usize),
}

impl TryFrom<String> for Reading {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text.is_empty() || text.starts_with('/') {
            return Ok(Self::Pointer(text));
        }
        let number = text.strip_prefix("field ").and_then(|number| number.parse().ok()).filter(|number| *number > 0);
        number.map(Self::Field).ok_or_else(|| format!("{text:?} is neither a JSON pointer such as /id nor \"field 1\""))
    }
}

impl Reading {
    /// The value in `text`; `None` when it is not there.
    pub fn of(&self, text: &str) -> Option<String> {
        match self {
            Self::Pointer(at) => match serde_json::from_str::<Value>(text).ok()?.pointer(at)? {
                Value::String(found) => Some(found.clone()),
                Value::Number(found) => Some(found.to_string()),
                _ => None,
            },
            Self::Field(number) => {
                let line = text.lines().find(|line| !line.trim().is_empty())?;
                line.split_whitespace().nth(number - 1).map(str::to_owned)
            }
        }
    }
}

/// The entries of a list: the elements of the array at `at`, or the lines of the text when there is no such place.
/// `None` when there is no array.
pub fn entries(text: &str, at: Option<&str>) -> Option<Vec<String>> {
    match at {
        None => Some(text.lines().filter(|line| !line.trim().is_empty()).map(str::to_owned).collect()),
        Some(at) => {
            let found: Value = serde_json::from_str(text).ok()?;
            Some(found.pointer(at)?.as_array()?.iter().map(Value::to_string).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(rule: &str, text: &str) -> Option<String> {
        Reading::try_from(rule.to_owned()).expect("a rule").of(text)
    }

    #[test]
    fn a_pointer_finds_texts_and_numbers_and_nothing_else() {
        assert_eq!(read("/item/id", r#"{"item":{"id":"w1"}}"#).as_deref(), Some("w1"));
        assert_eq!(read("/fence", r#"{"fence":7}"#).as_deref(), Some("7"));
        assert_eq!(read("/fence", r#"{"fence":[7]}"#), None);
        assert_eq!(read("/fence", "no JSON"), None);
    }

    #[test]
    fn a_field_is_a_word_of_the_first_line_that_is_not_empty() {
        assert_eq!(read("field 2", "\nclaimed w1 7\nmore w2").as_deref(), Some("w1"));
        assert_eq!(read("field 4", "claimed w1 7"), None);
    }

    #[test]
    fn what_is_no_rule_is_named() {
        let error = Reading::try_from("field 0".to_owned()).expect_err("fields count from 1");
        assert!(error.contains("field 0"), "{error}");
    }

    #[test]
    fn entries_are_elements_or_lines() {
        assert_eq!(entries("a b\n\nc d\n", None), Some(vec!["a b".to_owned(), "c d".to_owned()]));
        assert_eq!(entries(r#"{"all":[{"id":1}]}"#, Some("/all")), Some(vec![r#"{"id":1}"#.to_owned()]));
        assert_eq!(entries("[]", Some("")), Some(vec![]));
        assert_eq!(entries("{}", Some("/all")), None);
    }
}
