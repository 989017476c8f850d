//! Codex: `codex exec --json`, which prints events and hears nothing.

use std::path::PathBuf;
use std::time::Duration;

use domain::agent::event::{AgentEvent, Started, ToolCall};
use domain::agent::verdict::{End, Fault, Terminal};
use domain::budget::Usage;
use engine::agent::{Conversation, Move, Plan, Protocol, RunSpec, Runtime};
use serde_json::Value;

use super::reading::{self, cut, number, object, owned, raw, structured, text};

const LINGER: Duration = Duration::from_secs(10);
const SUMMARY_BYTES_MAX: usize = 4_000;

/// Codex.
pub(super) struct Codex;

impl Runtime for Codex {
    fn name(&self) -> &'static str {
        "codex"
    }

    fn keys(&self) -> &[&str] {
        &["CODEX_API_KEY", "OPENAI_API_KEY"]
    }

    fn plan(&self, spec: &RunSpec) -> Result<Plan, String> {
        let program = spec.program.clone().unwrap_or_else(|| "codex".to_owned());
        let mut argv = vec![program];
        let mut add = |parts: &[&str]| argv.extend(parts.iter().map(|&it| it.to_owned()));
        // A sandbox within a sandbox does not work.
        let own = if spec.answer_only { "read-only" } else { "workspace-write" };
        let sandbox = if spec.kept_in { "danger-full-access" } else { own };
        add(&["exec", "--json", "-s", sandbox, "--skip-git-repo-check"]);
        add(&["-c", "analytics.enabled=false"]);
        // Its commands inherit variables, and some of them are keys.
        add(&["-c", r#"shell_environment_policy.exclude=["*KEY*","*TOKEN*","*SECRET*"]"#]);
        let mut env = Vec::new();
        if let Some(pass) = &spec.pass {
            let provider = format!(
                "model_providers.nexus={{name=\"nexus\",base_url=\"{}/v1\",env_key=\"NEXUS_MODEL_KEY\",\
                 wire_api=\"responses\",request_max_retries=2,stream_max_retries=2}}",
                pass.base("openai")
            );
            add(&["-c", "model_provider=\"nexus\"", "-c", &provider]);
            env.push(("NEXUS_MODEL_KEY".to_owned(), pass.token.clone().into()));
        }
        let mut files = vec![(PathBuf::from("codex/.keep"), String::new())];
        if !spec.own_login {
            env.push(("CODEX_HOME".to_owned(), spec.home.join("codex").into()));
        }
        if let Some(schema) = &spec.output_schema {
            let file = spec.home.join("schema.json");
            add(&["--output-schema", &file.to_string_lossy()]);
            files.push((PathBuf::from("schema.json"), schema.clone()));
        }
        if let Some(model) = &spec.model {
            add(&["-m", model]);
        }
        add(&["-"]);
        let env_remove = if spec.pass.is_some() {
            ["CODEX_API_KEY", "OPENAI_API_KEY", "OPENAI_BASE_URL"].map(str::to_owned).to_vec()
        } else {
            Vec::new()
        };
        Ok(Plan { argv, env, env_remove, files, protocol: Protocol::Lines, linger: LINGER, litter: None })
    }

    fn converse(&self, spec: &RunSpec) -> Box<dyn Conversation> {
        let prompt = [spec.system_append.as_str(), spec.prompt.as_str()].join("\n\n").trim().to_owned();
        Box::new(Talk { prompt, form: spec.output_schema.is_some(), said: String::new(), heard: true, last: None })
    }
}

struct Talk {
    prompt: String,
    form: bool,
    said: String,
    /// Whether something came that a model answers.
    heard: bool,
    last: Option<Terminal>,
}

impl Talk {
    fn item(&mut self, item: &Value, over: bool) -> Vec<Move> {
        let id = owned(item, "/id");
        let mut moves = Vec::new();
        let kind = text(item, "/type");
        if matches!(kind, "agent_message" | "reasoning" | "command_execution" | "file_change" | "mcp_tool_call")
            && std::mem::take(&mut self.heard)
        {
            moves.push(Move::Event(AgentEvent::Turn));
        }
        match (kind, over) {
            ("agent_message", true) => {
                self.said = owned(item, "/text");
                moves.push(Move::Event(AgentEvent::Text(self.said.clone())));
            }
            ("reasoning", true) => moves.push(Move::Event(AgentEvent::Thinking(owned(item, "/text")))),
            ("command_execution" | "file_change" | "mcp_tool_call", false) => {
                let input = reading::json(item.get("command").or(item.get("changes")).or(item.get("arguments")));
                let name = if kind == "mcp_tool_call" { owned(item, "/tool") } else { kind.to_owned() };
                moves.push(Move::Event(AgentEvent::ToolCall(ToolCall { id, name, input, parent: None })));
            }
            ("command_execution" | "file_change" | "mcp_tool_call", true) => {
                self.heard = true;
                let summary = cut(owned(item, "/aggregated_output"), SUMMARY_BYTES_MAX);
                let ok = text(item, "/status") == "completed";
                moves.push(Move::Event(AgentEvent::ToolResult { id, ok, summary }));
            }
            ("todo_list", _) => {
                let steps = item["items"].as_array().into_iter().flatten();
                moves.push(Move::Event(AgentEvent::Plan(steps.map(|it| owned(it, "/text")).collect())));
            }
            // A model that it does not know, for one: it goes on.
            ("error", _) => moves.push(Move::Event(AgentEvent::Notice(owned(item, "/message")))),
            _ => moves.push(raw(item)),
        }
        moves
    }
}

impl Conversation for Talk {
    fn begin(&mut self) -> Vec<Move> {
        vec![Move::Send(std::mem::take(&mut self.prompt).into_bytes()), Move::CloseInput]
    }

    fn line(&mut self, line: &[u8]) -> Vec<Move> {
        let event = match object(line) {
            Ok(event) => event,
            Err(moves) => return moves,
        };
        match text(&event, "/type") {
            "thread.started" => {
                let session = owned(&event, "/thread_id");
                vec![Move::Event(AgentEvent::Started(Started { session, ..Started::default() }))]
            }
            "item.started" => self.item(&event["item"], false),
            "item.completed" => self.item(&event["item"], true),
            "item.updated" if text(&event, "/item/type") == "todo_list" => self.item(&event["item"], false),
            "turn.started" | "item.updated" => Vec::new(),
            // Also for what it tries again: not its last word.
            "error" => vec![Move::Event(AgentEvent::Notice(owned(&event, "/message")))],
            "turn.completed" => {
                let usage = usage(&event["usage"]);
                let structured = structured(&self.said, self.form);
                let text = self.said.clone();
                self.last = Some(Terminal { fault: None, text, structured, usage: Some(usage) });
                vec![Move::Event(AgentEvent::Usage(usage)), Move::Done]
            }
            "turn.failed" => {
                let fault = Fault { named: None, status: None, text: owned(&event, "/error/message") };
                self.last = Some(Terminal { fault: Some(fault), text: self.said.clone(), ..Terminal::default() });
                vec![Move::Done]
            }
            _ => vec![raw(&event)],
        }
    }

    fn ended(&mut self, _end: Option<End>, _errors: &str) -> Option<Terminal> {
        self.last.take()
    }
}

fn usage(usage: &Value) -> Usage {
    let cached = number(usage, "/cached_input_tokens");
    Usage {
        input_tokens: number(usage, "/input_tokens").saturating_sub(cached),
        output_tokens: number(usage, "/output_tokens"),
        cache_read_tokens: cached,
        cache_write_tokens: 0,
        usd_micros: None,
    }
}
