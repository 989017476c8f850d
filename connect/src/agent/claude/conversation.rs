//! What Claude Code says, and what it is told.

use std::collections::HashMap;

use domain::agent::event::{AgentEvent, Question, Started, ToolCall, Touch};
use domain::agent::verdict::{End, Failure, Fault, Limit, Named, Terminal};
use domain::budget::Usage;
use domain::work::Json;
use engine::agent::{Answer, Conversation, Move};
use serde_json::{Value, json};

use crate::agent::reading::{self, cut, number, object, owned, raw, send, status, text, usd_micros};

/// How many questions may be open at once.
const QUESTIONS_MAX: usize = 100;
/// How much of a tool's answer is kept.
const SUMMARY_BYTES_MAX: usize = 4_000;

/// One run of Claude Code.
pub(super) struct Talk {
    prompt: String,
    /// The answer of the model that its events are about; each has several.
    message: String,
    usage: Usage,
    /// What the tools of open questions are to be given, by question.
    open: HashMap<String, Value>,
    last: Option<Terminal>,
    cancelled: bool,
}

impl Talk {
    /// A run that is told `prompt`.
    pub fn new(prompt: &str) -> Self {
        let (message, usage, open) = (String::new(), Usage::default(), HashMap::new());
        Self { prompt: prompt.to_owned(), message, usage, open, last: None, cancelled: false }
    }

    fn assistant(&mut self, event: &Value) -> Vec<Move> {
        let mut moves = Vec::new();
        let message = text(event, "/message/id");
        if self.message != message {
            message.clone_into(&mut self.message);
            moves.push(Move::Event(AgentEvent::Turn));
            // What it says so far of each answer, which is less than it will be: the last word has the whole.
            self.usage = self.usage.and(usage(&event["message"]["usage"], None));
            moves.push(Move::Event(AgentEvent::Usage(self.usage)));
        }
        let parent = event["parent_tool_use_id"].as_str();
        for block in event.pointer("/message/content").and_then(Value::as_array).into_iter().flatten() {
            moves.push(match text(block, "/type") {
                "text" => Move::Event(AgentEvent::Text(owned(block, "/text"))),
                "thinking" => Move::Event(AgentEvent::Thinking(owned(block, "/thinking"))),
                "tool_use" => Move::Event(AgentEvent::ToolCall(ToolCall {
                    id: owned(block, "/id"),
                    name: owned(block, "/name"),
                    input: reading::json(block.get("input")),
                    parent: parent.map(str::to_owned),
                })),
                _ => raw(block),
            });
        }
        moves
    }

    fn ask(&mut self, event: &Value) -> Vec<Move> {
        let (id, tool) = (text(event, "/request_id"), text(event, "/request/tool_name"));
        if text(event, "/request/subtype") != "can_use_tool" || self.open.len() >= QUESTIONS_MAX {
            let error = json!({ "subtype": "error", "request_id": id, "error": "not supported" });
            return vec![raw(event), send(&json!({ "type": "control_response", "response": error }))];
        }
        self.open.insert(id.to_owned(), event["request"]["input"].clone());
        let touch = match tool {
            "Read" | "Glob" | "Grep" => Touch::Read,
            "Edit" | "Write" | "MultiEdit" | "NotebookEdit" => Touch::Edit,
            "Bash" => Touch::Execute,
            _ => Touch::Other,
        };
        let input = reading::json(event.pointer("/request/input"));
        let question = Question { id: id.to_owned(), tool: tool.to_owned(), touch, input };
        vec![Move::Event(AgentEvent::PermissionAsked(question))]
    }
}

impl Conversation for Talk {
    fn begin(&mut self) -> Vec<Move> {
        let hello = json!({ "subtype": "initialize", "hooks": null });
        let message = json!({ "role": "user", "content": self.prompt });
        self.prompt = String::new();
        vec![
            send(&json!({ "type": "control_request", "request_id": "initialize", "request": hello })),
            send(&json!({ "type": "user", "message": message, "parent_tool_use_id": null, "session_id": "" })),
        ]
    }

    fn line(&mut self, line: &[u8]) -> Vec<Move> {
        let event = match object(line) {
            Ok(event) => event,
            Err(moves) => return moves,
        };
        match (text(&event, "/type"), text(&event, "/subtype")) {
            ("system", "init") => vec![Move::Event(AgentEvent::Started(started(&event)))],
            ("system", "api_retry") => vec![Move::Event(AgentEvent::Retry {
                attempt: u32::try_from(number(&event, "/attempt")).unwrap_or(u32::MAX),
                of: u32::try_from(number(&event, "/max_retries")).unwrap_or(u32::MAX),
                status: status(&event, "/error_status"),
            })],
            ("system", "informational") => vec![Move::Event(AgentEvent::Notice(owned(&event, "/content")))],
            ("assistant", _) => self.assistant(&event),
            ("user", _) => results(&event),
            ("control_request", _) => self.ask(&event),
            ("control_cancel_request", _) => {
                self.open.remove(text(&event, "/request_id"));
                Vec::new()
            }
            ("control_response", _) => Vec::new(),
            ("result", _) => {
                // There may be another one: the last counts, and costs are those of all.
                let terminal = terminal(&event);
                self.usage = terminal.usage.unwrap_or(self.usage);
                self.last = Some(terminal);
                vec![Move::Event(AgentEvent::Usage(self.usage)), Move::Done]
            }
            _ => vec![raw(&event)],
        }
    }

    fn answer(&mut self, question: &str, answer: Answer) -> Vec<Move> {
        let Some(input) = self.open.remove(question) else { return Vec::new() };
        let response = match answer {
            Answer::Allow => json!({ "behavior": "allow", "updatedInput": input }),
            Answer::Deny => json!({ "behavior": "deny", "message": "This is not allowed here. Go on without it." }),
        };
        let response = json!({ "subtype": "success", "request_id": question, "response": response });
        vec![send(&json!({ "type": "control_response", "response": response }))]
    }

    fn cancel(&mut self) -> Vec<Move> {
        if std::mem::replace(&mut self.cancelled, true) {
            return Vec::new();
        }
        let request = json!({ "subtype": "interrupt" });
        vec![send(&json!({ "type": "control_request", "request_id": "interrupt", "request": request }))]
    }

    fn ended(&mut self, _end: Option<End>, _errors: &str) -> Option<Terminal> {
        self.last.take()
    }
}

fn started(event: &Value) -> Started {
    let servers = event["mcp_servers"].as_array().into_iter().flatten();
    let down = servers.filter(|it| text(it, "/status") == "failed").map(|it| owned(it, "/name"));
    let tools = event["tools"].as_array().into_iter().flatten().filter_map(Value::as_str);
    Started {
        session: owned(event, "/session_id"),
        version: owned(event, "/claude_code_version"),
        model: owned(event, "/model"),
        tools: tools.map(str::to_owned).collect(),
        servers_down: down.collect(),
    }
}

/// What tools answered.
fn results(event: &Value) -> Vec<Move> {
    let mut moves = Vec::new();
    for block in event.pointer("/message/content").and_then(Value::as_array).into_iter().flatten() {
        if text(block, "/type") == "tool_result" {
            let content = &block["content"];
            let summary = content.as_str().map_or_else(|| reading::json(Some(content)), str::to_owned);
            moves.push(Move::Event(AgentEvent::ToolResult {
                id: owned(block, "/tool_use_id"),
                ok: block["is_error"].as_bool() != Some(true),
                summary: cut(summary, SUMMARY_BYTES_MAX),
            }));
        }
    }
    moves
}

fn usage(usage: &Value, usd: Option<u64>) -> Usage {
    Usage {
        input_tokens: number(usage, "/input_tokens"),
        output_tokens: number(usage, "/output_tokens"),
        cache_read_tokens: number(usage, "/cache_read_input_tokens"),
        cache_write_tokens: number(usage, "/cache_creation_input_tokens"),
        usd_micros: usd,
    }
}

/// What a result event says, which is not what its `subtype` says.
fn terminal(event: &Value) -> Terminal {
    let said = owned(event, "/result");
    let errors: Vec<&str> = event["errors"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let (subtype, reason) = (text(event, "/subtype"), text(event, "/terminal_reason"));
    let named = match (subtype, reason, text(event, "/stop_reason")) {
        ("error_max_turns", ..) | (_, "max_turns", _) => Some(Named::Limit(Limit::Turns)),
        ("error_max_budget_usd", ..) | (_, "budget_exhausted", _) => Some(Named::Limit(Limit::Money)),
        ("error_max_structured_output_retries", ..) => Some(Named::Failure(Failure::SchemaUnmet)),
        (_, "aborted_streaming" | "aborted_tools", _) => Some(Named::Interrupted),
        (_, _, "refusal") => Some(Named::Failure(Failure::Refused)),
        (_, _, "max_tokens") => Some(Named::Failure(Failure::Truncated)),
        _ => None,
    };
    let failed = event["is_error"].as_bool() != Some(false)
        || subtype != "success"
        || !errors.is_empty()
        || matches!(named, Some(Named::Limit(_) | Named::Interrupted));
    let fault = failed.then(|| Fault {
        named,
        status: status(event, "/api_error_status"),
        text: if said.is_empty() { cut(errors.join("; "), SUMMARY_BYTES_MAX) } else { said.clone() },
    });
    let structured = event.get("structured_output").filter(|it| !it.is_null()).map(|it| Json(it.to_string()));
    let usage = usage(&event["usage"], usd_micros(event, "/total_cost_usd"));
    Terminal { fault, text: said, structured, usage: Some(usage) }
}
