//! The wire formats: which paths are calls, where the key is, what a request asks for, and how errors look.

use axum::http::{HeaderMap, Method, StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, json};

/// How many tokens are set aside for an answer when the request does not say how long it may be.
const OUTPUT_USUAL: u64 = 32_000;
/// What providers add to a request by themselves, in tokens.
const ADDED: u64 = 1_024;

/// Whose format a path is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provider {
    Anthropic,
    Openai,
    Gemini,
}

impl Provider {
    pub const ALL: [Self; 3] = [Self::Anthropic, Self::Openai, Self::Gemini];

    /// The provider as one word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Anthropic => "anthropic",
            Self::Openai => "openai",
            Self::Gemini => "gemini",
        }
    }
}

/// What a call is, by its path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    Messages,
    Responses,
    Chat,
    Gemini,
    /// Something beside calls that uses no tokens: lists of models, counting.
    Beside(Provider),
}

impl Format {
    /// The format as one word, for records.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Messages => "anthropic",
            Self::Responses => "responses",
            Self::Chat => "chat",
            Self::Gemini => "gemini",
            Self::Beside(_) => "beside",
        }
    }

    /// Whose it is.
    pub const fn provider(self) -> Provider {
        match self {
            Self::Messages => Provider::Anthropic,
            Self::Responses | Self::Chat => Provider::Openai,
            Self::Gemini => Provider::Gemini,
            Self::Beside(provider) => provider,
        }
    }

    /// The status that ends an agent at once when its budget is spent: it must be one that no agent tries again.
    pub const fn over_budget(self) -> StatusCode {
        match self {
            Self::Responses => StatusCode::BAD_REQUEST,
            _ => StatusCode::FORBIDDEN,
        }
    }
}

/// The call at `path` behind `/model`, and the path that the provider knows it by. `None`: it is no call of a model, and
/// nothing is passed on.
pub fn route(method: &Method, path: &str) -> Option<(Format, String)> {
    let (provider, rest) = path.strip_prefix('/')?.split_once('/')?;
    let provider = Provider::ALL.into_iter().find(|it| it.word() == provider)?;
    let rest = format!("/{rest}");
    if rest.contains("//") || rest.contains("..") || rest.contains('%') {
        return None;
    }
    let parts: Vec<&str> = rest[1..].split('/').collect();
    let (get, post) = (*method == Method::GET, *method == Method::POST);
    let beside = Format::Beside(provider);
    let format = match (provider, parts.as_slice()) {
        (Provider::Anthropic, ["v1", "messages"]) if post => Format::Messages,
        (Provider::Anthropic, ["v1", "messages", "count_tokens"]) if post => beside,
        (Provider::Openai, ["v1", "responses"]) if post => Format::Responses,
        (Provider::Openai, ["v1", "chat", "completions"]) if post => Format::Chat,
        (Provider::Anthropic | Provider::Openai, ["v1", "models"] | ["v1", "models", _])
        | (Provider::Gemini, ["v1" | "v1beta", "models"])
            if get =>
        {
            beside
        }
        (Provider::Gemini, ["v1" | "v1beta", "models", model]) => match model.split_once(':') {
            Some((_, "generateContent" | "streamGenerateContent")) if post => Format::Gemini,
            Some((_, "countTokens")) if post => beside,
            None if get => beside,
            _ => return None,
        },
        _ => return None,
    };
    Some((format, rest))
}

/// The token that a caller shows, wherever its format has it.
pub fn token(headers: &HeaderMap, query: Option<&str>) -> Option<String> {
    let said = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let bearer = said("authorization").and_then(|it| it.strip_prefix("Bearer ").or_else(|| it.strip_prefix("bearer ")));
    let key = || query?.split('&').find_map(|pair| pair.strip_prefix("key="));
    said("x-api-key").or(said("x-goog-api-key")).or(bearer).or_else(key).map(|it| it.trim().to_owned())
}

/// The query without the caller's token.
pub fn without_key(query: &str) -> Option<String> {
    let rest: Vec<&str> = query.split('&').filter(|pair| !pair.starts_with("key=") && !pair.is_empty()).collect();
    (!rest.is_empty()).then(|| rest.join("&"))
}

/// Puts the real key where the provider looks for it.
pub fn sign(headers: &mut HeaderMap, provider: Provider, key: &str) -> Result<(), String> {
    let (name, value) = match provider {
        Provider::Anthropic => ("x-api-key", key.to_owned()),
        Provider::Openai => ("authorization", format!("Bearer {key}")),
        Provider::Gemini => ("x-goog-api-key", key.to_owned()),
    };
    let mut value: header::HeaderValue = value.parse().map_err(|_| "the key cannot stand in a header".to_owned())?;
    value.set_sensitive(true);
    headers.insert(name, value);
    Ok(())
}

/// What a request asks for, as far as it counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The model.
    pub model: String,
    /// The most tokens that the call can use.
    pub tokens_most: u64,
    /// Of these, the most that it can write.
    pub output_most: u64,
}

#[derive(Deserialize)]
struct Body<'a> {
    #[serde(default, borrow)]
    model: Option<std::borrow::Cow<'a, str>>,
    max_tokens: Option<u64>,
    max_output_tokens: Option<u64>,
    max_completion_tokens: Option<u64>,
    #[serde(rename = "generationConfig", alias = "generation_config")]
    generation: Option<Generation>,
}

#[derive(Deserialize)]
struct Generation {
    #[serde(rename = "maxOutputTokens", alias = "max_output_tokens")]
    most: Option<u64>,
}

/// What `body` asks for, or why it is no request. A token stands for at least one byte, so a request has at most as many
/// tokens as bytes.
pub fn asked(format: Format, path: &str, body: &[u8]) -> Result<Asked, String> {
    let read: Body<'_> = serde_json::from_slice(body).map_err(|e| format!("the request is no JSON object: {e}"))?;
    let in_path = || path.rsplit('/').next().and_then(|it| it.split(':').next()).map(str::to_owned);
    let model = match format {
        Format::Gemini => in_path(),
        _ => read.model.map(std::borrow::Cow::into_owned),
    };
    let most = read.max_output_tokens.or(read.max_completion_tokens).or(read.max_tokens);
    let most = most.or(read.generation.and_then(|it| it.most));
    let output_most = most.unwrap_or(OUTPUT_USUAL);
    let tokens_most = (body.len() as u64).saturating_add(ADDED).saturating_add(output_most);
    Ok(Asked { model: model.unwrap_or_default().chars().take(200).collect(), tokens_most, output_most })
}

/// `body` with the wish to be told the usage at the end of a stream, where that has to be wished for; `None` when it is
/// right as it is.
pub fn wishing_for_usage(format: Format, body: &[u8]) -> Option<Vec<u8>> {
    if format != Format::Chat {
        return None;
    }
    let mut whole: serde_json::Map<String, Value> = serde_json::from_slice(body).ok()?;
    if whole.get("stream").and_then(Value::as_bool) != Some(true) {
        return None;
    }
    let options = whole.entry("stream_options").or_insert_with(|| json!({}));
    if options.is_null() {
        *options = json!({});
    }
    let options = options.as_object_mut()?;
    if options.get("include_usage").and_then(Value::as_bool) == Some(true) {
        return None;
    }
    options.insert("include_usage".to_owned(), true.into());
    serde_json::to_vec(&whole).ok()
}

/// An error as `format` writes errors.
pub fn error(format: Format, status: StatusCode, message: &str) -> Value {
    match format.provider() {
        Provider::Anthropic => {
            let kind = match status.as_u16() {
                400 => "invalid_request_error",
                401 => "authentication_error",
                403 => "permission_error",
                404 => "not_found_error",
                413 => "request_too_large",
                429 => "rate_limit_error",
                _ => "api_error",
            };
            json!({ "type": "error", "error": { "type": kind, "message": message } })
        }
        Provider::Openai => {
            let kind = match status.as_u16() {
                400 | 404 | 413 => "invalid_request_error",
                401 => "authentication_error",
                403 => "permission_error",
                429 => "rate_limit_error",
                _ => "server_error",
            };
            json!({ "error": { "message": message, "type": kind, "param": null, "code": null } })
        }
        Provider::Gemini => {
            let word = match status.as_u16() {
                400 | 413 => "INVALID_ARGUMENT",
                401 => "UNAUTHENTICATED",
                403 => "PERMISSION_DENIED",
                404 => "NOT_FOUND",
                429 => "RESOURCE_EXHAUSTED",
                _ => "UNAVAILABLE",
            };
            json!({ "error": { "code": status.as_u16(), "message": message, "status": word } })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_models_are_passed_on() {
        let post = |path: &str| route(&Method::POST, path).map(|(format, _)| format);
        assert_eq!(post("/anthropic/v1/messages"), Some(Format::Messages));
        assert_eq!(post("/openai/v1/responses"), Some(Format::Responses));
        assert_eq!(post("/openai/v1/chat/completions"), Some(Format::Chat));
        assert_eq!(post("/gemini/v1beta/models/gemini-2.5-pro:streamGenerateContent"), Some(Format::Gemini));
        for bad in [
            "/anthropic/v1/files",
            "/anthropic/v1/organizations/api_keys",
            "/anthropic/v1/messages/../files",
            "/anthropic/v1/messages/batches",
            "/anthropic//v1/messages",
            "/openai/v1/%2e%2e/x",
            "/openai/v1/fine_tuning/jobs",
            "/gemini/v1beta/models/x:delete",
            "/other/v1/messages",
            "/anthropic",
            "",
        ] {
            assert_eq!(post(bad), None, "{bad}");
        }
        assert_eq!(route(&Method::DELETE, "/openai/v1/models/x"), None);
        assert!(route(&Method::GET, "/openai/v1/models").is_some());
    }

    #[test]
    fn what_a_request_may_use_is_at_most_its_bytes_and_what_it_may_write() {
        let of = |format, body: &str| asked(format, "/v1beta/models/g-1:generateContent", body.as_bytes());
        let body = r#"{"model":"c-1","max_tokens":100}"#;
        let asked = of(Format::Messages, body).expect("a request");
        assert_eq!((asked.model.as_str(), asked.output_most), ("c-1", 100));
        assert_eq!(asked.tokens_most, body.len() as u64 + 1_124);
        assert_eq!(of(Format::Responses, r#"{"max_output_tokens":7}"#).expect("a request").output_most, 7);
        assert_eq!(of(Format::Chat, r#"{"max_completion_tokens":8}"#).expect("a request").output_most, 8);
        let gemini = of(Format::Gemini, r#"{"generationConfig":{"maxOutputTokens":9}}"#).expect("a request");
        assert_eq!((gemini.model.as_str(), gemini.output_most), ("g-1", 9));
        assert_eq!(of(Format::Chat, "{}").expect("a request").output_most, OUTPUT_USUAL);
        assert!(of(Format::Chat, "[]").is_err());
        assert!(of(Format::Chat, "").is_err());
    }

    #[test]
    fn a_stream_of_chat_is_asked_to_say_its_usage() {
        let wish = |body: &str| {
            wishing_for_usage(Format::Chat, body.as_bytes()).map(|it| String::from_utf8(it).expect("text"))
        };
        let wished = wish(r#"{"model":"m","stream":true}"#).expect("it is added");
        assert!(wished.contains(r#""stream_options":{"include_usage":true}"#), "{wished}");
        assert_eq!(wish(r#"{"stream":true,"stream_options":{"include_usage":true}}"#), None);
        assert!(wish(r#"{"stream":true,"stream_options":null}"#).is_some());
        assert_eq!(wish(r#"{"stream":false}"#), None);
        assert_eq!(wishing_for_usage(Format::Messages, br#"{"stream":true}"#), None);
    }

    #[test]
    fn the_token_is_found_wherever_a_format_has_it_and_goes_no_further() {
        let with = |name: &'static str, value: &str| {
            HeaderMap::from_iter([(name.parse().expect("a name"), value.parse().expect("a value"))])
        };
        for headers in [with("x-api-key", "t"), with("authorization", "Bearer t"), with("x-goog-api-key", "t")] {
            assert_eq!(token(&headers, None).as_deref(), Some("t"));
        }
        assert_eq!(token(&HeaderMap::new(), Some("alt=sse&key=t")).as_deref(), Some("t"));
        assert_eq!(token(&HeaderMap::new(), None), None);
        assert_eq!(without_key("alt=sse&key=t").as_deref(), Some("alt=sse"));
        assert_eq!(without_key("key=t"), None);
    }
}
