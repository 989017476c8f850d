//! Checks: each runs in a clean checkout of one exact tree and leaves a receipt.

use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::time::{Duration, Instant};

use domain::change::{Check, CheckEnding, Policy, Receipt};
use domain::id::ReceiptId;
use store::{change as kept, failpoint};

use crate::agent::{Attended, Room, SandboxKind, View, attend};
use crate::ports::{Inherit, Launch, NeverStarted};
use crate::problem::{Kind, Problem};
use crate::site::Site;
use crate::{random_hex, sha256_hex, wait};

/// How much of a failed check's output its author gets back, in bytes.
const TAIL_BYTES: u64 = 6_000;

/// What the checks said of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Checked {
    /// No check is declared.
    Nothing,
    /// All passed.
    Passed,
    /// One did not; the text says which and shows the end of its output.
    Failed(String),
    /// The caller's duty ended while they ran; nothing is known.
    Interrupted,
}

impl Site {
    /// Runs the checks of `policy` on `commit`, except those that have passed on its tree before. `beat` is asked
    /// again and again whether to go on.
    pub fn check(&self, policy: &Policy, commit: &str, beat: &mut dyn FnMut() -> bool) -> Result<Checked, Problem> {
        if policy.checks.is_empty() {
            return Ok(Checked::Nothing);
        }
        let tree = self.repo.tree(commit)?;
        let known = wait(self.engine.receipts(&tree))?;
        let passed = |check: &&Check| known.iter().any(|r| r.passed() && r.check_digest == digest(check));
        let open: Vec<&Check> = policy.checks.iter().filter(|check| !passed(check)).collect();
        if open.is_empty() {
            return Ok(Checked::Passed);
        }
        let checkout = self.places.checkouts().join(format!("{}-{}", &tree[..12], self.engine.number()));
        self.repo.open_checkout(&checkout, commit)?;
        let outcome = open.iter().try_fold(Checked::Passed, |so_far, check| match so_far {
            Checked::Passed => self.run_check(check, &tree, &checkout, beat),
            ended => Ok(ended),
        });
        let removed = self.repo.remove_worktree(&checkout);
        failpoint!("check.checkout.removed");
        let outcome = outcome?;
        removed?;
        Ok(outcome)
    }

    fn run_check(
        &self,
        check: &Check,
        tree: &str,
        checkout: &Path,
        beat: &mut dyn FnMut() -> bool,
    ) -> Result<Checked, Problem> {
        let id = ReceiptId::numbered(self.engine.number());
        let output = self.places.logs().join("checks").join(format!("{id}.log"));
        make_parent(&output).map_err(|e| self.io("making the folder for output", &e))?;
        let launch = Launch {
            argv: check.argv.clone(),
            dir: checkout.to_path_buf(),
            env: vec![
                ("NEXUS_CHECK".to_owned(), check.name.clone().into()),
                ("NEXUS_TREE".to_owned(), tree.into()),
                ("CI".to_owned(), "true".into()),
                // What an agent wrote may be what runs here: it is inside a run too.
                ("NEXUS_RUN_TOKEN".to_owned(), random_hex::<16>().into()),
            ],
            env_remove: vec!["NEXUS_FAILPOINT".to_owned()],
            inherit: Inherit::All,
            stdin: Vec::new(),
            output: output.clone(),
            output_bytes_max: self.habits.check_output_max,
            caps: self.habits.check_caps(),
            talk: None,
        };
        let room = (self.check_room)()?;
        let kept_in = room.sandbox.kind();
        let own = self.places.logs().join("checks").join(format!("{id}.own"));
        let launch = self.within(&room, launch, &own);
        let began = Instant::now();
        failpoint!("check.start.before");
        let (ending, output_digest, output_bytes) = match launch.and_then(|launch| self.launcher.launch(&launch)) {
            Err(never) => (CheckEnding::NeverStarted(never.0), sha256_hex(b""), 0),
            Ok(mut running) => {
                failpoint!("check.start.after");
                let timeout = Duration::from_millis(check.timeout_ms);
                let attended = attend(running.as_mut(), timeout, self.habits.check_grace, beat);
                let _ = std::fs::remove_dir_all(&own);
                match attended {
                    Attended::Stopped => return Ok(Checked::Interrupted),
                    Attended::Exited(exit) => (CheckEnding::Exited(exit.code), exit.output_digest, exit.output_bytes),
                    Attended::OutOfTime(exit) => (CheckEnding::OutOfTime, exit.output_digest, exit.output_bytes),
                }
            }
        };
        let scope = self.engine.scope();
        let receipt = Receipt {
            id,
            project: scope.project.clone(),
            tree: tree.to_owned(),
            check: check.name.clone(),
            check_digest: digest(check),
            command: check.argv.clone(),
            ending: ending.clone(),
            output_digest,
            output_bytes,
            output_path: output.to_string_lossy().into_owned(),
            tools: self.tools(check, kept_in),
            duration_ms: i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX),
            at: scope.now,
        };
        let passed = receipt.passed();
        wait(self.engine.store.write(async move |tx| kept::insert_receipt(tx, &scope, receipt).await))?;
        if passed {
            return Ok(Checked::Passed);
        }
        // A program that is not on this machine is no fault of the change; one of the tree's own may be.
        if let CheckEnding::NeverStarted(why) = &ending
            && !check.argv[0].contains('/')
        {
            let message = format!("check {:?} cannot start: {why}; install it, or correct nexus.toml", check.name);
            return Err(Problem::new(Kind::Failed, "check_never_started", message));
        }
        let place = match kept_in {
            SandboxKind::None => String::new(),
            kind => format!(", in a sandbox of {} without a network", kind.word()),
        };
        Ok(Checked::Failed(format!("check {:?} did not pass ({ending}{place}):\n{}", check.name, tail(&output))))
    }

    /// A check as it runs in `room`: it can write its checkout and a folder of its `own`.
    fn within(&self, room: &Room, launch: Launch, own: &Path) -> Result<Launch, NeverStarted> {
        let view = View {
            worktree: launch.dir.clone(),
            home: own.join("home"),
            place: own.join("sandbox"),
            common_dir: Some(self.repo.common_dir().to_owned()),
            writable: room.writable.clone(),
            readable: room.readable.clone(),
            variables: room.variables.clone(),
            gateway: None,
        };
        room.sandbox.wrap(launch, &view)
    }

    /// What runs the check: git and ourselves, and what the check names as its tools.
    fn tools(&self, check: &Check, kept_in: SandboxKind) -> Vec<(String, String)> {
        let mut tools = vec![("nexus".to_owned(), env!("CARGO_PKG_VERSION").to_owned())];
        tools.push(("sandbox".to_owned(), kept_in.word().to_owned()));
        tools.push(("git".to_owned(), self.repo.version().unwrap_or_else(|e| e.to_string())));
        tools.extend(check.tools.iter().map(|tool| (tool.clone(), version_of(tool))));
        tools
    }
}

/// The first line of `TOOL --version`. A project names as tools only programs that answer this at once.
fn version_of(tool: &str) -> String {
    let asked = std::process::Command::new(tool).arg("--version").stdin(std::process::Stdio::null()).output();
    match asked {
        Ok(said) => {
            String::from_utf8_lossy(&said.stdout).lines().next().unwrap_or("no version").chars().take(200).collect()
        }
        Err(error) => format!("not found: {error}"),
    }
}

/// Names a check by what it does: another command or timeout is another check.
pub fn digest(check: &Check) -> String {
    let mut text = format!("{}\n{}\n", check.name, check.timeout_ms);
    for part in &check.argv {
        text.push_str(&format!("{}:{part}\n", part.len()));
    }
    sha256_hex(text.as_bytes())
}

/// The end of an output file, as text.
pub fn tail(output: &Path) -> String {
    let read = || {
        let mut file = std::fs::File::open(output)?;
        let bytes = file.metadata()?.len();
        file.seek(SeekFrom::Start(bytes.saturating_sub(TAIL_BYTES)))?;
        let mut end = Vec::new();
        file.take(TAIL_BYTES).read_to_end(&mut end)?;
        Ok::<_, std::io::Error>(end)
    };
    String::from_utf8_lossy(&read().unwrap_or_default()).into_owned()
}

pub(crate) fn make_parent(path: &Path) -> std::io::Result<()> {
    path.parent().map_or(Ok(()), std::fs::create_dir_all)
}
