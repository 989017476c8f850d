//! What a scenario has on stage: items, agents, workspaces, and the answer to what was done last.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde_json::Value;

use super::dropin::Older;
use super::world::{Said, World, said, text, until};

/// One scenario under way.
pub struct Stage {
    /// Where it plays.
    pub world: World,
    /// The last answer, and whether anything has been said about it since.
    last: Option<(Vec<String>, Said, bool)>,
    ids: BTreeMap<String, String>,
    grants: BTreeMap<(String, String), Grant>,
    /// Where files were restored to.
    pub restored: Option<PathBuf>,
    /// What the older tool said last.
    pub older: Older,
}

/// What a claim gave to an agent.
#[derive(Clone)]
struct Grant {
    fence: String,
    workspace: Option<PathBuf>,
}

impl Stage {
    pub fn new() -> Self {
        let world = World::new();
        Self {
            world,
            last: None,
            ids: BTreeMap::new(),
            grants: BTreeMap::new(),
            restored: None,
            older: Older::default(),
        }
    }

    /// Does `nexus ARGS`. A failure has to be looked at by one of the next steps.
    pub fn act<S: Into<String>>(&mut self, args: impl IntoIterator<Item = S>) {
        let args: Vec<String> = args.into_iter().map(Into::into).collect();
        let said = self.world.run(&args);
        self.take(args, said);
    }

    /// The same inside a run.
    pub fn act_inside_a_run<S: Into<String>>(&mut self, args: impl IntoIterator<Item = S>) {
        let args: Vec<String> = args.into_iter().map(Into::into).collect();
        let said = said(self.world.nexus(&args).arg("--json").env("NEXUS_RUN_TOKEN", "of-this-run"));
        self.take(args, said);
    }

    /// Does what was done last once more.
    pub fn again(&mut self) {
        let (args, ..) = self.last.take().expect("something was done");
        self.act(args);
    }

    fn take(&mut self, args: Vec<String>, said: Said) {
        self.settle();
        self.last = Some((args, said, false));
    }

    /// Nothing that failed may go without a word.
    pub fn settle(&self) {
        if let Some((args, said, looked_at)) = &self.last {
            assert!(said.code == 0 || *looked_at, "nexus {args:?} ended with {}: {}{}", said.code, said.out, said.err);
        }
    }

    /// The last answer, which is looked at now.
    pub fn answer(&mut self) -> &Said {
        let (_, said, looked_at) = self.last.as_mut().expect("something was done");
        *looked_at = true;
        said
    }

    /// The last answer, which has to be one of success.
    pub fn success(&mut self) -> Value {
        let said = self.answer();
        assert_eq!(said.code, 0, "{}{}", said.out, said.err);
        said.json()
    }

    /// Whether what was done last was done.
    pub fn succeeded(&self) -> bool {
        self.last.as_ref().is_some_and(|(_, said, _)| said.code == 0)
    }

    /// Adds an item, and remembers it by its title.
    pub fn add(&mut self, title: &str, options: &[&str]) {
        self.act(["work", "add", title].iter().chain(options).copied());
        let id = text(&self.success(), "id");
        self.name(title, id);
    }

    /// Remembers an item.
    pub fn name(&mut self, title: &str, id: String) {
        self.ids.insert(title.to_owned(), id);
    }

    /// The id of the item with this title.
    pub fn id(&self, title: &str) -> String {
        self.ids.get(title).unwrap_or_else(|| panic!("no item is called {title:?}")).clone()
    }

    /// The item with this title.
    pub fn item(&self, title: &str) -> Value {
        self.world.item(&self.id(title))
    }

    /// Claims an item, and remembers what the claim gave.
    pub fn claim(&mut self, agent: &str, title: &str, options: &[&str]) {
        let id = self.id(title);
        let args = ["work", "claim", &id, "--agent", agent].into_iter().chain(options.iter().copied());
        self.act(args);
        self.granted(agent);
    }

    /// Asks for whatever comes next.
    pub fn next(&mut self, agent: &str, options: &[&str]) {
        self.act(["work", "next", "--agent", agent].into_iter().chain(options.iter().copied()));
        self.granted(agent);
    }

    /// Asks for whatever comes next until there is something.
    pub fn wait_for_next(&mut self, agent: &str) {
        self.settle();
        let args: Vec<String> = ["work", "next", "--agent", agent].map(str::to_owned).into();
        let said = until("being given work", || {
            let said = self.world.run(&args);
            (said.code != 4).then_some(said)
        });
        self.take(args, said);
        self.granted(agent);
    }

    /// Remembers what the last answer gave to `agent`.
    pub fn granted(&mut self, agent: &str) {
        let (_, said, _) = self.last.as_ref().expect("something was done");
        if said.code != 0 {
            return;
        }
        let json = said.json();
        let workspace = json["workspace"]["path"].as_str().map(PathBuf::from);
        let title = text(&json, "title");
        self.grants.insert((agent.to_owned(), title), Grant { fence: json["fence"].to_string(), workspace });
    }

    /// `--agent A --fence N` as `agent` got them for `title`, however long ago.
    pub fn hold(&self, agent: &str, title: &str) -> [String; 4] {
        ["--agent".to_owned(), agent.to_owned(), "--fence".to_owned(), self.grant(agent, title).fence]
    }

    /// The workspace in which `agent` works on `title`.
    pub fn workspace(&self, agent: &str, title: &str) -> PathBuf {
        self.grant(agent, title).workspace.expect("it was claimed with a workspace")
    }

    fn grant(&self, agent: &str, title: &str) -> Grant {
        let key = (agent.to_owned(), title.to_owned());
        self.grants.get(&key).unwrap_or_else(|| panic!("{agent} never had {title:?}")).clone()
    }

    /// Does `nexus work VERB` as the holder that `agent` is, or was.
    pub fn as_holder(&mut self, agent: &str, verb: &str, title: &str, options: &[&str]) {
        let mut args = vec!["work".to_owned(), verb.to_owned(), self.id(title)];
        args.extend(self.hold(agent, title));
        args.extend(options.iter().map(|&option| option.to_owned()));
        self.act(args);
    }

    /// Every change made for an item, oldest first.
    pub fn changes(&self, title: &str) -> Vec<Value> {
        let (all, id) = (self.world.ok(["change", "list"]), self.id(title));
        all.as_array().expect("a list").iter().filter(|it| it["item"] == id.as_str()).cloned().collect()
    }

    /// The latest change made for an item.
    pub fn change(&self, title: &str) -> Value {
        self.changes(title).pop().unwrap_or_else(|| panic!("nothing was made for {title:?}"))
    }
}
