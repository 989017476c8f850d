//! Reading JSON lines of strangers.

use domain::agent::event::AgentEvent;
use engine::agent::Move;
use serde_json::Value;

/// How much of a text of an agent is kept in an event.
pub(super) const TEXT_BYTES_MAX: usize = 64 * 1024;
/// How much of a line that is not understood is kept in an event; the transcript has all of it.
const RAW_BYTES_MAX: usize = 2_000;

/// A line as a JSON object, or the event that stands for a line that is none; nothing for an empty one.
pub(super) fn object(line: &[u8]) -> Result<Value, Vec<Move>> {
    if line.trim_ascii().is_empty() {
        return Err(Vec::new());
    }
    match serde_json::from_slice::<Value>(line) {
        Ok(value) if value.is_object() => Ok(value),
        _ => {
            let text = String::from_utf8_lossy(&line[..line.len().min(RAW_BYTES_MAX)]).into_owned();
            Err(vec![Move::Event(AgentEvent::Notice(format!("not an event: {text}")))])
        }
    }
}

/// An event that is not understood, as it came.
pub(super) fn raw(value: &Value) -> Move {
    Move::Event(AgentEvent::Raw(cut(value.to_string(), RAW_BYTES_MAX)))
}

/// The text at `pointer`, or nothing.
pub(super) fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

/// The same as a text of its own, none longer than is kept.
pub(super) fn owned(value: &Value, pointer: &str) -> String {
    cut(text(value, pointer).to_owned(), TEXT_BYTES_MAX)
}

/// The number at `pointer`, or 0.
pub(super) fn number(value: &Value, pointer: &str) -> u64 {
    value.pointer(pointer).and_then(Value::as_u64).unwrap_or(0)
}

/// The HTTP status at `pointer`, if there is one that says so.
pub(super) fn status(value: &Value, pointer: &str) -> Option<u16> {
    value.pointer(pointer).and_then(Value::as_u64).and_then(|it| u16::try_from(it).ok()).filter(|it| *it >= 100)
}

/// Dollars at `pointer` as millionths.
pub(super) fn usd_micros(value: &Value, pointer: &str) -> Option<u64> {
    let dollars = value.pointer(pointer).and_then(Value::as_f64).filter(|it| it.is_finite() && *it >= 0.0)?;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // It saturates, and is not negative.
    Some((dollars * 1_000_000.0).round() as u64)
}

/// What a tool is given, as JSON of a length that can be kept.
pub(super) fn json(value: Option<&Value>) -> String {
    cut(value.map(Value::to_string).unwrap_or_default(), TEXT_BYTES_MAX)
}

/// `text`, no longer than this.
pub(super) fn cut(mut text: String, bytes_max: usize) -> String {
    if text.len() > bytes_max {
        text.truncate(text.floor_char_boundary(bytes_max));
        text.push('…');
    }
    text
}

/// Adds `more` to `text` as long as there is room.
pub(super) fn append(text: &mut String, more: &str) {
    let room = TEXT_BYTES_MAX.saturating_sub(text.len());
    text.push_str(&more[..more.floor_char_boundary(room)]);
}

/// A line to send.
pub(super) fn send(value: &Value) -> Move {
    let mut line = value.to_string().into_bytes();
    line.push(b'\n');
    Move::Send(line)
}

/// `text` if `value` is JSON and was asked for.
pub(super) fn structured(text: &str, asked: bool) -> Option<domain::work::Json> {
    let whole = asked && serde_json::from_str::<Value>(text).is_ok();
    whole.then(|| domain::work::Json(text.to_owned()))
}
