//! Text from the command line into the types of the rules.

use std::path::Path;
use std::time::Duration;

use domain::time::{Timestamp, Ttl};
use domain::work::{Json, Percent, Priority, Retry};
use engine::Key;
use engine::problem::{Kind, Problem};
use engine::units::{format_duration, parse_duration};

/// A time-to-live such as `30s`.
pub fn ttl(text: &str) -> Result<Ttl, String> {
    let span = parse_duration(text)?;
    let ms = i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
    Ttl::from_millis(ms).ok_or_else(|| "a lease lasts between 1s and 1d".to_owned())
}

/// A span such as `5m`.
pub fn span(text: &str) -> Result<Duration, String> {
    parse_duration(text)
}

/// A moment such as `2026-12-24T18:00:00Z` or `2026-12-24T19:00:00+01:00`.
pub fn moment(text: &str) -> Result<Timestamp, String> {
    let wanted = |_| "it can be a moment with its offset, such as 2026-12-24T18:00:00Z or 2026-12-24T19:00:00+01:00";
    let at: jiff::Timestamp = text.parse().map_err(wanted)?;
    Ok(Timestamp::from_millis(at.as_millisecond()))
}

/// How long to wait: up to a day.
pub fn wait(text: &str) -> Result<Duration, String> {
    let span = parse_duration(text)?;
    Some(span).filter(|span| *span <= Duration::from_hours(24)).ok_or_else(|| "one waits for a day at most".to_owned())
}

/// From when on: so long ago, or since a day in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    /// So long ago.
    Ago(Duration),
    /// Since this moment.
    At(Timestamp),
}

impl Since {
    /// The moment, as seen from `now`.
    pub fn moment(self, now: Timestamp) -> Timestamp {
        match self {
            Self::Ago(span) => now.plus_millis(-i64::try_from(span.as_millis()).unwrap_or(i64::MAX)),
            Self::At(at) => at,
        }
    }
}

impl std::fmt::Display for Since {
    /// As [`since`] reads it.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Ago(span) => f.write_str(&format_duration(*span)),
            Self::At(day) => f.write_str(moment_text(*day).split('T').next().unwrap_or_default()),
        }
    }
}

/// From when on, unless told otherwise.
pub const SINCE: &str = "30d";

/// A span such as `30d`, or a day such as `2026-01-05`.
pub fn since(text: &str) -> Result<Since, String> {
    let wanted = |why| format!("{why}; it can be a span such as 30d, or a day such as 2026-01-05");
    match crate::settings::day(text) {
        Some(at) => Ok(Since::At(at)),
        None => parse_duration(text).map(Since::Ago).map_err(wanted),
    }
}

/// The moment as [`moment`] reads it.
pub fn moment_text(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.millis()).map_or_else(|_| at.millis().to_string(), |at| at.to_string())
}

/// The waits between attempts; a cap alone asks for none.
pub fn retry(delay: Option<Duration>, cap: Option<Duration>) -> Option<Retry> {
    let ms = |span: Duration| i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
    delay.map(ms).map(|delay_ms| Retry { delay_ms, cap_ms: cap.map_or(Retry::CAP_MS.max(delay_ms), ms) })
}

/// A priority's word.
pub fn priority(text: &str) -> Result<Priority, String> {
    Priority::from_word(text).ok_or_else(|| "it can be critical, high, medium or low".to_owned())
}

/// Percent from 0 to 100.
pub fn percent(text: &str) -> Result<Percent, String> {
    text.parse().ok().and_then(Percent::new).ok_or_else(|| "it can be a whole number from 0 to 100".to_owned())
}

/// JSON as it is; what is not JSON is one JSON text.
pub fn result(text: &str) -> Json {
    let whole = serde_json::from_str::<&serde_json::value::RawValue>(text).is_ok();
    Json(if whole { text.to_owned() } else { serde_json::Value::from(text).to_string() })
}

/// The number of an entry in the event log.
pub fn seq(text: &str) -> Result<i64, String> {
    let wanted = || "it can be the \"seq\" of an event, a whole number from 0".to_owned();
    text.parse().ok().filter(|seq| *seq >= 0).ok_or_else(wanted)
}

/// A JSON document.
pub fn json(text: &str) -> Result<Json, String> {
    serde_json::from_str::<&serde_json::value::RawValue>(text).map_err(|e| format!("this is no JSON: {e}"))?;
    Ok(Json(text.to_owned()))
}

/// What a file holds, `-` being standard input. Fails past `bytes_max`.
pub fn file(path: &Path, bytes_max: u64) -> Result<String, Problem> {
    use std::io::Read as _;
    let named = |what: &dyn std::fmt::Display| format!("{}: {what}", path.display());
    let mut bytes = Vec::new();
    let read = if path.as_os_str() == "-" {
        std::io::stdin().take(bytes_max + 1).read_to_end(&mut bytes)
    } else {
        std::fs::File::open(path).and_then(|file| file.take(bytes_max + 1).read_to_end(&mut bytes))
    };
    let count =
        read.map_err(|e| Problem::new(Kind::Failed, "unreadable", named(&format!("it cannot be read: {e}"))))?;
    if count as u64 > bytes_max {
        return Err(Problem::malformed(named(&format!("it has more than {bytes_max} bytes, which is the most"))));
    }
    String::from_utf8(bytes).map_err(|_| Problem::malformed(named(&"it is not UTF-8 text")))
}

/// `text` itself, or what the file holds that it names with a leading `@` (`@-` is standard input).
pub fn text_or_file(text: &str, bytes_max: u64) -> Result<String, Problem> {
    match text.strip_prefix('@') {
        Some(path) => file(Path::new(path), bytes_max),
        None => Ok(text.to_owned()),
    }
}

/// The key of a request, when it has one; `request` spells out in full what is asked for.
pub fn key(key: Option<&String>, request: &impl std::fmt::Debug) -> Result<Option<Key>, Problem> {
    key.map(|key| Key::new(key, &format!("{request:?}"))).transpose()
}
