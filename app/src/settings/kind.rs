//! What a setting may hold, and how text becomes such a value.

use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

use connect::webhook::Webhook;
use engine::ports::Post as _;
use engine::units::{format_bytes, format_duration, parse_bytes, parse_duration};
use store::Url;

/// What a setting may hold.
#[derive(Debug)]
pub enum Kind {
    /// A span of time between two numbers of milliseconds.
    Duration(RangeInclusive<u64>),
    /// A size between two numbers of bytes.
    Bytes(RangeInclusive<u64>),
    /// A whole number in a range.
    Integer(RangeInclusive<u64>),
    /// Text for which `fits` is true; `wanted` says in words when that is.
    Text { wanted: &'static str, fits: fn(&str) -> bool },
    /// The address of a PostgreSQL database, or nothing. Its password is shown nowhere.
    Database,
    /// The address of a webhook, or nothing. Only its host is shown, as secrets stand in such addresses.
    Webhook,
    /// One of a few words.
    Choice(&'static [&'static str]),
}

/// A value that its setting takes. A span is a number of milliseconds, a size a number of bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Number(u64),
    Text(String),
}

/// What somebody wrote, before anybody asked whether it fits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raw {
    /// The text, without its quotes.
    pub text: String,
    /// Whether quotes belong around it.
    pub form: Form,
}

/// How a value was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Where nothing is quoted: in a flag, a variable, the table of settings.
    Plain,
    /// In quotes, in the file.
    Quoted,
    /// Without quotes, in the file: a number, a list, a date.
    Bare,
}

impl Raw {
    /// A value from a place without quotes.
    pub fn plain(text: impl Into<String>) -> Self {
        Self { text: text.into(), form: Form::Plain }
    }
}

impl fmt::Display for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.form {
            Form::Plain | Form::Quoted => write!(f, "{:?}", self.text),
            Form::Bare => f.write_str(&self.text),
        }
    }
}

impl Kind {
    /// The value, or what is wrong with it: a sentence that starts with what was found.
    pub fn value(&self, raw: &Raw) -> Result<Value, String> {
        match self {
            Self::Duration(range) => {
                let ms = u64::try_from(parse_duration(&raw.text)?.as_millis()).unwrap_or(u64::MAX);
                within(range, ms, raw)
            }
            Self::Bytes(range) => within(range, parse_bytes(&raw.text)?, raw),
            Self::Integer(_) if raw.form == Form::Quoted => Err(format!("{raw} is text; leave out the quotes")),
            Self::Integer(range) => {
                let number = raw.text.replace('_', "").parse::<i128>();
                let number = number.map_err(|_| format!("{raw} is not a whole number"))?;
                within(range, u64::try_from(number).map_err(|_| out_of_range(raw))?, raw)
            }
            Self::Text { .. } | Self::Database | Self::Webhook | Self::Choice(_) if raw.form == Form::Bare => {
                Err(format!("{raw} is not text; put it in quotes"))
            }
            Self::Text { fits, .. } if !fits(&raw.text) => Err(format!("{raw} does not fit")),
            Self::Choice(words) if !words.contains(&raw.text.as_str()) => Err(format!("{raw} is not known")),
            Self::Database if !raw.text.is_empty() => {
                raw.text.parse::<Url>().map(|_| Value::Text(raw.text.clone())).map_err(|bad| bad.to_string())
            }
            Self::Webhook if !raw.text.is_empty() => {
                let found = Webhook::at(&raw.text).map_err(|why| format!("what it holds is no webhook: {why}"));
                found.map(|_| Value::Text(raw.text.clone()))
            }
            Self::Text { .. } | Self::Database | Self::Webhook | Self::Choice(_) => Ok(Value::Text(raw.text.clone())),
        }
    }

    /// What the setting takes, to follow "it takes".
    pub fn wanted(&self) -> String {
        match self {
            Self::Duration(range) => format!("a duration from {} to {}", span(*range.start()), span(*range.end())),
            Self::Bytes(range) => {
                format!("a size from {} to {}", format_bytes(*range.start()), format_bytes(*range.end()))
            }
            Self::Integer(range) => format!("a whole number from {} to {}", range.start(), range.end()),
            Self::Text { wanted, .. } => (*wanted).to_owned(),
            Self::Database => "an address such as postgres://user@host/database, or nothing".to_owned(),
            Self::Webhook => "an address such as https://host/path, or nothing".to_owned(),
            Self::Choice(words) => words.join(" | "),
        }
    }

    /// `text` as it may be shown.
    pub fn shown(&self, text: &str) -> String {
        match self {
            Self::Database => text.parse::<Url>().map_or_else(|_| text.to_owned(), |url| url.to_string()),
            Self::Webhook => Webhook::at(text).map_or_else(|_| text.to_owned(), |it| it.place()),
            _ => text.to_owned(),
        }
    }

    /// `text` as it stands in the file.
    pub fn quoted(&self, text: &str) -> String {
        match self {
            Self::Integer(_) => text.to_owned(),
            _ => format!("{text:?}"),
        }
    }
}

fn within(range: &RangeInclusive<u64>, number: u64, raw: &Raw) -> Result<Value, String> {
    if range.contains(&number) { Ok(Value::Number(number)) } else { Err(out_of_range(raw)) }
}

fn out_of_range(raw: &Raw) -> String {
    format!("{raw} is out of range")
}

fn span(ms: u64) -> String {
    format_duration(Duration::from_millis(ms))
}
