//! Claude Code: stream-json both ways, with its control protocol.

mod conversation;

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use engine::agent::{Conversation, Plan, Protocol, RunSpec, Runtime};
use serde_json::json;

use conversation::Talk;

/// The tools that it has; nothing that reaches further than the workspace and a shell.
const TOOLS: &str = "Bash,Edit,Read,Write,Glob,Grep";
/// What may be silent after its last word: a command that it left in the background.
const LINGER: Duration = Duration::from_secs(30);
/// Where our own gateway is not asked, how often a call is tried again.
const RETRIES: &str = "4";

/// Claude Code.
pub(super) struct Claude;

impl Runtime for Claude {
    fn name(&self) -> &'static str {
        "claude"
    }

    fn keys(&self) -> &[&str] {
        &["ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"]
    }

    fn reads_instructions(&self) -> bool {
        false
    }

    fn plan(&self, spec: &RunSpec) -> Result<Plan, String> {
        let program = spec.program.clone().unwrap_or_else(|| "claude".to_owned());
        let mut argv = vec![program];
        let mut add = |parts: &[&str]| argv.extend(parts.iter().map(|&it| it.to_owned()));
        add(&["-p", "--input-format", "stream-json", "--output-format", "stream-json", "--verbose"]);
        // What the repository says about hooks, servers and addresses is not followed.
        add(&["--setting-sources", "", "--strict-mcp-config"]);
        let mcp_file = spec.home.join("mcp.json");
        add(&["--mcp-config", &mcp_file.to_string_lossy()]);
        let (tools, mode) = if spec.answer_only { ("", "manual") } else { (TOOLS, "acceptEdits") };
        add(&["--tools", tools, "--permission-mode", mode, "--permission-prompt-tool", "stdio"]);
        let servers = spec.servers.iter().map(|it| format!("mcp__{}", it.name));
        let allowed: Vec<String> = spec.tools.allow.iter().cloned().chain(servers).collect();
        for (flag, tools) in [("--allowedTools", &allowed), ("--disallowedTools", &spec.tools.deny)] {
            if !tools.is_empty() {
                add(&[flag, &tools.join(",")]);
            }
        }
        add(&["--system-prompt-snapshot", "off"]);
        let mut files = vec![(PathBuf::from("mcp.json"), mcp(spec))];
        if !spec.system_append.is_empty() {
            let file = spec.home.join("system.md");
            add(&["--append-system-prompt-file", &file.to_string_lossy()]);
            files.push((PathBuf::from("system.md"), spec.system_append.clone()));
        }
        if let Some(model) = &spec.model {
            add(&["--model", model]);
        }
        if let Some(turns) = spec.limits.turns {
            add(&["--max-turns", &turns.to_string()]);
        }
        if let Some(micros) = spec.limits.usd_micros {
            add(&["--max-budget-usd", &format!("{}.{:06}", micros / 1_000_000, micros % 1_000_000)]);
        }
        if let Some(schema) = &spec.output_schema {
            add(&["--json-schema", schema]);
        }
        let (env, env_remove) = environment(spec);
        Ok(Plan { argv, env, env_remove, files, protocol: Protocol::Lines, linger: LINGER, litter: None })
    }

    fn converse(&self, spec: &RunSpec) -> Box<dyn Conversation> {
        Box::new(Talk::new(&spec.prompt))
    }
}

/// The tool servers, in a file, because other users see arguments.
fn mcp(spec: &RunSpec) -> String {
    let servers = spec.servers.iter().map(|it| {
        let headers = json!({ "Authorization": format!("Bearer {}", it.token) });
        (it.name.clone(), json!({ "type": "http", "url": it.url, "headers": headers, "alwaysLoad": true }))
    });
    json!({ "mcpServers": servers.collect::<serde_json::Map<_, _>>() }).to_string()
}

/// What is set and what is taken away, also for the program that speaks ACP for Claude Code.
pub(super) fn environment(spec: &RunSpec) -> (Vec<(String, OsString)>, Vec<String>) {
    let mut env: Vec<(String, OsString)> = [
        ("DISABLE_AUTOUPDATER", "1"),
        ("CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "1"),
        ("CLAUDE_CODE_MAX_RETRIES", RETRIES),
        ("ENABLE_TOOL_SEARCH", "false"),
    ]
    .map(|(name, value)| (name.to_owned(), value.into()))
    .to_vec();
    // Set where Claude Code runs; one that sees them takes itself for a part of another.
    let mut env_remove = vec!["CLAUDECODE".to_owned(), "CLAUDE_CODE_ENTRYPOINT".to_owned()];
    if !spec.own_login {
        env.push(("CLAUDE_CONFIG_DIR".to_owned(), spec.home.join("claude").into()));
    }
    if let Some(pass) = &spec.pass {
        env.push(("ANTHROPIC_BASE_URL".to_owned(), pass.base("anthropic").into()));
        env.push(("ANTHROPIC_API_KEY".to_owned(), pass.token.clone().into()));
        env.push(("CLAUDE_CODE_PROPAGATE_TRACEPARENT".to_owned(), "1".into()));
        let others = ["ANTHROPIC_AUTH_TOKEN", "CLAUDE_CODE_OAUTH_TOKEN"];
        let elsewhere = ["CLAUDE_CODE_USE_BEDROCK", "CLAUDE_CODE_USE_VERTEX"];
        env_remove.extend(others.into_iter().chain(elsewhere).map(str::to_owned));
    }
    (env, env_remove)
}
