//! The form of an answer: one description, from which the JSON Schema for the model is written and by which the answer
//! is read. What does not fit in every point is no answer.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

/// The longest answer that is read, in bytes.
pub const ANSWER_BYTES_MAX: usize = 256 * 1024;

/// What a value has to be.
#[derive(Clone, Copy, Debug)]
pub enum Form {
    /// An object with these fields, each of them, and no other.
    Object(&'static [(&'static str, Form)]),
    /// A list of up to so many.
    List(&'static Self, usize),
    /// Text that is not empty, of up to so many characters.
    Text(usize),
    /// A whole number within these bounds.
    Whole(i64, i64),
    /// A number from 0 to 1.
    Share,
    /// One of these words.
    Word(&'static [&'static str]),
    /// Something that the data names; nothing else is taken.
    Named(Naming),
    /// That, or null.
    Maybe(&'static Self),
}

/// What the data names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Naming {
    /// An item, by its id.
    Item,
    /// An agent, by its name.
    Agent,
    /// A type of work.
    Type,
}

/// What was named in the data that a model was shown.
#[derive(Clone, Debug, Default)]
pub struct Named {
    /// The ids of the items.
    pub items: BTreeSet<String>,
    /// The names of the agents.
    pub agents: BTreeSet<String>,
    /// The types of work.
    pub types: BTreeSet<String>,
}

impl Naming {
    const fn word(self) -> &'static str {
        match self {
            Self::Item => "item",
            Self::Agent => "agent",
            Self::Type => "type of work",
        }
    }
}

impl Named {
    fn has(&self, naming: Naming, name: &str) -> bool {
        match naming {
            Naming::Item => &self.items,
            Naming::Agent => &self.agents,
            Naming::Type => &self.types,
        }
        .contains(name)
    }
}

impl Form {
    /// The form as JSON Schema. Every field is required and none may be added, as providers want it.
    pub fn schema(&self) -> Value {
        match self {
            Self::Object(fields) => {
                let properties: Map<_, _> =
                    fields.iter().map(|(name, form)| ((*name).to_owned(), form.schema())).collect();
                let required: Vec<_> = fields.iter().map(|(name, _)| *name).collect();
                json!({
                    "type": "object", "properties": properties, "required": required, "additionalProperties": false,
                })
            }
            Self::List(of, most) => json!({ "type": "array", "items": of.schema(), "maxItems": most }),
            Self::Text(most) => json!({ "type": "string", "minLength": 1, "maxLength": most }),
            Self::Whole(least, most) => json!({ "type": "integer", "minimum": least, "maximum": most }),
            Self::Share => json!({ "type": "number", "minimum": 0, "maximum": 1 }),
            Self::Word(words) => json!({ "type": "string", "enum": words }),
            Self::Named(naming) => {
                json!({ "type": "string", "description": format!("an {} of the data", naming.word()) })
            }
            Self::Maybe(of) => json!({ "anyOf": [of.schema(), { "type": "null" }] }),
        }
    }

    /// Reads the answer in `text`, around which a code fence may be. Fails with what does not fit, and where.
    pub fn read(&self, text: &str, named: &Named) -> Result<Value, String> {
        if text.len() > ANSWER_BYTES_MAX {
            return Err(format!("the answer has more than {ANSWER_BYTES_MAX} bytes"));
        }
        let text = unfenced(text);
        if text.is_empty() {
            return Err("there is no answer".to_owned());
        }
        let value: Value = serde_json::from_str(text).map_err(|e| format!("the answer is not JSON: {e}"))?;
        self.check(&value, named, "the answer").map(|()| value)
    }

    fn check(&self, value: &Value, named: &Named, at: &str) -> Result<(), String> {
        let wrong = |wanted: String| Err(format!("{at}: it can be {wanted}"));
        match self {
            Self::Object(fields) => {
                let Some(object) = value.as_object() else { return wrong("an object".to_owned()) };
                if let Some(name) = object.keys().find(|name| fields.iter().all(|(known, _)| known != name)) {
                    let shown: String = name.chars().take(60).collect();
                    return Err(format!("{at}: nobody asked for {shown:?}"));
                }
                fields.iter().try_for_each(|(name, form)| match object.get(*name) {
                    Some(value) => form.check(value, named, &format!("{at}, {name}")),
                    None => Err(format!("{at}: {name} is missing")),
                })
            }
            Self::List(of, most) => match value.as_array() {
                Some(list) if list.len() <= *most => {
                    let mut all = (1..).zip(list);
                    all.try_for_each(|(n, value): (usize, _)| of.check(value, named, &format!("{at} {n}")))
                }
                _ => wrong(format!("a list of up to {most}")),
            },
            Self::Text(most) => match value.as_str() {
                Some(text) if !text.trim().is_empty() && text.chars().count() <= *most => Ok(()),
                _ => wrong(format!("text of 1 to {most} characters")),
            },
            Self::Whole(least, most) => match value.as_i64() {
                Some(number) if (*least..=*most).contains(&number) => Ok(()),
                _ => wrong(format!("a whole number from {least} to {most}")),
            },
            Self::Share => match value.as_f64() {
                Some(number) if (0.0..=1.0).contains(&number) => Ok(()),
                _ => wrong("a number from 0 to 1".to_owned()),
            },
            Self::Word(words) => match value.as_str() {
                Some(word) if words.contains(&word) => Ok(()),
                _ => wrong(format!("one of {}", words.join(", "))),
            },
            Self::Named(naming) => match value.as_str() {
                Some(name) if named.has(*naming, name) => Ok(()),
                Some(name) => {
                    let shown: String = name.chars().take(60).collect();
                    Err(format!("{at}: there is no {} {shown:?} in the data", naming.word()))
                }
                None => wrong(format!("an {} of the data", naming.word())),
            },
            Self::Maybe(_) if value.is_null() => Ok(()),
            Self::Maybe(of) => of.check(value, named, at),
        }
    }
}

/// `text` without the fence that models like to put around JSON.
fn unfenced(text: &str) -> &str {
    let text = text.trim();
    let inside = text.strip_prefix("```").and_then(|rest| rest.strip_suffix("```"));
    inside.and_then(|inside| inside.split_once('\n')).map_or(text, |(_, inside)| inside.trim())
}

#[cfg(test)]
mod tests {
    use super::*;

    const FORM: Form = Form::Object(&[
        ("items", Form::List(&Form::Named(Naming::Item), 2)),
        ("why", Form::Text(5)),
        ("score", Form::Whole(1, 100)),
        ("sure", Form::Share),
        ("word", Form::Word(&["a", "b"])),
        ("to", Form::Maybe(&Form::Named(Naming::Agent))),
    ]);

    fn read(answer: &Value) -> Result<Value, String> {
        let named =
            Named { items: ["work_1".to_owned()].into(), agents: ["Zoë".to_owned()].into(), types: BTreeSet::new() };
        FORM.read(&answer.to_string(), &named)
    }

    fn good() -> Value {
        json!({ "items": ["work_1"], "why": "日本語", "score": 100, "sure": 0.5, "word": "a", "to": "Zoë" })
    }

    #[test]
    fn what_fits_is_taken_as_it_is_and_a_fence_is_not_part_of_it() {
        assert_eq!(read(&good()), Ok(good()));
        let named = Named::default();
        let list = Form::List(&Form::Share, 3);
        assert_eq!(list.read(" ```json\n[0, 1]\n``` \n", &named), Ok(json!([0, 1])));
        assert_eq!(Form::Maybe(&FORM).read("null", &named), Ok(Value::Null));
    }

    #[test]
    fn whatever_does_not_fit_is_no_answer_and_the_reason_says_where() {
        for (field, bad, said) in [
            ("items", json!(["work_2"]), "the answer, items 1: there is no item \"work_2\" in the data"),
            ("items", json!(["work_1", "work_1", "work_1"]), "items: it can be a list of up to 2"),
            ("items", json!([1]), "items 1: it can be an item"),
            ("items", json!("work_1"), "a list"),
            ("why", json!("sixsix"), "why: it can be text of 1 to 5 characters"),
            ("why", json!(" "), "text"),
            ("why", json!(null), "text"),
            ("score", json!(0), "a whole number from 1 to 100"),
            ("score", json!(99.5), "a whole number"),
            ("score", json!("9"), "a whole number"),
            ("sure", json!(1.01), "a number from 0 to 1"),
            ("sure", json!(-0.1), "a number from 0 to 1"),
            ("word", json!("c"), "one of a, b"),
            ("to", json!("max"), "there is no agent \"max\""),
            ("more", json!(1), "nobody asked for \"more\""),
        ] {
            let mut answer = good();
            answer[field] = bad;
            let why = read(&answer).expect_err(field);
            assert!(why.contains(said), "{field}: {why}");
        }
        let mut short = good();
        short.as_object_mut().expect("an object").remove("sure");
        assert_eq!(read(&short), Err("the answer: sure is missing".to_owned()));
    }

    #[test]
    fn what_is_no_json_or_too_long_or_nothing_is_no_answer() {
        let named = Named::default();
        for (text, said) in [
            ("", "no answer"),
            ("```\n\n```", "no answer"),
            ("I think zoe should do it.", "not JSON"),
            ("{\"a\": 1} and so on", "not JSON"),
        ] {
            let why = FORM.read(text, &named).expect_err("it is no answer");
            assert!(why.contains(said), "{text}: {why}");
        }
        assert!(FORM.read(&" ".repeat(ANSWER_BYTES_MAX + 1), &named).expect_err("it is long").contains("bytes"));
        assert!(FORM.read(&"[".repeat(10_000), &named).is_err(), "depth has an end");
    }

    #[test]
    fn the_schema_says_what_is_checked() {
        let schema = FORM.schema();
        assert_eq!(schema["additionalProperties"], false);
        assert_eq!(schema["required"], json!(["items", "why", "score", "sure", "word", "to"]));
        assert_eq!(schema["properties"]["score"], json!({ "type": "integer", "minimum": 1, "maximum": 100 }));
        assert_eq!(schema["properties"]["to"]["anyOf"][1], json!({ "type": "null" }));
    }
}
