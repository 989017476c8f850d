//! The client's side of ACP: initialize, one session, one prompt.

use std::collections::{HashMap, HashSet};

use domain::agent::event::{AgentEvent, Question, Started, ToolCall, Touch};
use domain::agent::verdict::{End, Failure, Fault, Limit, Named, Terminal};
use domain::budget::Usage;
use engine::agent::{Answer, Conversation, Move, RunSpec};
use serde_json::{Value, json};

use crate::agent::reading::{self, append, cut, number, object, owned, raw, send, structured, text, usd_micros};

/// Our requests, by their numbers.
const INITIALIZE: u64 = 1;
const NEW_SESSION: u64 = 2;
const PROMPT: u64 = 3;

/// How answers begin that are errors, whatever the agent calls them: those of goose and of Qwen Code.
const ERRORS: &[&str] = &["Ran into this error:", "[API Error:"];
/// How the titles of tools begin that change files, for agents that do not say what a tool does.
const EDITS: &[&str] = &["write", "edit", "text_editor", "str_replace"];
const QUESTIONS_MAX: usize = 100;
const CALLS_MAX: usize = 10_000;
const SUMMARY_BYTES_MAX: usize = 4_000;

/// One run of an agent behind ACP.
pub(super) struct Talk {
    /// What is asked for when the session begins.
    new_session: Value,
    prompt: String,
    form: bool,
    version: String,
    session: String,
    said: String,
    usage: Usage,
    /// Whether something came that a model answers.
    heard: bool,
    /// Open questions by the numbers that we give them: their own number and their options.
    open: HashMap<String, (Value, Value)>,
    asked: u64,
    /// The calls of tools that it told of.
    called: HashSet<String>,
    /// Whether it said that it stopped for an error.
    broken: bool,
    last: Option<Terminal>,
}

impl Talk {
    /// A run that does what `spec` says.
    pub fn new(spec: &RunSpec, meta: Value) -> Self {
        let servers: Vec<Value> = spec
            .servers
            .iter()
            .map(|it| {
                let header = json!({ "name": "Authorization", "value": format!("Bearer {}", it.token) });
                json!({ "type": "http", "name": it.name, "url": it.url, "headers": [header] })
            })
            .collect();
        let mut new_session = json!({ "cwd": spec.workspace.to_string_lossy(), "mcpServers": servers });
        if !meta.is_null() {
            new_session["_meta"] = meta;
        }
        let mut prompt = [spec.system_append.as_str(), spec.prompt.as_str()].join("\n\n").trim().to_owned();
        if let Some(schema) = &spec.output_schema {
            prompt.push_str("\n\nAnswer with JSON that fits this schema and nothing else:\n");
            prompt.push_str(schema);
        }
        Self {
            new_session,
            prompt,
            form: spec.output_schema.is_some(),
            version: String::new(),
            session: String::new(),
            said: String::new(),
            usage: Usage::default(),
            heard: true,
            open: HashMap::new(),
            asked: 0,
            called: HashSet::new(),
            broken: false,
            last: None,
        }
    }

    /// The answer to a request of ours.
    fn answered(&mut self, request: u64, message: &Value) -> Vec<Move> {
        if let Some(error) = message.get("error") {
            let code = error["code"].as_i64().and_then(|it| u16::try_from(it).ok()).filter(|it| *it >= 400);
            let words = [text(error, "/message").to_owned(), reading::json(error.get("data"))].join(" ");
            return self.finish(Some(Fault { named: None, status: code, text: cut(words, SUMMARY_BYTES_MAX) }), None);
        }
        let result = &message["result"];
        match request {
            INITIALIZE => {
                let version = number(result, "/protocolVersion");
                if version != 1 {
                    let text = format!("it speaks version {version} of ACP, and we version 1");
                    return self.finish(
                        Some(Fault { named: Some(Named::Failure(Failure::Protocol)), status: None, text }),
                        None,
                    );
                }
                self.version = owned(result, "/agentInfo/version");
                vec![call(NEW_SESSION, "session/new", &self.new_session)]
            }
            NEW_SESSION => {
                self.session = owned(result, "/sessionId");
                let started = Started {
                    session: self.session.clone(),
                    version: self.version.clone(),
                    model: owned(result, "/models/currentModelId"),
                    ..Started::default()
                };
                let prompt = json!([{ "type": "text", "text": std::mem::take(&mut self.prompt) }]);
                let params = json!({ "sessionId": self.session, "prompt": prompt });
                vec![Move::Event(AgentEvent::Started(started)), call(PROMPT, "session/prompt", &params)]
            }
            PROMPT => {
                let named = match text(result, "/stopReason") {
                    "end_turn" => {
                        let said = self.said.trim();
                        let error = self.broken || ERRORS.iter().any(|error| said.starts_with(error));
                        let fault = error.then(|| Fault { text: said.to_owned(), ..Fault::default() });
                        return self.finish(fault, told(result, self.usage));
                    }
                    "cancelled" => Some(Named::Interrupted),
                    "max_tokens" => Some(Named::Failure(Failure::Truncated)),
                    "max_turn_requests" => Some(Named::Limit(Limit::Turns)),
                    "refusal" => Some(Named::Failure(Failure::Refused)),
                    _ => Some(Named::Failure(Failure::Protocol)),
                };
                let words = text(result, "/stopReason").to_owned();
                let fault = named.map(|named| Fault { named: Some(named), status: None, text: words });
                self.finish(fault, told(result, self.usage))
            }
            _ => vec![raw(message)],
        }
    }

    fn finish(&mut self, fault: Option<Fault>, usage: Option<Usage>) -> Vec<Move> {
        self.usage = usage.unwrap_or(self.usage);
        let structured = structured(self.said.trim(), self.form);
        self.last = Some(Terminal { fault, text: self.said.clone(), structured, usage: Some(self.usage) });
        vec![Move::Event(AgentEvent::Usage(self.usage)), Move::Done]
    }

    fn update(&mut self, update: &Value) -> Vec<Move> {
        let kind = text(update, "/sessionUpdate");
        let mut moves = Vec::new();
        if matches!(kind, "agent_message_chunk" | "agent_thought_chunk" | "tool_call")
            && std::mem::take(&mut self.heard)
        {
            moves.push(Move::Event(AgentEvent::Turn));
        }
        match kind {
            "agent_message_chunk" => {
                append(&mut self.said, text(update, "/content/text"));
                moves.push(Move::Event(AgentEvent::Text(owned(update, "/content/text"))));
            }
            "agent_thought_chunk" => moves.push(Move::Event(AgentEvent::Thinking(owned(update, "/content/text")))),
            "tool_call" => moves.extend(self.called(update)),
            "tool_call_update" => {
                if let status @ ("completed" | "failed") = text(update, "/status") {
                    self.heard = true;
                    // What it said before it used a tool is not its answer.
                    self.said.clear();
                    let summary = cut(reading::json(update.get("content")), SUMMARY_BYTES_MAX);
                    let (id, ok) = (owned(update, "/toolCallId"), status == "completed");
                    moves.push(Move::Event(AgentEvent::ToolResult { id, ok, summary }));
                }
            }
            "plan" => {
                let steps = update["entries"].as_array().into_iter().flatten();
                moves.push(Move::Event(AgentEvent::Plan(steps.map(|it| owned(it, "/content")).collect())));
            }
            "usage_update" => {
                if text(update, "/cost/currency") == "USD" {
                    self.usage.usd_micros = usd_micros(update, "/cost/amount");
                    moves.push(Move::Event(AgentEvent::Usage(self.usage)));
                }
            }
            // Codex says here, and not with its last word, that a model failed; the text before it says how.
            "session_info_update" if text(update, "/_meta/codex/threadStatus/type") == "systemError" => {
                self.broken = true;
            }
            _ => moves.push(raw(update)),
        }
        moves
    }

    /// A call of a tool, the first time that we hear of it.
    fn called(&mut self, call: &Value) -> Option<Move> {
        let (id, name) = (owned(call, "/toolCallId"), owned(call, "/title"));
        if self.called.len() >= CALLS_MAX {
            self.called.clear();
        }
        let input = reading::json(call.get("rawInput"));
        let new = self.called.insert(id.clone());
        new.then_some(Move::Event(AgentEvent::ToolCall(ToolCall { id, name, input, parent: None })))
    }

    /// A request of the agent's.
    fn asked(&mut self, method: &str, message: &Value) -> Vec<Move> {
        let its = message["id"].clone();
        if method != "session/request_permission" || self.open.len() >= QUESTIONS_MAX {
            let error = json!({ "code": -32601, "message": format!("{method} is not supported") });
            return vec![raw(message), send(&json!({ "jsonrpc": "2.0", "id": its, "error": error }))];
        }
        let call = &message["params"]["toolCall"];
        // Gemini CLI asks for a call that it has not told of.
        let turn = std::mem::take(&mut self.heard).then_some(Move::Event(AgentEvent::Turn));
        let told = turn.into_iter().chain(self.called(call));
        let mut moves: Vec<Move> = told.collect();
        self.asked += 1;
        let id = self.asked.to_string();
        self.open.insert(id.clone(), (its, message["params"]["options"].clone()));
        let touch = match text(call, "/kind") {
            "read" | "search" | "think" => Touch::Read,
            "edit" | "delete" | "move" => Touch::Edit,
            "execute" => Touch::Execute,
            _ if EDITS.iter().any(|edit| text(call, "/title").starts_with(edit)) => Touch::Edit,
            _ => Touch::Other,
        };
        let (tool, input) = (owned(call, "/title"), reading::json(call.get("rawInput")));
        moves.push(Move::Event(AgentEvent::PermissionAsked(Question { id, tool, touch, input })));
        moves
    }
}

impl Conversation for Talk {
    fn begin(&mut self) -> Vec<Move> {
        let can = json!({ "fs": { "readTextFile": false, "writeTextFile": false }, "terminal": false });
        let client = json!({ "name": "nexus", "version": env!("CARGO_PKG_VERSION") });
        let params = json!({ "protocolVersion": 1, "clientCapabilities": can, "clientInfo": client });
        vec![call(INITIALIZE, "initialize", &params)]
    }

    fn line(&mut self, line: &[u8]) -> Vec<Move> {
        let message = match object(line) {
            Ok(message) => message,
            Err(moves) => return moves,
        };
        let method = text(&message, "/method").to_owned();
        match (message.get("id"), method.as_str()) {
            (_, "session/update") => self.update(&message["params"]["update"]),
            (Some(_), method) if !method.is_empty() => self.asked(method, &message),
            (Some(id), _) if self.last.is_none() => match id.as_u64() {
                Some(request) => self.answered(request, &message),
                None => vec![raw(&message)],
            },
            _ => vec![raw(&message)],
        }
    }

    fn answer(&mut self, question: &str, answer: Answer) -> Vec<Move> {
        let Some((its, options)) = self.open.remove(question) else { return Vec::new() };
        let kinds: &[&str] = match answer {
            // Never for good: that would be a decision about what we have not seen.
            Answer::Allow => &["allow_once"],
            Answer::Deny => &["reject_once", "reject_always"],
        };
        let of_kind = |kind: &&str| {
            let fits = |it: &&Value| text(it, "/kind") == *kind;
            options.as_array().into_iter().flatten().find(fits).map(|it| it["optionId"].clone())
        };
        let outcome = match kinds.iter().find_map(of_kind) {
            Some(option) => json!({ "outcome": "selected", "optionId": option }),
            None => json!({ "outcome": "cancelled" }),
        };
        vec![send(&json!({ "jsonrpc": "2.0", "id": its, "result": { "outcome": outcome } }))]
    }

    fn cancel(&mut self) -> Vec<Move> {
        if self.session.is_empty() || self.last.is_some() {
            return Vec::new();
        }
        let params = json!({ "sessionId": self.session });
        let mut moves = vec![send(&json!({ "jsonrpc": "2.0", "method": "session/cancel", "params": params }))];
        for (_, (its, _)) in self.open.drain() {
            let outcome = json!({ "outcome": { "outcome": "cancelled" } });
            moves.push(send(&json!({ "jsonrpc": "2.0", "id": its, "result": outcome })));
        }
        moves
    }

    fn ended(&mut self, _end: Option<End>, _errors: &str) -> Option<Terminal> {
        self.last.take()
    }
}

/// What a prompt used, where the agent says so.
fn told(result: &Value, so_far: Usage) -> Option<Usage> {
    result.get("usage").map(|usage| Usage {
        input_tokens: number(usage, "/inputTokens"),
        output_tokens: number(usage, "/outputTokens"),
        cache_read_tokens: number(usage, "/cachedReadTokens"),
        cache_write_tokens: number(usage, "/cachedWriteTokens"),
        usd_micros: so_far.usd_micros,
    })
}

fn call(id: u64, method: &str, params: &Value) -> Move {
    send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": params }))
}
