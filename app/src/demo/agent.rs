//! The scripted agents. Each does real work in real files, and writes down what it wrote, outside the worktree.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use engine::problem::Problem;
use engine::sha256_hex;
use serde_json::{Value, json};

use super::files::MODULES;
use super::io;
use crate::cli::Answer;

/// What a scripted agent is told.
#[derive(Debug, clap::Args)]
pub struct AgentArgs {
    /// Which one: worker or sleeper
    #[arg(long = "as", value_parser = ["worker", "sleeper"])]
    part: String,
}

/// Plays one agent.
pub fn agent(args: &AgentArgs) -> Result<Answer, Problem> {
    let stage = std::env::var_os("NEXUS_DEMO").map(PathBuf::from);
    let stage = stage.ok_or_else(|| Problem::malformed("this agent works inside `nexus demo` only"))?;
    match args.part.as_str() {
        "sleeper" => sleeper(&stage),
        _ => worker(&stage),
    }
}

/// One who was started by a run, in its worktree, with its item on standard input.
fn worker(stage: &Path) -> Result<Answer, Problem> {
    let item: Value = serde_json::from_reader(std::io::stdin()).map_err(|e| io("reading the item", &e))?;
    let hand = Hand { stage, folder: PathBuf::from(".") };
    let first = item["attempts_used"] == 1;
    let payload = &item["payload"];
    match (payload["do"].as_str(), item["role"].as_str()) {
        (Some("solve"), Some("fragile")) if first => {
            hand.write("src/title.rs", "//! Title case, half written when its author di")?;
            hand.write("notes/plan é\n.txt", "capitalise each word; \u{1F980} do not forget accents\n")?;
            die();
        }
        (Some("solve"), Some("night"))
            if std::env::var("NEXUS_AGENT_ID").is_ok_and(|name| name.starts_with("night")) =>
        {
            hand.write("src/roman.rs", "//! Roman numerals, half written when the lights went out")?;
            hand.write("night.log", "still here\n")?;
            hand.signal("night.wrote")?;
            sleep_until_killed();
        }
        (Some("solve"), _) => solve(&hand, payload["module"].as_str().unwrap_or_default())?,
        (Some("know"), _) => know(&hand, payload["word"].as_str().unwrap_or_default(), &item, first)?,
        (Some("cheat"), _) => {
            hand.write(
                "src/tidy.rs",
                "//! Tidying white space.\n\npub fn tidy(text: &str) -> String {\n    text.to_string()\n}\n",
            )?;
            hand.write("tests/all/tidy.rs", "#[test]\nfn ends_are_trimmed() {}\n")?;
        }
        _ => {
            let list: String = MODULES.iter().map(|m| format!("- `{}`: {}\n", m.name, m.title)).collect();
            hand.write("README.md", &format!("# tally\n\nSmall tools for text:\n\n{list}"))?;
        }
    }
    let result = std::env::var_os("NEXUS_RESULT_FILE").map(PathBuf::from);
    if let Some(path) = result {
        let said = json!({ "files": hand.count() }).to_string();
        std::fs::write(path, said).map_err(|e| io("leaving the result", &e))?;
    }
    Ok(Answer::silent())
}

fn solve(hand: &Hand<'_>, module: &str) -> Result<(), Problem> {
    let known = MODULES.iter().find(|m| m.name == module).ok_or_else(|| io("looking up", &module))?;
    // A holder tells how far it is through the command line, as any agent would.
    let _ =
        nexus(&["work", "progress", &own("NEXUS_WORK_ID"), "--percent", "50", "--note", "written, not yet read over"]);
    hand.write(&format!("src/{module}.rs"), known.after)
}

/// Adds a word at the end of the one line that both agents change. The first time, each waits until the other has
/// begun too, so that both start from the same branch.
fn know(hand: &Hand<'_>, word: &str, item: &Value, first: bool) -> Result<(), Problem> {
    if first {
        hand.signal(&format!("{word}.began"))?;
        hand.wait_for(if word == "left" { "right.began" } else { "left.began" });
    } else {
        let feedback = item["feedback"].as_str().unwrap_or_default();
        let both = ["left", "right"].iter().all(|w| feedback.contains(&format!("\"{w}\"")));
        if feedback.starts_with("conflict:") && both {
            hand.signal("both.versions")?;
        }
    }
    let text = std::fs::read_to_string("src/known.rs").map_err(|e| io("reading src/known.rs", &e))?;
    hand.write("src/known.rs", &text.replace("\"];", &format!("\", \"{word}\"];")))
}

/// One who claims by itself, is stopped for longer than its lease, and then goes on as if nothing had happened.
fn sleeper(stage: &Path) -> Result<Answer, Problem> {
    let (code, claimed) =
        nexus(&["work", "next", "--agent", "sleeper", "--role", "night", "--ttl", "2s", "--workspace"])?;
    let (Some(id), Some(fence)) = (claimed["id"].as_str(), claimed["fence"].as_i64()) else {
        return Err(io("the sleeper found nothing", &format!("exit {code}: {claimed}")));
    };
    let folder = PathBuf::from(claimed["workspace"]["path"].as_str().unwrap_or_default());
    std::env::set_current_dir(&folder).map_err(|e| io("going to the workspace", &e))?;
    let hand = Hand { stage, folder: PathBuf::from(".") };
    hand.write("src/palindrome.rs", "//! Half a thought about palindromes")?;
    hand.write("dream.txt", "before\n")?;
    hand.signal("sleeper.sleeps")?;
    let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::STOP);

    // Somebody else has the item by now. Nothing of this may count; what is written is kept all the same.
    hand.write("dream.txt", "before\nafter\n")?;
    let fence = fence.to_string();
    let hold = ["--agent", "sleeper", "--fence", &fence];
    let mut refused = 0;
    for verb in [&["renew"][..], &["progress", "--percent", "90"][..], &["report"][..], &["fail"][..], &["release"][..]]
    {
        let mut args = vec!["work", verb[0], id];
        args.extend_from_slice(&verb[1..]);
        args.extend_from_slice(&hold);
        let (code, answer) = nexus(&args)?;
        refused += u32::from(code == 5 && answer["error"]["code"] == "lease_lost");
    }
    std::fs::write(stage.join("sleeper.refused"), refused.to_string()).map_err(|e| io("telling the stage", &e))?;
    Ok(Answer::silent())
}

/// Calls the command line, as agents do: exit code and JSON answer.
fn nexus(args: &[&str]) -> Result<(i32, Value), Problem> {
    let program = std::env::current_exe().map_err(|e| io("finding this program", &e))?;
    let said = Command::new(program).args(args).arg("--json").output().map_err(|e| io("calling nexus", &e))?;
    Ok((said.status.code().unwrap_or(-1), serde_json::from_slice(&said.stdout).unwrap_or(Value::Null)))
}

fn own(name: &str) -> String {
    std::env::var(name).unwrap_or_default()
}

fn die() -> ! {
    let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    unreachable!("SIGKILL ends a process")
}

fn sleep_until_killed() -> ! {
    loop {
        std::thread::sleep(Duration::from_mins(1));
    }
}

/// Writes files, and writes down what it wrote.
struct Hand<'a> {
    stage: &'a Path,
    folder: PathBuf,
}

impl Hand<'_> {
    /// Writes a file of the worktree whole, and logs path and digest outside of it.
    fn write(&self, path: &str, text: &str) -> Result<(), Problem> {
        let target = self.folder.join(path);
        let folder = target.parent().expect("a file is in a folder");
        std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&target, text)).map_err(|e| io("writing", &e))?;
        let by = own("NEXUS_AGENT_ID");
        let grant = format!("{} {} {by}", own("NEXUS_WORK_ID"), own("NEXUS_FENCE"));
        let line = json!({ "grant": grant, "path": path, "sha256": sha256_hex(text.as_bytes()), "bytes": text.len() });
        let log = std::fs::File::options().append(true).create(true).open(self.stage.join("writes.jsonl"));
        log.and_then(|mut log| log.write_all(format!("{line}\n").as_bytes())).map_err(|e| io("logging", &e))
    }

    fn count(&self) -> usize {
        let grant = format!("{} {} {}", own("NEXUS_WORK_ID"), own("NEXUS_FENCE"), own("NEXUS_AGENT_ID"));
        let log = std::fs::read_to_string(self.stage.join("writes.jsonl")).unwrap_or_default();
        log.lines().filter(|line| line.contains(&grant)).count()
    }

    fn signal(&self, name: &str) -> Result<(), Problem> {
        std::fs::write(self.stage.join(name), "").map_err(|e| io("giving a sign", &e))
    }

    /// Waits for a sign of another agent, half a minute at most: without it the show goes on.
    fn wait_for(&self, name: &str) {
        for _ in 0..1_500 {
            if self.stage.join(name).exists() {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}
