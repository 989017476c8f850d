//! The older tool, as a script sees it.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::support::World;

/// What a call printed, and how it ended.
#[derive(Debug)]
pub struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Said {
    /// The answer to `--json`.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}: {self:?}"))
    }

    /// That it ended well; comes back with what it printed.
    pub fn done(self) -> String {
        assert_eq!((self.code, self.err.as_str()), (0, ""), "{self:?}");
        self.out
    }
}

/// A link with the name of the older tool, and a folder for what it keeps.
pub struct Helper<'w> {
    world: &'w World,
    /// What agents share.
    pub folder: PathBuf,
}

impl<'w> Helper<'w> {
    /// Makes the link.
    pub fn new(world: &'w World) -> Self {
        let bin = world.beside("bin");
        std::fs::create_dir_all(&bin).expect("the folder is ours");
        world.nexus(&["coordination", "link", &bin.to_string_lossy()]).done();
        Self { world, folder: world.beside("agent coordination") }
    }

    /// A call, as the agent `zoe`, on the shared folder.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = self.world.command(self.world.beside("bin/coordination_helper.sh"));
        command.current_dir("/").args(args).env("COORDINATION_DIR", &self.folder).env("AGENT_ID", "zoe");
        command
    }

    /// Runs one.
    pub fn says(&self, args: &[&str]) -> Said {
        run(&mut self.command(args))
    }

    /// Claims something; comes back with its id.
    pub fn claim(&self, description: &str) -> String {
        let said = self.says(&["claim", "bug", description, "--json"]);
        assert_eq!(said.code, 0, "{said:?}");
        said.json()["id"].as_str().expect("an id").to_owned()
    }

    /// Calls Nexus by its own name on the same folder.
    pub fn nexus(&self, args: &[&str]) -> crate::support::Asked<'_> {
        self.world.nexus(args).with(&["--data-dir", &self.folder.to_string_lossy()])
    }
}

/// Runs `command` to its end.
pub fn run(command: &mut Command) -> Said {
    let output = command.stdin(Stdio::null()).output().expect("the program can be started");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim_end().to_owned();
    Said {
        code: output.status.code().expect("it ended by itself"),
        out: text(&output.stdout),
        err: text(&output.stderr),
    }
}
