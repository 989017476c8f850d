//! What of an answer is looked at, as each format has it; all else is passed over.
#![allow(clippy::struct_field_names)] // The names are the providers'.

use serde::Deserialize;

/// How long a text is; the text itself is of no interest.
#[derive(Clone, Copy, Debug, Default)]
pub struct Length(pub u64);

impl<'de> Deserialize<'de> for Length {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Length;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("text")
            }
            fn visit_str<E>(self, text: &str) -> Result<Length, E> {
                Ok(Length(text.len() as u64))
            }
            fn visit_unit<E>(self) -> Result<Length, E> {
                Ok(Length(0))
            }
        }
        from.deserialize_any(Visitor)
    }
}

/// What kind of event it is.
#[derive(Debug, Default, Deserialize)]
pub struct Word(String);

impl Word {
    pub fn is(&self, word: &str) -> bool {
        self.0 == word
    }
}

#[derive(Deserialize)]
pub struct Message {
    #[serde(rename = "type", default)]
    pub kind: Word,
    pub message: Option<Inner>,
    pub usage: Option<MessageUsage>,
    pub delta: Option<Parts>,
}

#[derive(Deserialize)]
pub struct Inner {
    pub usage: Option<MessageUsage>,
}

#[derive(Deserialize)]
pub struct MessageUsage {
    pub input_tokens: Option<u64>,
    pub output_tokens: Option<u64>,
    pub cache_read_input_tokens: Option<u64>,
    pub cache_creation_input_tokens: Option<u64>,
}

/// What a stream adds, under the names that the formats have for it.
#[derive(Deserialize)]
pub struct Parts {
    pub text: Option<Length>,
    pub thinking: Option<Length>,
    pub partial_json: Option<Length>,
    pub content: Option<Length>,
    pub reasoning_content: Option<Length>,
    pub tool_calls: Option<Vec<ToolCall>>,
}

impl Parts {
    pub fn bytes(&self) -> u64 {
        let texts = [self.text, self.thinking, self.partial_json, self.content, self.reasoning_content];
        let calls = self.tool_calls.iter().flatten().filter_map(|it| it.function.as_ref()?.arguments);
        texts.into_iter().flatten().chain(calls).map(|it| it.0).sum()
    }
}

#[derive(Deserialize)]
pub struct ToolCall {
    pub function: Option<Function>,
}

#[derive(Deserialize)]
pub struct Function {
    pub arguments: Option<Length>,
}

#[derive(Deserialize)]
pub struct Response {
    #[serde(rename = "type", default)]
    pub kind: Word,
    pub response: Option<ResponseInner>,
    pub usage: Option<ResponseUsage>,
    pub delta: Option<Delta>,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub enum Delta {
    Text(Length),
    Other(serde::de::IgnoredAny),
}

#[derive(Deserialize)]
pub struct ResponseInner {
    pub usage: Option<ResponseUsage>,
}

#[derive(Deserialize)]
pub struct ResponseUsage {
    pub input_tokens: Option<u64>,
    pub output_tokens: Option<u64>,
    pub input_tokens_details: Option<Cached>,
}

#[derive(Deserialize)]
pub struct Cached {
    pub cached_tokens: Option<u64>,
}

#[derive(Deserialize)]
pub struct Chat {
    #[serde(default)]
    pub choices: Vec<Choice>,
    pub usage: Option<ChatUsage>,
    pub error: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
pub struct Choice {
    pub delta: Option<Parts>,
}

#[derive(Deserialize)]
pub struct ChatUsage {
    pub prompt_tokens: Option<u64>,
    pub completion_tokens: Option<u64>,
    pub prompt_tokens_details: Option<Cached>,
}

#[derive(Deserialize)]
pub struct Gemini {
    #[serde(rename = "usageMetadata")]
    pub usage: Option<GeminiUsage>,
    pub error: Option<serde::de::IgnoredAny>,
}

#[derive(Deserialize)]
pub struct GeminiUsage {
    #[serde(rename = "promptTokenCount")]
    pub prompt: Option<u64>,
    #[serde(rename = "toolUsePromptTokenCount")]
    pub tools: Option<u64>,
    #[serde(rename = "candidatesTokenCount")]
    pub candidates: Option<u64>,
    #[serde(rename = "thoughtsTokenCount")]
    pub thoughts: Option<u64>,
    #[serde(rename = "cachedContentTokenCount")]
    pub cached: Option<u64>,
}
