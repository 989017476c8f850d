//! What an HTTP status or the words of an error hint at.

use super::Failure;

/// Words in errors, in small letters, and what they hint at; the first that is found counts.
const WORDS: &[(&str, Failure)] = &[
    ("budget", Failure::OverBudget),
    ("quota of this credential", Failure::Quota),
    ("insufficient_quota", Failure::Quota),
    ("insufficient quota", Failure::Quota),
    ("exceeded your current quota", Failure::Quota),
    ("credit balance", Failure::Quota),
    ("billing", Failure::Quota),
    ("credits", Failure::Quota),
    ("usage limit", Failure::Quota),
    ("rate limit", Failure::RateLimited),
    ("rate_limit", Failure::RateLimited),
    ("too many requests", Failure::RateLimited),
    ("overloaded", Failure::Overloaded),
    ("internal server error", Failure::Overloaded),
    ("service unavailable", Failure::Overloaded),
    ("server error", Failure::Overloaded),
    ("high demand", Failure::Overloaded),
    ("api key", Failure::Auth),
    ("api_key", Failure::Auth),
    ("unauthorized", Failure::Auth),
    ("authentication", Failure::Auth),
    ("not logged in", Failure::Auth),
    ("log in", Failure::Auth),
    ("/login", Failure::Auth),
    ("credentials", Failure::Auth),
    ("not_found_error", Failure::ModelMissing),
    ("model not found", Failure::ModelMissing),
    ("resource not found (404)", Failure::ModelMissing),
    ("selected model", Failure::ModelMissing),
    ("connection", Failure::Network),
    ("econnrefused", Failure::Network),
    ("usage policy", Failure::Refused),
    ("refus", Failure::Refused),
    ("output token", Failure::Truncated),
    ("max_tokens", Failure::Truncated),
    ("truncated", Failure::Truncated),
    ("disconnected", Failure::Network),
    ("timed out", Failure::Network),
    ("timeout", Failure::Network),
    ("network", Failure::Network),
    ("error sending request", Failure::Network),
    ("invalid_request", Failure::BadRequest),
    ("bad request", Failure::BadRequest),
];

/// How far into an error we read.
const READ_BYTES_MAX: usize = 10_000;

/// What an HTTP status of a model's provider hints at; `text` tells an exhausted account from a busy one. `None` for
/// a status that is no failure.
pub(super) fn of_status(status: u16, text: &str) -> Option<Failure> {
    let quota = of_text(text) == Some(Failure::Quota);
    match status {
        // Our gateway says so with 403, because nobody tries that again.
        403 | 429 if quota => Some(Failure::Quota),
        401 | 403 => Some(Failure::Auth),
        402 => Some(Failure::Quota),
        404 => Some(Failure::ModelMissing),
        408 => Some(Failure::Network),
        429 => Some(Failure::RateLimited),
        400..=499 if quota => Some(Failure::Quota),
        400..=499 => Some(Failure::BadRequest),
        500..=599 => Some(Failure::Overloaded),
        _ => None,
    }
}

/// What the words of an error hint at, or `None`.
pub(super) fn of_text(text: &str) -> Option<Failure> {
    let text = head(text).to_lowercase();
    WORDS.iter().find(|(word, _)| text.contains(word)).map(|(_, failure)| *failure)
}

/// An HTTP status that an error names: `API Error: 401 …`, `unexpected status 500`, `(status 429)`.
pub(super) fn status_in(text: &str) -> Option<u16> {
    let text = head(text);
    let mut before = "";
    for word in text.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()) {
        let announced = ["error", "status", "code", "http"].iter().any(|it| before.eq_ignore_ascii_case(it));
        if announced
            && word.len() == 3
            && let Ok(status @ 400..=599) = word.parse()
        {
            return Some(status);
        }
        before = word;
    }
    None
}

/// The last line that has something in it.
pub(super) fn last_line(text: &str) -> String {
    text.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("it could not be started").trim().to_owned()
}

fn head(text: &str) -> &str {
    &text[..text.floor_char_boundary(READ_BYTES_MAX)]
}
