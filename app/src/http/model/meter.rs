//! Reads the usage out of an answer beside its way: bytes go by, nothing is kept but what is not yet a whole line.

mod shapes;

use super::wire::Format;
use domain::budget::Usage;
use shapes::{Chat, Delta, Gemini, Message, Response};

/// The longest line of a stream that is looked into, and the longest whole answer.
const LINE_MAX: usize = 4 << 20;
const WHOLE_MAX: usize = 32 << 20;
/// How many bytes of text a token stands for, where it has to be guessed.
const BYTES_PER_TOKEN: u64 = 4;

/// What an answer said of itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools)] // Four things that are each said or not.
pub struct Seen {
    /// The usage, as far as it was said; without the price.
    pub usage: Usage,
    /// Whether anything was said of what was read, and of what was written in the end.
    pub input_said: bool,
    pub output_said: bool,
    /// Whether it came to its end.
    pub complete: bool,
    /// Whether it said in the middle that it failed.
    pub failed: bool,
    /// Bytes of text, thoughts and arguments that were written.
    pub text_bytes: u64,
}

impl Seen {
    /// The usage, with what was not said guessed from bytes; and whether anything was.
    pub fn usage(&self, request_bytes: u64) -> (Usage, bool) {
        let guess = |bytes: u64| bytes.div_ceil(BYTES_PER_TOKEN);
        let mut usage = self.usage;
        if !self.input_said {
            usage.input_tokens = guess(request_bytes);
        }
        if !self.output_said {
            usage.output_tokens = usage.output_tokens.max(guess(self.text_bytes));
        }
        (usage, !self.input_said || !self.output_said)
    }
}

/// Reads one answer.
pub struct Meter {
    format: Format,
    streams: bool,
    /// What is not yet a whole line, or not yet the whole answer.
    rest: Vec<u8>,
    /// The line is too long to be looked into.
    skips: bool,
    seen: Seen,
}

impl Meter {
    /// For an answer in `format`; `streams`: as server-sent events.
    pub const fn new(format: Format, streams: bool) -> Self {
        let seen = Seen {
            usage: Usage {
                input_tokens: 0,
                output_tokens: 0,
                cache_read_tokens: 0,
                cache_write_tokens: 0,
                usd_micros: None,
            },
            input_said: false,
            output_said: false,
            complete: false,
            failed: false,
            text_bytes: 0,
        };
        Self { format, streams, rest: Vec::new(), skips: false, seen }
    }

    /// Takes in what comes by.
    pub fn feed(&mut self, mut bytes: &[u8]) {
        if !self.streams {
            if self.rest.len() + bytes.len() <= WHOLE_MAX {
                self.rest.extend_from_slice(bytes);
            } else {
                self.skips = true;
            }
            return;
        }
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            let (line, after) = bytes.split_at(end);
            bytes = &after[1..];
            if self.rest.is_empty() && !self.skips {
                self.line(line);
            } else {
                self.keep(line);
                let whole = std::mem::take(&mut self.rest);
                if !std::mem::take(&mut self.skips) {
                    self.line(&whole);
                }
            }
        }
        self.keep(bytes);
    }

    /// What was seen; `whole`: nothing more can come.
    pub fn end(mut self, whole: bool) -> Seen {
        let rest = std::mem::take(&mut self.rest);
        if self.streams {
            self.line(&rest);
            // Gemini says nothing at the end but what it always says.
            self.seen.complete |= whole && self.format == Format::Gemini && self.seen.output_said;
        } else if whole {
            self.seen.complete = true;
            if !self.skips {
                self.event(&rest);
            }
        } else {
            self.seen.text_bytes = rest.len() as u64;
        }
        self.seen
    }

    fn keep(&mut self, bytes: &[u8]) {
        if self.skips || self.rest.len() + bytes.len() > LINE_MAX {
            self.skips = true;
            self.rest.clear();
        } else {
            self.rest.extend_from_slice(bytes);
        }
    }

    fn line(&mut self, line: &[u8]) {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let Some(data) = line.strip_prefix(b"data:") else { return };
        let data = data.trim_ascii();
        if data == b"[DONE]" {
            self.seen.complete = true;
        } else if !data.is_empty() {
            self.event(data);
        }
    }

    fn event(&mut self, data: &[u8]) {
        match self.format {
            Format::Messages => self.message(data),
            Format::Responses => self.response(data),
            Format::Chat => self.chat(data),
            Format::Gemini => self.gemini(data),
            Format::Beside(_) => {}
        }
    }

    fn message(&mut self, data: &[u8]) {
        let Ok(event) = serde_json::from_slice::<Message>(data) else { return };
        // A whole answer is the message itself; a stream has it in its first event.
        for usage in [event.usage, event.message.and_then(|it| it.usage)].into_iter().flatten() {
            let now = &mut self.seen.usage;
            self.seen.input_said |= usage.input_tokens.is_some();
            set(&mut now.input_tokens, usage.input_tokens);
            set(&mut now.output_tokens, usage.output_tokens);
            set(&mut now.cache_read_tokens, usage.cache_read_input_tokens);
            set(&mut now.cache_write_tokens, usage.cache_creation_input_tokens);
            // The first event has a beginning; what was written is said at the end.
            self.seen.output_said |= usage.output_tokens.is_some() && (!self.streams || event.kind.is("message_delta"));
        }
        if let Some(delta) = event.delta {
            self.seen.text_bytes += delta.bytes();
        }
        self.seen.complete |= event.kind.is("message_stop");
        self.seen.failed |= event.kind.is("error");
    }

    fn response(&mut self, data: &[u8]) {
        let Ok(event) = serde_json::from_slice::<Response>(data) else { return };
        for usage in [event.usage, event.response.and_then(|it| it.usage)].into_iter().flatten() {
            let cached = usage.input_tokens_details.and_then(|it| it.cached_tokens).unwrap_or(0);
            self.said(usage.input_tokens, cached, usage.output_tokens);
        }
        if let Some(Delta::Text(text)) = event.delta {
            self.seen.text_bytes += text.0;
        }
        self.seen.complete |= event.kind.is("response.completed") || event.kind.is("response.incomplete");
        self.seen.failed |= event.kind.is("response.failed") || event.kind.is("error");
    }

    fn chat(&mut self, data: &[u8]) {
        let Ok(event) = serde_json::from_slice::<Chat>(data) else { return };
        if let Some(usage) = event.usage {
            let cached = usage.prompt_tokens_details.and_then(|it| it.cached_tokens).unwrap_or(0);
            self.said(usage.prompt_tokens, cached, usage.completion_tokens);
        }
        for delta in event.choices.into_iter().filter_map(|it| it.delta) {
            self.seen.text_bytes += delta.bytes();
        }
        self.seen.failed |= event.error.is_some();
    }

    fn gemini(&mut self, data: &[u8]) {
        // A stream without `alt=sse` is one array of what would be events.
        let events = if data.starts_with(b"[") {
            serde_json::from_slice::<Vec<Gemini>>(data).unwrap_or_default()
        } else {
            serde_json::from_slice::<Gemini>(data).into_iter().collect()
        };
        for event in events {
            if let Some(usage) = event.usage {
                let input = usage.prompt.unwrap_or(0) + usage.tools.unwrap_or(0);
                let output = usage.candidates.unwrap_or(0) + usage.thoughts.unwrap_or(0);
                self.said(Some(input), usage.cached.unwrap_or(0), Some(output));
                // Said with each part, so what is known when it is cut is what was said last.
            }
            self.seen.failed |= event.error.is_some();
        }
    }

    /// Usage whose input counts what was cached as well.
    fn said(&mut self, input: Option<u64>, cached: u64, output: Option<u64>) {
        let now = &mut self.seen.usage;
        set(&mut now.input_tokens, input.map(|all| all.saturating_sub(cached)));
        set(&mut now.output_tokens, output);
        now.cache_read_tokens = cached;
        self.seen.input_said |= input.is_some();
        self.seen.output_said |= output.is_some();
    }
}

fn set(to: &mut u64, said: Option<u64>) {
    if let Some(said) = said {
        *to = said;
    }
}

#[cfg(test)]
mod tests;
