//! How agents are started.

use connect::agent::{KINDS, runtime};
use engine::agent::{Pass, Plan, RunSpec};

fn spec() -> RunSpec {
    let address = "127.0.0.1:4000".parse().expect("it is one");
    RunSpec {
        prompt: "do it".to_owned(),
        home: "/state/home".into(),
        workspace: "/state/tree".into(),
        model: Some("m-1".to_owned()),
        pass: Some(Pass { token: "run-token".to_owned(), address, socket: "/state/model.sock".into() }),
        ..RunSpec::default()
    }
}

fn plan(kind: &str, spec: &RunSpec) -> Plan {
    runtime(kind, &["it".to_owned()]).expect("there is such a kind").plan(spec).expect("it can be started")
}

fn value(plan: &Plan, name: &str) -> Option<String> {
    plan.env.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.to_string_lossy().into_owned())
}

#[test]
fn every_kind_in_the_list_can_be_planned_and_says_its_own_name() {
    for kind in KINDS {
        let runtime = runtime(kind.name, &["it".to_owned()]).expect("it is in the list");
        assert_eq!(runtime.name(), kind.name);
        assert!(!runtime.plan(&spec()).expect("it can be started").argv.is_empty());
    }
    assert!(runtime("no-such-kind", &[]).is_none());
}

#[test]
fn what_a_repository_brings_along_is_switched_off() {
    let claude = plan("claude", &spec()).argv;
    let after = |flag: &str| claude.iter().position(|it| it == flag).map(|at| claude[at + 1].as_str());
    assert_eq!(after("--setting-sources"), Some(""));
    assert!(claude.iter().any(|it| it == "--strict-mcp-config"));
    assert!(plan("qwen", &spec()).argv.iter().any(|it| it == "--bare"));
    assert_eq!(value(&plan("opencode", &spec()), "OPENCODE_DISABLE_PROJECT_CONFIG").as_deref(), Some("1"));
}

#[test]
fn with_a_pass_every_kind_calls_our_gateway_with_the_pass_alone() {
    for (kind, variable, address) in [
        ("claude", "ANTHROPIC_BASE_URL", "http://127.0.0.1:4000/model/anthropic"),
        ("claude-acp", "ANTHROPIC_BASE_URL", "http://127.0.0.1:4000/model/anthropic"),
        ("gemini", "GOOGLE_GEMINI_BASE_URL", "http://127.0.0.1:4000/model/gemini"),
        ("goose", "OPENAI_HOST", "http://127.0.0.1:4000/model/openai"),
        ("qwen", "OPENAI_BASE_URL", "http://127.0.0.1:4000/model/openai/v1"),
    ] {
        let plan = plan(kind, &spec());
        assert_eq!(value(&plan, variable).as_deref(), Some(address), "{kind}");
        assert!(plan.env.iter().any(|(_, value)| value == "run-token"), "{kind}");
        assert!(!plan.argv.iter().any(|it| it.contains("run-token")), "{kind}: others see arguments");
    }
    let codex = plan("codex", &spec());
    assert!(codex.argv.iter().any(|it| it.contains("base_url=\"http://127.0.0.1:4000/model/openai/v1\"")));
    assert_eq!(value(&codex, "NEXUS_MODEL_KEY").as_deref(), Some("run-token"));
    // A repository's own file with variables goes before the environment there, and not before this file.
    let aider = plan("aider", &spec());
    let at = aider.argv.iter().position(|it| it == "--env-file").expect("it is told of a file");
    assert_eq!(aider.argv[at + 1], "/state/home/aider.env");
    let (_, variables) = aider.files.iter().find(|(path, _)| path.ends_with("aider.env")).expect("it is written");
    assert!(variables.contains("OPENAI_API_KEY=run-token\nOPENAI_API_BASE=http://127.0.0.1:4000/model/openai/v1\n"));
    assert!(!aider.argv.iter().any(|it| it.contains("run-token")), "others see arguments");
}

#[test]
fn a_sandbox_of_its_own_is_switched_off_in_ours_alone() {
    let mode = |spec: &RunSpec| value(&plan("codex-acp", spec), "INITIAL_AGENT_MODE");
    assert_eq!(mode(&RunSpec { kept_in: true, ..spec() }).as_deref(), Some("agent-full-access"));
    assert_eq!(mode(&RunSpec { kept_in: false, ..spec() }).as_deref(), Some("workspace-write"));
    assert_eq!(mode(&RunSpec { kept_in: false, answer_only: true, ..spec() }).as_deref(), Some("read-only"));
    let codex = |kept_in| plan("codex", &RunSpec { kept_in, ..spec() }).argv.join(" ");
    assert!(codex(true).contains("-s danger-full-access") && codex(false).contains("-s workspace-write"));
}

#[test]
fn a_run_has_folders_of_its_own_unless_it_needs_the_login_of_a_person() {
    assert_eq!(value(&plan("claude", &spec()), "CLAUDE_CONFIG_DIR").as_deref(), Some("/state/home/claude"));
    assert_eq!(value(&plan("codex", &spec()), "CODEX_HOME").as_deref(), Some("/state/home/codex"));
    let own = RunSpec { pass: None, own_login: true, ..spec() };
    assert_eq!(value(&plan("claude", &own), "CLAUDE_CONFIG_DIR"), None);
    assert_eq!(value(&plan("codex", &own), "CODEX_HOME"), None);
}

#[test]
fn an_agent_that_is_only_to_answer_gets_no_tools_where_its_kind_can_do_without() {
    let spec = RunSpec { answer_only: true, ..spec() };
    let (claude, codex) = (plan("claude", &spec).argv, plan("codex", &spec).argv);
    let after = |argv: &[String], flag: &str| argv.iter().position(|it| it == flag).map(|at| argv[at + 1].clone());
    assert_eq!(after(&claude, "--tools").as_deref(), Some(""));
    assert_eq!(after(&claude, "--permission-mode").as_deref(), Some("manual"));
    assert_eq!(after(&codex, "-s").as_deref(), Some("read-only"));
    assert!(!plan("goose", &spec).argv.iter().any(|it| it == "developer"));
}
