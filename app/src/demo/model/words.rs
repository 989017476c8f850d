//! An answer in the words of each format: whole, or as the events of a stream.
//!
//! Written from the providers' documentation, with nothing of the gateway's, so that a mistake there cannot hide here.

use serde_json::{Value, json};

use super::script::{Turn, Usage};

/// The format that a request is in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    Messages,
    Responses,
    Chat,
    Gemini,
}

/// Whom an answer is from.
pub struct Reply<'a> {
    pub turn: &'a Turn,
    pub model: &'a str,
    pub n: u64,
    /// Whether a stream of chat says its usage at the end.
    pub says_usage: bool,
}

/// The dialect of a path, and whether its answer is a stream for the path's sake.
pub fn dialect(path: &str) -> Option<Dialect> {
    match path {
        "/v1/messages" => Some(Dialect::Messages),
        "/v1/responses" | "/responses" => Some(Dialect::Responses),
        "/v1/chat/completions" | "/chat/completions" => Some(Dialect::Chat),
        other if other.contains("enerateContent") => Some(Dialect::Gemini),
        _ => None,
    }
}

/// How many answers came before: the turn is the same however often a request is repeated.
pub fn depth(dialect: Dialect, body: &Value) -> usize {
    let list = |name: &str| body[name].as_array().map(Vec::as_slice).unwrap_or_default();
    let role = |list: &[Value], role: &str| list.iter().filter(|it| it["role"] == role).count();
    match dialect {
        Dialect::Messages | Dialect::Chat => role(list("messages"), "assistant"),
        Dialect::Gemini => role(list("contents"), "model"),
        // What one answer said comes back as several things in a row.
        Dialect::Responses => {
            let ours = |it: &Value| {
                it["role"] == "assistant" || matches!(it["type"].as_str(), Some("function_call" | "reasoning"))
            };
            let all = list("input");
            (0..all.len()).filter(|n| ours(&all[*n]) && (*n == 0 || !ours(&all[*n - 1]))).count()
        }
    }
}

/// An error of the provider.
pub fn error(dialect: Dialect, status: u16, kind: Option<&str>) -> Value {
    let kind = kind.unwrap_or(match status {
        401 => "authentication_error",
        403 => "permission_error",
        429 => "rate_limit_error",
        529 => "overloaded_error",
        400..500 => "invalid_request_error",
        _ => "api_error",
    });
    match dialect {
        Dialect::Messages => json!({ "type": "error", "error": { "type": kind, "message": format!("fake: {kind}") } }),
        Dialect::Gemini => json!({ "error": { "code": status, "message": format!("fake: {kind}"), "status": kind } }),
        _ => json!({ "error": { "message": format!("fake: {kind}"), "type": kind, "code": kind } }),
    }
}

/// The error as an event in the middle of a stream.
pub fn error_event(dialect: Dialect, kind: &str) -> String {
    let body = error(dialect, 500, Some(kind));
    match dialect {
        Dialect::Messages => event(&body),
        Dialect::Responses => {
            event(&json!({ "type": "response.failed", "response": { "status": "failed", "error": body["error"] } }))
        }
        Dialect::Chat | Dialect::Gemini => data(&body),
    }
}

/// The whole answer.
pub fn whole(dialect: Dialect, reply: &Reply<'_>) -> Value {
    let Reply { turn, model, n, .. } = reply;
    let text = turn.pieces().concat();
    match dialect {
        Dialect::Messages => {
            let mut content = Vec::new();
            content.extend(
                turn.thinking.as_ref().map(|it| json!({ "type": "thinking", "thinking": it, "signature": "fake" })),
            );
            content.extend(Some(text).filter(|it| !it.is_empty()).map(|it| json!({ "type": "text", "text": it })));
            content.extend(turn.tools.iter().enumerate().map(|(at, tool)| {
                json!({ "type": "tool_use", "id": format!("toolu_{n}_{at}"), "name": tool.name, "input": tool.input })
            }));
            json!({
                "id": format!("msg_{n}"), "type": "message", "role": "assistant", "model": model, "content": content,
                "stop_reason": stop(dialect, turn), "stop_sequence": null, "usage": messages_usage(&turn.usage),
            })
        }
        Dialect::Responses => json!({
            "id": format!("resp_{n}"), "object": "response", "status": "completed", "model": model,
            "output": items(reply), "usage": responses_usage(&turn.usage),
        }),
        Dialect::Chat => json!({
            "id": format!("chat_{n}"), "object": "chat.completion", "created": 0, "model": model,
            "choices": [{
                "index": 0, "finish_reason": stop(dialect, turn),
                "message": { "role": "assistant", "content": text, "tool_calls": chat_calls(reply) },
            }],
            "usage": chat_usage(&turn.usage),
        }),
        Dialect::Gemini => json!({
            "candidates": [{ "content": { "role": "model", "parts": parts(turn, &text) }, "finishReason": stop(dialect, turn), "index": 0 }],
            "usageMetadata": gemini_usage(&turn.usage, turn.usage.output), "modelVersion": model,
        }),
    }
}

/// The events of a stream, each with what ends it.
pub fn stream(dialect: Dialect, reply: &Reply<'_>) -> Vec<String> {
    match dialect {
        Dialect::Messages => messages(reply),
        Dialect::Responses => responses(reply),
        Dialect::Chat => chat(reply),
        Dialect::Gemini => gemini(reply),
    }
}

fn messages(Reply { turn, model, n, .. }: &Reply<'_>) -> Vec<String> {
    let mut usage = messages_usage(&turn.usage);
    usage["output_tokens"] = 1.into();
    let mut all = vec![event(&json!({ "type": "message_start", "message": {
        "id": format!("msg_{n}"), "type": "message", "role": "assistant", "model": model, "content": [],
        "stop_reason": null, "stop_sequence": null, "usage": usage,
    } }))];
    let mut index = 0;
    let mut block = |start: Value, deltas: Vec<Value>| {
        all.push(event(&json!({ "type": "content_block_start", "index": index, "content_block": start })));
        all.extend(
            deltas.into_iter().map(|it| event(&json!({ "type": "content_block_delta", "index": index, "delta": it }))),
        );
        all.push(event(&json!({ "type": "content_block_stop", "index": index })));
        index += 1;
    };
    if let Some(thinking) = &turn.thinking {
        let deltas = vec![
            json!({ "type": "thinking_delta", "thinking": thinking }),
            json!({ "type": "signature_delta", "signature": "fake" }),
        ];
        block(json!({ "type": "thinking", "thinking": "", "signature": "" }), deltas);
    }
    let pieces = turn.pieces();
    if !pieces.is_empty() {
        let deltas = pieces.iter().map(|it| json!({ "type": "text_delta", "text": it })).collect();
        block(json!({ "type": "text", "text": "" }), deltas);
    }
    for (at, tool) in turn.tools.iter().enumerate() {
        let start = json!({ "type": "tool_use", "id": format!("toolu_{n}_{at}"), "name": tool.name, "input": {} });
        block(start, vec![json!({ "type": "input_json_delta", "partial_json": tool.input.to_string() })]);
    }
    let stop = json!({ "stop_reason": stop(Dialect::Messages, turn), "stop_sequence": null });
    all.push(event(
        &json!({ "type": "message_delta", "delta": stop, "usage": { "output_tokens": turn.usage.output } }),
    ));
    all.push(event(&json!({ "type": "message_stop" })));
    all
}

fn items(Reply { turn, n, .. }: &Reply<'_>) -> Vec<Value> {
    let mut all = Vec::new();
    if let Some(thinking) = &turn.thinking {
        let summary = json!([{ "type": "summary_text", "text": thinking }]);
        all.push(json!({ "type": "reasoning", "id": format!("rs_{n}"), "summary": summary }));
    }
    let text = turn.pieces().concat();
    if !text.is_empty() {
        let content = json!([{ "type": "output_text", "text": text, "annotations": [] }]);
        all.push(json!({ "type": "message", "id": format!("msg_{n}"), "role": "assistant", "status": "completed", "content": content }));
    }
    for (at, tool) in turn.tools.iter().enumerate() {
        let mut call = json!({
            "type": "function_call", "id": format!("fc_{n}_{at}"), "call_id": format!("call_{n}_{at}"), "name": tool.name,
            "arguments": tool.input.to_string(), "status": "completed",
        });
        if let Some(namespace) = &tool.namespace {
            call["namespace"] = namespace.as_str().into();
        }
        all.push(call);
    }
    all
}

fn responses(reply: &Reply<'_>) -> Vec<String> {
    let Reply { turn, model, n, .. } = reply;
    let head = json!({ "id": format!("resp_{n}"), "object": "response", "status": "in_progress", "model": model, "output": [] });
    let mut all = vec![event(&json!({ "type": "response.created", "response": head }))];
    for (at, item) in items(reply).into_iter().enumerate() {
        let mut begun = item.clone();
        begun["status"] = "in_progress".into();
        all.push(event(&json!({ "type": "response.output_item.added", "output_index": at, "item": begun })));
        if item["type"] == "message" {
            all.extend(turn.pieces().iter().map(|piece| {
                event(&json!({ "type": "response.output_text.delta", "item_id": item["id"], "output_index": at, "content_index": 0, "delta": piece }))
            }));
        }
        all.push(event(&json!({ "type": "response.output_item.done", "output_index": at, "item": item })));
    }
    let mut done = whole(Dialect::Responses, reply);
    done["usage"] = responses_usage(&turn.usage);
    all.push(event(&json!({ "type": "response.completed", "response": done })));
    all
}

fn chat_calls(Reply { turn, n, .. }: &Reply<'_>) -> Value {
    if turn.tools.is_empty() {
        return Value::Null;
    }
    let call = |(at, tool): (usize, &super::script::Tool)| {
        let function = json!({ "name": tool.name, "arguments": tool.input.to_string() });
        json!({ "index": at, "id": format!("call_{n}_{at}"), "type": "function", "function": function })
    };
    turn.tools.iter().enumerate().map(call).collect()
}

fn chat(reply: &Reply<'_>) -> Vec<String> {
    let Reply { turn, model, n, says_usage } = reply;
    let chunk = |delta: Value, stop: Option<String>| {
        data(&json!({
            "id": format!("chat_{n}"), "object": "chat.completion.chunk", "created": 0, "model": model,
            "choices": [{ "index": 0, "delta": delta, "finish_reason": stop }], "usage": null,
        }))
    };
    let mut all = vec![chunk(json!({ "role": "assistant", "content": "" }), None)];
    all.extend(turn.pieces().iter().map(|piece| chunk(json!({ "content": piece }), None)));
    let calls = chat_calls(reply);
    if !calls.is_null() {
        all.push(chunk(json!({ "tool_calls": calls }), None));
    }
    all.push(chunk(json!({}), Some(stop(Dialect::Chat, turn))));
    if *says_usage {
        all.push(data(&json!({
            "id": format!("chat_{n}"), "object": "chat.completion.chunk", "created": 0, "model": model, "choices": [],
            "usage": chat_usage(&turn.usage),
        })));
    }
    all.push("data: [DONE]\n\n".to_owned());
    all
}

fn parts(turn: &Turn, text: &str) -> Vec<Value> {
    let mut parts = Vec::new();
    parts.extend(turn.thinking.as_ref().map(|it| json!({ "text": it, "thought": true })));
    parts.extend(Some(text).filter(|it| !it.is_empty()).map(|it| json!({ "text": it })));
    parts.extend(turn.tools.iter().map(|it| json!({ "functionCall": { "name": it.name, "args": it.input } })));
    parts
}

fn gemini(Reply { turn, model, .. }: &Reply<'_>) -> Vec<String> {
    let chunk = |parts: Vec<Value>, stop: Option<String>, output: u64| {
        let mut candidate = json!({ "content": { "role": "model", "parts": parts }, "index": 0 });
        if let Some(stop) = stop {
            candidate["finishReason"] = stop.into();
        }
        let usage = gemini_usage(&turn.usage, output);
        data(&json!({ "candidates": [candidate], "usageMetadata": usage, "modelVersion": model }))
    };
    let pieces = turn.pieces();
    let mut all: Vec<String> = pieces.iter().map(|it| chunk(vec![json!({ "text": it })], None, 1)).collect();
    let rest = parts(turn, "");
    all.push(chunk(rest, Some(stop(Dialect::Gemini, turn)), turn.usage.output));
    all
}

fn stop(dialect: Dialect, turn: &Turn) -> String {
    let calls = !turn.tools.is_empty();
    let usual = match dialect {
        Dialect::Messages if calls => "tool_use",
        Dialect::Messages => "end_turn",
        Dialect::Chat if calls => "tool_calls",
        Dialect::Chat | Dialect::Responses => "stop",
        Dialect::Gemini => "STOP",
    };
    turn.stop.clone().unwrap_or_else(|| usual.to_owned())
}

fn messages_usage(it: &Usage) -> Value {
    json!({
        "input_tokens": it.input, "output_tokens": it.output, "cache_read_input_tokens": it.cache_read,
        "cache_creation_input_tokens": it.cache_write,
    })
}

fn responses_usage(it: &Usage) -> Value {
    let input = it.input + it.cache_read;
    json!({
        "input_tokens": input, "input_tokens_details": { "cached_tokens": it.cache_read }, "output_tokens": it.output,
        "output_tokens_details": { "reasoning_tokens": 0 }, "total_tokens": input + it.output,
    })
}

fn chat_usage(it: &Usage) -> Value {
    let input = it.input + it.cache_read;
    json!({
        "prompt_tokens": input, "completion_tokens": it.output, "total_tokens": input + it.output,
        "prompt_tokens_details": { "cached_tokens": it.cache_read },
    })
}

fn gemini_usage(it: &Usage, output: u64) -> Value {
    let input = it.input + it.cache_read;
    json!({
        "promptTokenCount": input, "cachedContentTokenCount": it.cache_read, "candidatesTokenCount": output,
        "totalTokenCount": input + output,
    })
}

/// An event with its name.
fn event(body: &Value) -> String {
    format!("event: {}\ndata: {body}\n\n", body["type"].as_str().unwrap_or("error"))
}

/// An event without a name.
fn data(body: &Value) -> String {
    format!("data: {body}\n\n")
}
