//! The steps about the words of the older tool.

use std::process::Stdio;

use super::Step;
use super::world::text;

/// Words as a shell would take them; what is between single quotes is one.
fn split(line: &str) -> Vec<String> {
    line.split('\'').enumerate().fold(Vec::new(), |mut words, (n, part)| {
        if n % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
        words
    })
}

pub const STEPS: &[Step] = &[
    ("the older tool is asked {}", |s, a, _| s.ask_older(&split(a[0]))),
    ("it answers with {}", |s, a, _| {
        let (code, said) = s.older();
        assert!(code == 0 && said.contains(a[0]), "{code}: {said}");
    }),
    ("it ends with {} and says {}", |s, a, _| {
        let (code, said) = s.older();
        assert!(code.to_string() == a[0] && said.contains(a[1]), "{code}: {said}");
    }),
    ("{} here shows {}", |s, a, _| {
        let folder = s.older_folder();
        let list = s.world.ok(split(a[0]).iter().map(String::as_str).chain(["--data-dir", &folder]));
        assert!(list.as_array().expect("a list").iter().any(|it| text(it, "title") == a[1]), "{list}");
    }),
];

/// What the older tool said last.
#[derive(Default)]
pub struct Older {
    code: i32,
    said: String,
    claimed: String,
}

impl super::stage::Stage {
    fn older_folder(&self) -> String {
        self.world.beside("agent coordination").to_string_lossy().into_owned()
    }

    /// Asks with `words`, in which `ID` stands for what was claimed last.
    fn ask_older(&mut self, words: &[String]) {
        let bin = self.world.beside("bin");
        if !bin.exists() {
            std::fs::create_dir_all(&bin).expect("the folder is ours");
            self.world.ok(["coordination", "link", &bin.to_string_lossy()]);
        }
        let words: Vec<&str> =
            words.iter().map(|it| if it == "ID" { self.older.claimed.as_str() } else { it.as_str() }).collect();
        let mut command = self.world.command(bin.join("coordination_helper.sh"));
        command.args(&words).env("COORDINATION_DIR", self.older_folder()).env("AGENT_ID", "zoe");
        let output = command.stdin(Stdio::null()).output().expect("the link can be started");
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        let id = said.split_whitespace().find(|word| word.starts_with("work_")).map(str::to_owned);
        let claimed = id.unwrap_or_else(|| std::mem::take(&mut self.older.claimed));
        self.older = Older { code: output.status.code().expect("it ended by itself"), said, claimed };
    }

    fn older(&self) -> (i32, &str) {
        (self.older.code, &self.older.said)
    }
}
