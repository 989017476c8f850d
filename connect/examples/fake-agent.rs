//! An agent for tests that speaks as Claude Code or as ACP agents do, and misbehaves as it is told:
//! `FAKE_AGENT='claude flood' fake-agent …`.

use std::io::{BufRead, Write};
use std::process::{Command, ExitCode};

fn main() -> ExitCode {
    let told = std::env::var("FAKE_AGENT").unwrap_or_default();
    let (speech, deed) = told.split_once(' ').unwrap_or((&told, "done"));
    let mut lines = std::io::stdin().lock().lines().map_while(Result::ok);
    match speech {
        "claude" => claude(deed, &mut lines),
        _ => acp(deed, &mut lines),
    }
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    // Whoever does not listen any more does not matter.
    let _ = writeln!(out, "{line}").and_then(|()| out.flush());
}

/// Waits for ever, or as long as somebody holds our input.
fn hang() -> ! {
    loop {
        std::thread::park();
    }
}

fn claude(deed: &str, lines: &mut impl Iterator<Item = String>) -> ExitCode {
    if deed == "deaf" {
        // It reads nothing of what it is told.
        result(true);
        return ExitCode::SUCCESS;
    }
    let prompt = lines.find(|line| line.contains("\"type\":\"user\"")).unwrap_or_default();
    say(
        r#"{"type":"system","subtype":"init","session_id":"s-1","model":"fake","tools":["Bash"],"mcp_servers":[{"name":"plat","status":"failed"}]}"#,
    );
    match deed {
        "done" | "longer" => {}
        "orphan" => {
            let script = "exec 3>witness; setsid sh -c 'setsid sleep 1000 & exec sleep 1000' >&3 2>&1 &";
            let _ = Command::new("sh").args(["-c", script]).status();
        }
        "hang" => {
            let _ = Command::new("sh").args(["-c", "exec 3>witness; setsid sleep 1000 >&3 2>&1 &"]).status();
            hang();
        }
        "interruptible" => {
            lines.find(|line| line.contains("interrupt"));
            say(r#"{"type":"control_response","response":{"subtype":"success","request_id":"interrupt"}}"#);
            say(
                r#"{"type":"result","subtype":"error_during_execution","is_error":true,"terminal_reason":"aborted_tools"}"#,
            );
            return ExitCode::SUCCESS;
        }
        "flood" => loop {
            say(&"x".repeat(10_000));
        },
        "fork" => {
            let children: Vec<_> = (0..20).map(|_| Command::new("sleep").arg("1000").spawn()).collect();
            drop(children);
            hang();
        }
        "eat" => {
            let food = vec![1_u8; 200_000_000];
            say(&format!(r#"{{"type":"burp","bytes":{}}}"#, food.iter().map(|&it| u64::from(it)).sum::<u64>()));
            hang();
        }
        "turns" => {
            for n in 0..50 {
                say(&format!(
                    r#"{{"type":"assistant","message":{{"id":"m{n}","content":[],"usage":{{"input_tokens":100}}}}}}"#
                ));
            }
            hang();
        }
        "ask" => {
            say(
                r#"{"type":"control_request","request_id":"q","request":{"subtype":"can_use_tool","tool_name":"Bash","input":{"command":"rm -r x"}}}"#,
            );
            let answer = lines.find(|line| line.contains("behavior")).unwrap_or_default();
            let word = if answer.contains("\"behavior\":\"allow\"") { "allowed" } else { "denied" };
            say(&format!(
                r#"{{"type":"assistant","message":{{"id":"m","content":[{{"type":"text","text":"{word}"}}]}}}}"#
            ));
        }
        "half" => {
            print!("{{\"type\":\"result\",\"subtype\":\"succ");
            return ExitCode::SUCCESS;
        }
        "silent" => return ExitCode::SUCCESS,
        "long" => say(&format!("{{\"type\":\"assistant\",\"x\":\"{}\"}}", "y".repeat(5_000_000))),
        "binary" => {
            let _ = std::io::stdout().write_all(b"\xff\xfe\x00\x01\n{\"type\":\"\xff\"}\n");
        }
        "lie" => {
            result(true);
            return ExitCode::from(1);
        }
        "sorry" => {
            result(false);
            return ExitCode::SUCCESS;
        }
        "stay" => {
            result(true);
            hang();
        }
        _ => return ExitCode::from(2),
    }
    say(&format!("{{\"type\":\"heard\",\"bytes\":{}}}", prompt.len()));
    result(true);
    ExitCode::SUCCESS
}

fn result(good: bool) {
    say(&format!(
        r#"{{"type":"result","subtype":"success","is_error":{},"result":"all done","api_error_status":{},"terminal_reason":"completed","usage":{{"input_tokens":5,"output_tokens":2}}}}"#,
        !good,
        if good { "null" } else { "401" }
    ));
}

fn acp(deed: &str, lines: &mut impl Iterator<Item = String>) -> ExitCode {
    let mut await_line = |word: &str| lines.find(|line| line.contains(word)).unwrap_or_default();
    await_line("initialize");
    let version = if deed == "future" { 9 } else { 1 };
    say(&format!(r#"{{"jsonrpc":"2.0","id":1,"result":{{"protocolVersion":{version}}}}}"#));
    if deed == "future" {
        return ExitCode::SUCCESS;
    }
    await_line("session/new");
    if deed == "stranger" {
        say(r#"{"jsonrpc":"2.0","id":2,"error":{"code":-32000,"message":"Authentication required"}}"#);
        return ExitCode::SUCCESS;
    }
    say(r#"{"jsonrpc":"2.0","id":2,"result":{"sessionId":"s-2"}}"#);
    await_line("session/prompt");
    if deed == "cancel" {
        await_line("session/cancel");
        say(r#"{"jsonrpc":"2.0","id":3,"result":{"stopReason":"cancelled"}}"#);
        return ExitCode::SUCCESS;
    }
    say(
        r#"{"jsonrpc":"2.0","id":"p","method":"session/request_permission","params":{"toolCall":{"title":"shell","kind":"execute"},"options":[{"optionId":"for-good","kind":"allow_always"},{"optionId":"once","kind":"allow_once"},{"optionId":"no","kind":"reject_once"}]}}"#,
    );
    let answer = await_line("outcome");
    let chosen = ["for-good", "once", "no"].into_iter().find(|it| answer.contains(&format!("\"{it}\"")));
    say(&format!(
        r#"{{"jsonrpc":"2.0","method":"session/update","params":{{"update":{{"sessionUpdate":"agent_message_chunk","content":{{"type":"text","text":"{}"}}}}}}}}"#,
        chosen.unwrap_or("nothing")
    ));
    say(r#"{"jsonrpc":"2.0","id":3,"result":{"stopReason":"end_turn","usage":{"inputTokens":3,"outputTokens":4}}}"#);
    ExitCode::SUCCESS
}
