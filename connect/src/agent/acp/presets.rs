//! The agents behind ACP that we know: how they are started, where they find a model, and what keeps them from running
//! what a repository brings along.

use std::path::PathBuf;

use engine::agent::{Plan, RunSpec};
use serde_json::{Value, json};

/// An agent behind ACP.
pub(in crate::agent) struct Preset {
    /// Its name among all kinds.
    pub name: &'static str,
    /// Its program and arguments.
    pub argv: &'static [&'static str],
    /// The variables in which people give it a key.
    pub keys: &'static [&'static str],
    /// Adds variables, arguments and files.
    pub complete: fn(&mut Plan, &RunSpec),
    /// What a new session is asked for beside its folder.
    pub session_meta: fn() -> Value,
}

const OPENAI: &[&str] = &["OPENAI_API_KEY"];

/// All of them. The last is any other.
pub(in crate::agent) static PRESETS: &[Preset] = &[
    Preset {
        name: "gemini",
        argv: &["gemini", "--acp"],
        keys: &["GEMINI_API_KEY"],
        complete: gemini,
        session_meta: none,
    },
    Preset { name: "opencode", argv: &["opencode", "acp"], keys: OPENAI, complete: opencode, session_meta: none },
    Preset {
        name: "goose",
        argv: &["goose", "acp", "--with-builtin", "developer"],
        keys: OPENAI,
        complete: goose,
        session_meta: none,
    },
    Preset { name: "qwen", argv: &["qwen", "--acp", "--bare"], keys: OPENAI, complete: qwen, session_meta: none },
    Preset { name: "codex-acp", argv: &["codex-acp"], keys: OPENAI, complete: codex, session_meta: none },
    Preset {
        name: "claude-acp",
        argv: &["claude-agent-acp"],
        keys: &["ANTHROPIC_API_KEY"],
        complete: claude,
        session_meta: || {
            // Without the second it makes no session for root; with it nobody can let it do everything unasked.
            let options = json!({ "settingSources": [], "allowDangerouslySkipPermissions": false });
            json!({ "claudeCode": { "options": options } })
        },
    },
    Preset { name: "acp", argv: &[], keys: &[], complete: |_, _| {}, session_meta: none },
];

fn none() -> Value {
    Value::Null
}

fn set(plan: &mut Plan, name: &str, value: impl Into<std::ffi::OsString>) {
    plan.env.push((name.to_owned(), value.into()));
}

fn gemini(plan: &mut Plan, spec: &RunSpec) {
    // Its wrapper process ignores the request to end.
    set(plan, "GEMINI_CLI_NO_RELAUNCH", "true");
    if let Some(model) = &spec.model {
        plan.argv.extend(["-m".to_owned(), model.clone()]);
    }
    if let Some(pass) = &spec.pass {
        set(plan, "GEMINI_API_KEY", pass.token.clone());
        set(plan, "GOOGLE_GEMINI_BASE_URL", pass.base("gemini"));
        set(plan, "HOME", spec.home.clone());
        let settings = json!({
            "security": { "auth": { "selectedType": "gemini-api-key" } },
            "privacy": { "usageStatisticsEnabled": false },
        });
        plan.files.push((PathBuf::from(".gemini/settings.json"), settings.to_string()));
        plan.env_remove.push("GOOGLE_API_KEY".to_owned());
    }
}

fn opencode(plan: &mut Plan, spec: &RunSpec) {
    set(plan, "OPENCODE_DISABLE_PROJECT_CONFIG", "1");
    set(plan, "OPENCODE_DISABLE_MODELS_FETCH", "1");
    set(plan, "OPENCODE_DISABLE_AUTOUPDATE", "1");
    let mut config = json!({ "permission": { "edit": "allow", "bash": "ask", "webfetch": "ask" } });
    if let Some(pass) = &spec.pass {
        let model = spec.model.as_deref().unwrap_or("default");
        let options = json!({ "baseURL": format!("{}/v1", pass.base("openai")), "apiKey": pass.token });
        let models = json!({ model: { "name": model } });
        config["provider"] = json!({
            "nexus": { "npm": "@ai-sdk/openai-compatible", "options": options, "models": models }
        });
        config["model"] = format!("nexus/{model}").into();
        config["small_model"] = config["model"].clone();
        for name in ["XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME"] {
            set(plan, name, spec.home.join("opencode"));
        }
    } else if let Some(model) = &spec.model {
        config["model"] = model.clone().into();
    }
    set(plan, "OPENCODE_CONFIG_CONTENT", config.to_string());
}

fn goose(plan: &mut Plan, spec: &RunSpec) {
    if spec.answer_only {
        // Its tools are a part that can be left out.
        plan.argv.retain(|it| !matches!(it.as_str(), "--with-builtin" | "developer"));
    }
    set(plan, "GOOSE_MODE", "approve");
    set(plan, "GOOSE_DISABLE_KEYRING", "1");
    if let Some(model) = &spec.model {
        set(plan, "GOOSE_MODEL", model.clone());
    }
    if let Some(pass) = &spec.pass {
        set(plan, "GOOSE_PROVIDER", "openai");
        set(plan, "OPENAI_HOST", pass.base("openai"));
        set(plan, "OPENAI_API_KEY", pass.token.clone());
        set(plan, "GOOSE_PATH_ROOT", spec.home.join("goose"));
    }
}

fn qwen(plan: &mut Plan, spec: &RunSpec) {
    if let Some(model) = &spec.model {
        set(plan, "OPENAI_MODEL", model.clone());
    }
    if let Some(pass) = &spec.pass {
        plan.argv.extend(["--auth-type", "openai"].map(str::to_owned));
        set(plan, "OPENAI_API_KEY", pass.token.clone());
        set(plan, "OPENAI_BASE_URL", format!("{}/v1", pass.base("openai")));
        // It takes a proxy for every address, its model's too.
        for name in ["HTTPS_PROXY", "https_proxy"] {
            set(plan, name, "");
        }
    }
}

fn codex(plan: &mut Plan, spec: &RunSpec) {
    let mode = match (spec.kept_in, spec.answer_only) {
        // A sandbox within a sandbox does not work.
        (true, _) => "agent-full-access",
        (false, true) => "read-only",
        // Not the usual one, in which a model of its own answers what a person should be asked.
        (false, false) => "workspace-write",
    };
    set(plan, "INITIAL_AGENT_MODE", mode);
    if let Some(pass) = &spec.pass {
        set(plan, "CODEX_HOME", spec.home.join("codex"));
        set(plan, "NEXUS_MODEL_KEY", pass.token.clone());
        let model = spec.model.as_ref().map(|it| format!("model = {}\n", json!(it))).unwrap_or_default();
        let config = format!(
            "{model}model_provider = \"nexus\"\n[analytics]\nenabled = false\n[model_providers.nexus]\nname = \"nexus\"\n\
             base_url = \"{}/v1\"\nenv_key = \"NEXUS_MODEL_KEY\"\nwire_api = \"responses\"\n",
            pass.base("openai")
        );
        plan.files.push((PathBuf::from("codex/config.toml"), config));
    }
}

fn claude(plan: &mut Plan, spec: &RunSpec) {
    let (env, env_remove) = crate::agent::claude::environment(spec);
    plan.env.extend(env);
    plan.env_remove.extend(env_remove);
    if let Some(model) = &spec.model {
        set(plan, "ANTHROPIC_MODEL", model.clone());
    }
}
