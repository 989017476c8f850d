//! Real coding agents, by the real program: each works on an item in a sandbox, through the gateway, with a model that says
//! what a script has it say.
//!
//! `scripts/agents` installs them, and `make test-full` names their folder. An agent that is not there is said to be
//! skipped, and its stories are not told.

use std::fs;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::support::{Output, Running, World, until};

/// A kind of agent, the wire format that it speaks, and what its model says to have a command run in a shell.
struct Kind {
    name: &'static str,
    provider: &'static str,
    work: fn(&str) -> Value,
    /// How many answers its model has given already when it is first asked, as the agent tells it.
    before: usize,
}

const CLAUDE: Kind = Kind { name: "claude", provider: "ANTHROPIC", work: described, before: 0 };
const CODEX: Kind = Kind {
    name: "codex",
    provider: "OPENAI",
    work: |command| tool("exec_command", &json!({ "cmd": command })),
    before: 0,
};
const GOOSE: Kind = Kind {
    name: "goose",
    provider: "OPENAI",
    work: |command| tool("shell", &json!({ "command": command })),
    before: 0,
};
const GEMINI: Kind = Kind {
    name: "gemini",
    provider: "GEMINI",
    work: |command| tool("run_shell_command", &json!({ "command": command })),
    before: 0,
};
const OPENCODE: Kind = Kind {
    name: "opencode",
    provider: "OPENAI",
    work: |command| tool("bash", &json!({ "command": command, "description": "work" })),
    before: 0,
};
const QWEN: Kind = Kind {
    name: "qwen",
    provider: "OPENAI",
    work: |command| tool("run_shell_command", &json!({ "command": command, "is_background": false })),
    before: 1,
};
const CLAUDE_ACP: Kind = Kind { name: "claude-acp", ..CLAUDE };
const CODEX_ACP: Kind = Kind { name: "codex-acp", ..CODEX };
/// It has no tools: its model answers with the whole of a file.
const AIDER: Kind =
    Kind { name: "aider", provider: "OPENAI", work: |_| json!({ "text": "made\n```\nhello\n```\n" }), before: 0 };

fn described(command: &str) -> Value {
    tool("Bash", &json!({ "command": command, "description": "work" }))
}

fn tool(name: &str, input: &Value) -> Value {
    json!({ "tools": [{ "name": name, "input": input }] })
}

/// Tells each story with each kind of agent.
macro_rules! with_each_agent {
    ([$($name:ident: $kind:ident),* $(,)?], $stories:tt) => {
        $(mod $name {
            const KIND: super::Kind = super::$kind;
            crate::real::with_one_agent!($stories);
        })*
    };
}

macro_rules! with_one_agent {
    ([$($story:ident),* $(,)?]) => {
        $(#[test]
        fn $story() {
            super::told(&KIND, super::$story);
        })*
    };
}
use with_one_agent;

with_each_agent! {
    [claude: CLAUDE, codex: CODEX, goose: GOOSE],
    [
        lands_a_change,
        is_kept_in,
        with_a_refused_key_leaves_the_item_as_it_was,
        with_a_spent_budget_is_told_so_and_its_item_fails,
        whose_provider_has_no_quota_left_ends_the_run,
        gives_a_second_opinion_and_one_that_does_not_fit_is_none,
    ]
}

// Those that `make soak` installs.
with_each_agent! {
    [gemini: GEMINI, opencode: OPENCODE, qwen: QWEN, claude_acp: CLAUDE_ACP, codex_acp: CODEX_ACP],
    [
        lands_a_change,
        is_kept_in,
        with_a_refused_key_leaves_the_item_as_it_was,
        with_a_spent_budget_is_told_so_and_its_item_fails,
        whose_provider_has_no_quota_left_ends_the_run,
    ]
}

// It runs no commands, and calls its model once, so that no call of it can be turned down for what the one before it spent.
with_each_agent! {
    [aider: AIDER],
    [
        lands_a_change,
        with_a_refused_key_leaves_the_item_as_it_was,
        whose_provider_has_no_quota_left_ends_the_run,
    ]
}

/// Tells `story` with an agent of `kind`, if it is there.
fn told(kind: &Kind, story: fn(&Kind, &str)) {
    let program = std::env::var_os("NEXUS_TEST_AGENTS").map(|agents| PathBuf::from(agents).join("bin").join(kind.name));
    match program.filter(|program| program.exists()) {
        Some(program) => story(kind, &program.to_string_lossy()),
        None => println!("SKIPPED: {} is not installed; scripts/agents installs it", kind.name),
    }
}

/// One item, and a run by a real agent whose model does `turns`.
struct Scene {
    world: World,
    id: String,
}

impl Scene {
    fn new() -> Self {
        let world = World::new();
        let id = world.add("Make what is to be made");
        Self { world, id }
    }

    fn run(&self, kind: &Kind, program: &str, turns: &Value) -> Output {
        self.with_model(kind, program, turns, &["run", "--runtime", kind.name, "--workers", "1"])
    }

    /// Calls the program while there is a model that does `turns`.
    fn with_model(&self, kind: &Kind, program: &str, turns: &Value, args: &[&str]) -> Output {
        let script = self.world.beside("script.json");
        let before = vec![json!({ "text": "said before" }); kind.before];
        let mut turns: Vec<&Value> = before.iter().chain(turns.as_array().expect("a list")).collect();
        // What calls a model without tools wants a title; aider has none, and is told of answers that no model gave.
        let mut title = json!({ "text": "A title" });
        if kind.name == "aider" {
            turns.truncate(1);
            title = Value::Null;
        }
        let scenario = json!({ "turns": turns, "no_tools": title });
        let text = json!({ "scenarios": { "default": scenario } }).to_string();
        fs::write(&script, text).expect("the folder is ours");
        let model = self.model(&script.to_string_lossy());
        let first = || serde_json::from_str::<Value>(model.printed().lines().next()?).ok();
        let url = until("the model's address", || Some(first()?["url"].as_str()?.to_owned()));
        self.world
            .nexus(&[args, &["--model", "fake-1", "--sandbox", "bwrap"]].concat())
            .env(&format!("NEXUS_{}_BIN", kind.name.to_uppercase().replace('-', "_")), program)
            .env("PATH", &path(kind, program))
            .env(&format!("NEXUS_MODEL_{}_URL", kind.provider), &url)
            .env(&format!("{}_API_KEY", kind.provider), "fake-default")
            .run()
    }

    fn model(&self, script: &str) -> Running<'_> {
        self.world.nexus(&["fake-model", "--script", script, "--port", "0"]).start()
    }

    fn item(&self) -> Output {
        self.world.item(&self.id)
    }
}

/// Where programs are; some agents want a Node.js that may be newer than the machine's.
fn path(kind: &Kind, program: &str) -> String {
    let path = std::env::var("PATH").expect("there is one");
    let beside = PathBuf::from(program).with_file_name("");
    if kind.name.ends_with("-acp") { format!("{}:{path}", beside.display()) } else { path }
}

fn lands_a_change(kind: &Kind, program: &str) {
    let scene = Scene::new();
    let turns = json!([(kind.work)("echo hello > made && git status --short"), { "text": "It is made." }]);
    let end = scene.run(kind, program, &turns);
    let item = scene.item();
    assert_eq!(item.text("state"), "done", "{end:?} {item:?}");
    assert_eq!(scene.world.git(&["show", "main:made"]), "hello");
    // What aider says last is not told apart from the rest that it prints.
    assert_eq!(item.json["result"], if kind.name == "aider" { Value::Null } else { json!("It is made.") });
    assert_eq!(scene.world.git(&["ls-tree", "--name-only", "main"]).matches("made").count(), 1);
    let spent = scene.world.nexus(&["budget", "history"]).done();
    assert!(spent.json.to_string().contains("fake-1"), "the gateway saw its calls: {spent:?}");
}

fn is_kept_in(kind: &Kind, program: &str) {
    let scene = Scene::new();
    let world = &scene.world;
    fs::create_dir_all(world.beside("home")).expect("the folder is ours");
    fs::write(world.beside("home/key"), "plugh\n").expect("the folder is ours");
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let port = listener.local_addr().expect("it is bound").port();
    let (home, repo) = (world.beside("home"), world.repo());
    let command = format!(
        "cat {home}/key > seen; env >> seen; echo bad > {home}/theirs; echo bad > {repo}/.git/theirs; \
         bash -c 'echo hi > /dev/tcp/127.0.0.1/{port}' && echo connected > wrote; \
         setsid -f sleep 1000 < /dev/null > /dev/null 2>&1; echo made > made",
        home = home.display(),
        repo = repo.display(),
    );
    let turns = json!([(kind.work)(&command), { "text": "Done." }]);
    let end = scene.run(kind, program, &turns);
    assert_eq!(scene.item().text("state"), "done", "{end:?} {:?}", scene.item());
    let seen = world.git(&["show", "main:seen"]);
    assert!(!seen.contains("plugh") && !seen.contains("fake-default"), "{seen}");
    let landed = world.git(&["ls-tree", "--name-only", "main"]);
    assert!(landed.contains("made") && !landed.contains("wrote"), "{landed}");
    assert!(!home.join("theirs").exists() && !repo.join(".git/theirs").exists());
    let here = world.beside("");
    let processes = fs::read_dir("/proc").expect("Linux").flatten().map(|entry| entry.path());
    let left: Vec<_> =
        processes.filter(|it| fs::read_link(it.join("cwd")).is_ok_and(|cwd| cwd.starts_with(&here))).collect();
    assert!(left.is_empty(), "{left:?} still run");
}

fn with_a_refused_key_leaves_the_item_as_it_was(kind: &Kind, program: &str) {
    let scene = Scene::new();
    let turns = json!([{ "fault": { "status": 401 } }]);
    let end = scene.run(kind, program, &turns);
    assert_eq!(end.code, Some(1), "{end:?}");
    let item = scene.item();
    assert_eq!((item.text("state").as_str(), item.number("attempts_used")), ("ready", 0), "{end:?} {item:?}");
    assert!(end.json["problems"].to_string().contains("key"), "{end:?}");
}

fn with_a_spent_budget_is_told_so_and_its_item_fails(kind: &Kind, program: &str) {
    let scene = Scene::new();
    // Each answer says that it used more than the whole item may.
    scene.world.nexus(&["budget", "set", "item:*", "--tokens", "5000"]).done();
    let mut first = (kind.work)("echo hello > made");
    first["usage"] = json!({ "input": 9000, "output": 10 });
    let turns = json!([first, { "text": "It is made." }]);
    let end = scene.run(kind, program, &turns);
    let item = scene.item();
    assert_ne!(item.text("state"), "done", "{end:?} {item:?}");
    let said = scene.world.events().iter().map(ToString::to_string).collect::<String>();
    assert!(said.contains("budget"), "{end:?} {item:?}");
}

fn whose_provider_has_no_quota_left_ends_the_run(kind: &Kind, program: &str) {
    let scene = Scene::new();
    let body = json!({ "error": { "type": "insufficient_quota", "code": "insufficient_quota",
        "message": "You exceeded your current quota, please check your plan and billing details." } });
    let turns = json!([{ "fault": { "status": 429, "headers": { "retry-after": "86400" }, "body": body } }]);
    let end = scene.run(kind, program, &turns);
    assert_eq!(end.code, Some(1), "{end:?}");
    let item = scene.item();
    assert_eq!(item.text("state"), "ready", "{end:?} {item:?}");
    assert_eq!(item.number("attempts_used"), 0, "{end:?}");
}

fn gives_a_second_opinion_and_one_that_does_not_fit_is_none(kind: &Kind, program: &str) {
    let scene = Scene::new();
    let ask = |work_item: &str| {
        let told = json!({ "action": "claim", "work_item": work_item, "reasoning": "it is first" });
        let answer = json!({ "recommendation": told, "confidence": 0.5 });
        let turns = if kind.name == "claude" {
            // The form is a tool of its own there.
            json!([{ "tools": [{ "name": "StructuredOutput", "input": answer }] }, { "text": "It is said." }])
        } else {
            json!([{ "text": answer.to_string() }])
        };
        scene.with_model(kind, program, &turns, &["advise", "recommend", "--ask", kind.name]).json
    };
    let invented = ask("work_7");
    let llm = &invented["llm"];
    assert_eq!((&llm["available"], &llm["outcome"]), (&json!(false), &json!("failed_schema_unmet")), "{invented:#}");
    assert!(llm["reason"].as_str().expect("why").contains("work_7"), "{invented:#}");
    let told = ask(&scene.id);
    let llm = &told["llm"];
    assert_eq!(llm["available"], true, "{told:#}");
    assert_eq!(llm["answer"]["recommendation"]["work_item"], scene.id.as_str());
    assert!(llm["tokens"].as_u64().is_some_and(|tokens| tokens > 0), "the gateway counted: {told:#}");
    assert_eq!(told["claude_available"], kind.name == "claude");
    assert_eq!(ask("work_7")["llm"]["cached"], true, "what it said is known, and it is not asked again");
    assert_eq!(scene.item().text("state"), "ready", "and nothing was done");
}
