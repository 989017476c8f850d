//! The stage: a scratch repository, a store, a backlog.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus};
use std::sync::Arc;
use std::time::Duration;

use domain::time::Ttl;
use engine::problem::Problem;
use engine::{Engine, SystemClock, wait};
use serde_json::json;
use store::{Mode, Store};

use crate::http::{Serving, socket};

use super::files::{CRATE, MODULES};
use super::io;

/// Everything the demo happens on.
pub struct Scene {
    /// The folder that holds it all.
    pub folder: PathBuf,
    /// The repository.
    pub repo: PathBuf,
    /// The store's folder.
    pub data: PathBuf,
    /// The engine on that store.
    pub engine: Engine,
    /// Key → item.
    pub items: Vec<(String, String)>,
    /// This program.
    pub program: PathBuf,
    /// The kind of real agent that plays along, if any.
    pub real: Option<String>,
    quiet: bool,
}

impl Scene {
    /// Builds it in `folder`.
    pub fn build(folder: &Path, quiet: bool, real: Option<&str>) -> Result<Self, Problem> {
        let folder = folder.canonicalize().map_err(|e| io("finding the folder", &e))?;
        let repo = folder.join("tally");
        let data = repo.join(".nexus");
        let program = std::env::current_exe().map_err(|e| io("finding this program", &e))?;
        write_crate(&repo)?;
        let engine = unready(&folder)?;
        let real = real.map(str::to_owned);
        let mut scene = Self { engine, items: Vec::new(), folder, repo, data, program, real, quiet };
        scene.git(&["init", "--quiet", "--initial-branch=main"])?;
        scene.git(&["add", "--all"])?;
        scene.git(&["commit", "--quiet", "--message", "A crate with gaps"])?;
        scene.nexus(&["init", "--json"])?;
        scene.engine = opened(&scene.data.join(crate::locate::STORE))?;
        let backlog = scene.folder.join("backlog.jsonl");
        let mut text = backlog_text();
        if scene.real.is_some() {
            text.push_str(&format!("{}\n", super::real::item()));
        }
        std::fs::write(&backlog, &text).map_err(|e| io("writing the backlog", &e))?;
        let all = wait(engine::work::import(&scene.engine, &backlog.to_string_lossy(), &text))?;
        scene.items = all.into_iter().map(|imported| (imported.key, imported.item.id)).collect();
        scene.say(&format!("{} items in the backlog of {}", scene.items.len(), scene.repo.display()));
        Ok(scene)
    }

    /// Says a line to whoever watches.
    pub fn say(&self, text: &str) {
        if !self.quiet {
            anstream::eprintln!("{text}");
        }
    }

    /// The item of a key of the backlog.
    pub fn item(&self, key: &str) -> &str {
        let found = self.items.iter().find(|(k, _)| k == key);
        &found.unwrap_or_else(|| panic!("the backlog has {key}")).1
    }

    /// The environment of every process on stage: nothing of the caller's builds or stores gets in.
    pub fn environment(&self, command: &mut Command) {
        let builds = ["CARGO_TARGET_DIR", "RUSTFLAGS", "CARGO_BUILD_TARGET"];
        for name in builds.iter().chain(&["NEXUS_DIR", "NEXUS_PROJECT", "NEXUS_FAILPOINT", "NEXUS_URL"]) {
            command.env_remove(name);
        }
        let set: [(&str, OsString); 8] = [
            ("XDG_STATE_HOME", self.folder.join("state").into()),
            ("NEXUS_DEMO", self.folder.clone().into()),
            ("NEXUS_HISTORY", self.calls().into()),
            ("GIT_CONFIG_GLOBAL", "/dev/null".into()),
            ("GIT_AUTHOR_NAME", "Demo".into()),
            ("GIT_AUTHOR_EMAIL", "demo@localhost".into()),
            ("GIT_COMMITTER_NAME", "Demo".into()),
            ("GIT_COMMITTER_EMAIL", "demo@localhost".into()),
        ];
        command.envs(set).current_dir(&self.repo);
    }

    /// What this process serves to those on stage.
    pub fn serving(&self) -> Serving {
        let usual_ttl = Ttl::from_millis(30_000).expect("it is between a second and a day");
        Serving { engine: self.engine.clone(), site: None, usual_ttl, socket: socket::place(&self.data), model: None }
    }

    /// Where callers record their calls.
    pub fn calls(&self) -> PathBuf {
        self.folder.join("calls.jsonl")
    }

    /// Where agents record what they write.
    pub fn writes(&self) -> PathBuf {
        self.folder.join("writes.jsonl")
    }

    /// Runs git on the repository.
    pub fn git(&self, args: &[&str]) -> Result<String, Problem> {
        self.run(Command::new("git"), args)
    }

    /// Runs this program on the repository.
    pub fn nexus(&self, args: &[&str]) -> Result<String, Problem> {
        self.run(Command::new(&self.program), args)
    }

    fn run(&self, mut command: Command, args: &[&str]) -> Result<String, Problem> {
        self.environment(&mut command);
        let said =
            command.args(args).output().map_err(|e| io(&format!("running {}", command.get_program().display()), &e))?;
        if !said.status.success() {
            let words = format!("{}{}", String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
            return Err(io(&format!("{} {}", command.get_program().display(), args.join(" ")), &words.trim()));
        }
        Ok(String::from_utf8_lossy(&said.stdout).into_owned())
    }
}

/// A store in memory, until the real one is there.
fn unready(_: &Path) -> Result<Engine, Problem> {
    Ok(Engine::new(Store::in_memory()?, domain::text::Project::default(), Arc::new(SystemClock)))
}

fn opened(path: &Path) -> Result<Engine, Problem> {
    Ok(Engine::new(Store::open(path, Mode::Loop)?, domain::text::Project::default(), Arc::new(SystemClock)))
}

fn write_crate(repo: &Path) -> Result<(), Problem> {
    let write = |path: String, text: &str| {
        let path = repo.join(path);
        let folder = path.parent().expect("a file is in a folder");
        std::fs::create_dir_all(folder)
            .and_then(|()| std::fs::write(&path, text))
            .map_err(|e| io("writing the crate", &e))
    };
    for (path, text) in CRATE {
        write((*path).to_owned(), text)?;
    }
    for module in MODULES {
        write(format!("src/{}.rs", module.name), module.before)?;
        write(format!("tests/all/{}.rs", module.name), module.tests)?;
    }
    Ok(())
}

fn backlog_text() -> String {
    let mut lines: Vec<_> = MODULES
        .iter()
        .map(|m| {
            // What others wait for goes first.
            let wanted = MODULES.iter().any(|other| other.needs.contains(&m.name));
            let priority = if m.role == "night" {
                "critical"
            } else if wanted {
                "high"
            } else {
                "medium"
            };
            json!({
                "key": m.name, "title": m.title, "type": "code", "role": m.role, "priority": priority,
                "depends_on": m.needs, "acceptance": format!("the tests in tests/all/{}.rs pass", m.name),
                "payload": { "do": "solve", "module": m.name },
            })
        })
        .collect();
    for word in ["left", "right"] {
        lines.push(json!({
            "key": word, "title": format!("Let everybody know the word \"{word}\""), "role": word, "priority": "high",
            "payload": { "do": "know", "word": word },
        }));
    }
    lines.push(json!({
        "key": "tidy", "title": "Let tidy keep the white space it is given", "role": "shortcut", "attempts_max": 1,
        "payload": { "do": "cheat" },
    }));
    lines.push(json!({
        "key": "readme", "title": "Say in the README what there is", "role": "builder", "type": "docs", "priority": "low",
        "depends_on": ["summary", "top"], "payload": { "do": "readme" },
    }));
    lines.iter().map(|line| format!("{line}\n")).collect()
}

/// Waits until `come` has come, asking every few milliseconds; gives up after three minutes.
pub fn wait_until(what: &str, mut come: impl FnMut() -> bool) -> Result<(), Problem> {
    const ASK: Duration = Duration::from_millis(20);
    for _ in 0..9_000 {
        if come() {
            return Ok(());
        }
        std::thread::sleep(ASK);
    }
    Err(io("gave up waiting", &what))
}

/// How `child` ended. One that does not is killed, and that is said.
pub fn end_of(child: &mut Child, who: &str) -> Result<ExitStatus, Problem> {
    let mut ended = None;
    let waited = wait_until(&format!("{who} ends"), || {
        ended = child.try_wait().ok().flatten();
        ended.is_some()
    });
    if waited.is_err() {
        let _ = child.kill();
        let _ = child.wait();
    }
    waited.map(|()| ended.expect("it has ended"))
}
