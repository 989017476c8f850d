//! What a command works with: settings, store, and for some the repository and processes.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use connect::git::Git;
use connect::process::Processes;
use engine::audit::{Heads, Webhook};
use engine::history::History;
use engine::problem::{Kind, Problem};
use engine::site::{Habits, Places, Site};
use engine::{Engine, SystemClock};
use store::{Mode, Store};

use crate::cli::Global;
use crate::http::{self, Serving, socket};
use crate::locate;
use crate::settings::{self, Loaded, Settings};

/// A command's surroundings, as far as they are known before anything is opened.
pub struct Here {
    /// Where the command was called, or what `--repo` says.
    pub from: PathBuf,
    /// The settings, with their sources.
    pub loaded: Loaded,
    /// The folder of the store.
    pub data: PathBuf,
}

impl Here {
    /// Finds the store's folder and reads the settings beside it.
    pub fn find(global: &Global) -> Result<Self, Problem> {
        let from = global.repo.clone().unwrap_or_else(|| PathBuf::from("."));
        let data = locate::find_data_dir(global.data_dir.as_deref(), &from)?;
        Self::at(global, from, data)
    }

    /// For a command that talks to a server which was named: there need be no store here, and no file is read.
    pub fn away(global: &Global) -> Result<Self, Problem> {
        Self::at(global, global.repo.clone().unwrap_or_else(|| PathBuf::from(".")), PathBuf::new())
    }

    fn at(global: &Global, from: PathBuf, data: PathBuf) -> Result<Self, Problem> {
        let mut flags = Vec::new();
        flags.extend(global.project.clone().map(|project| ("project", project)));
        flags.extend(global.database_url.clone().map(|url| ("database_url", url)));
        flags.extend(global.set.iter().cloned());
        let env = |name: &str| std::env::var(name).ok();
        let file = if data.as_os_str().is_empty() { PathBuf::from("/dev/null") } else { data.join("config.toml") };
        let loaded = settings::load(global.profile.as_deref(), &file, &env, &flags)
            .map_err(|bad| Problem::new(Kind::Malformed, "bad_setting", bad.to_string()))?;
        Ok(Self { from, loaded, data })
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.loaded.settings
    }

    /// The store that is there.
    pub fn store(&self, mode: Mode) -> Result<Store, Problem> {
        Ok(match &self.settings().database_url {
            Some(url) => Store::open_database(url, mode)?,
            None => Store::open(&self.data.join(locate::STORE), mode)?,
        })
    }

    /// The engine on the store that is there, for whoever looks for what is wrong with it.
    pub fn engine_to_look(&self) -> Result<Engine, Problem> {
        match &self.settings().database_url {
            Some(_) => self.engine(Mode::Direct),
            None => Ok(self.engine_over(Store::open_to_look(&self.data.join(locate::STORE))?)),
        }
    }

    /// Where the store is, for people.
    pub fn place(&self) -> String {
        match &self.settings().database_url {
            Some(url) => url.to_string(),
            None => self.data.display().to_string(),
        }
    }

    /// Whether there is a store to open: a file, or the address of a database.
    pub fn names_a_store(&self) -> bool {
        self.settings().database_url.is_some() || self.data.join(locate::STORE).exists()
    }

    /// The engine on the store that is there.
    pub fn engine(&self, mode: Mode) -> Result<Engine, Problem> {
        Ok(self.engine_over(self.store(mode)?))
    }

    /// The engine on `store`.
    pub fn engine_over(&self, store: Store) -> Engine {
        let settings = self.settings();
        let mut engine = Engine::new(store, settings.project.clone(), Arc::new(SystemClock));
        engine.head_start = settings.head_start;
        engine.attempts_max = settings.attempts_max;
        engine.retry = (settings.retry.delay_ms > 0).then_some(settings.retry);
        engine.presence = settings.presence;
        engine.escalation = settings.escalation.clone();
        engine.history = Self::history();
        engine.planning = settings.planning;
        engine
    }

    /// Where this caller's calls are recorded, if anywhere.
    pub fn history() -> Option<History> {
        std::env::var_os("NEXUS_HISTORY").and_then(|path| History::open(Path::new(&path)).ok())
    }

    /// Where a server listens that has this store open.
    pub fn socket(&self) -> PathBuf {
        match &self.settings().database_url {
            Some(url) => socket::place_of_database(&self.data, &url.to_string()),
            None => socket::place(&self.data),
        }
    }

    /// What a server over `engine` serves.
    pub fn serving(&self, engine: Engine, site: Option<Site>) -> Serving {
        Serving { engine, site, usual_ttl: self.settings().lease_ttl, socket: self.socket(), model: None }
    }

    /// What calls of models are passed on with.
    pub fn model_means(&self) -> Result<http::model::Means, Problem> {
        http::model::means(&self.settings().model, &self.data)
    }

    /// The model gateway of a run over `engine`; `None` when there is no key to call with, or nobody wants one.
    pub fn gateway(&self, engine: &Engine) -> Result<Option<Arc<dyn engine::agent::Gateway>>, Problem> {
        let means = self.model_means()?;
        if !self.settings().model.gateway || !means.keys.any() {
            return Ok(None);
        }
        Ok(Some(Arc::new(http::model::ModelGateway::start(engine.clone(), means)?)))
    }

    /// What starts programs.
    pub fn launcher() -> Result<Processes, Problem> {
        let keeper = std::env::current_exe().map_err(|e| Problem::new(Kind::Failed, "io_failed", e.to_string()))?;
        Ok(Processes { keeper })
    }

    /// Where heads of the sealed log are written down: in the repository, when there is one, and in the file of the
    /// settings.
    pub fn heads(&self) -> Heads {
        let repo = self.git().ok().map(|git| Arc::new(git) as Arc<dyn engine::ports::Repo>);
        Heads { repo, file: self.settings().audit.head_file.clone() }
    }

    /// The webhook of the settings, for heads of the sealed log; `None` when there is none.
    pub fn webhook(&self) -> Option<Webhook> {
        let url = self.settings().audit.webhook.as_ref()?;
        let post = connect::webhook::Webhook::at(url).expect("the table takes only addresses");
        Some(Webhook::new(Arc::new(post), &self.data))
    }

    /// The repository around the command.
    pub fn git(&self) -> Result<Git, Problem> {
        Ok(Git::open(&self.from)?)
    }

    /// The engine with the repository and processes.
    pub fn site(&self, mode: Mode) -> Result<Site, Problem> {
        let git = self.git()?;
        let engine = self.engine(mode)?;
        self.site_over(engine, git)
    }

    /// A site over an engine and a repository that are open.
    pub fn site_over(&self, engine: Engine, git: Git) -> Result<Site, Problem> {
        use engine::ports::Repo as _;
        let settings = self.settings();
        let program = std::env::current_exe().map_err(|e| Problem::new(Kind::Failed, "io_failed", e.to_string()))?;
        let places = Places {
            data: self.data.clone(),
            state: locate::state_dir(settings.state_dir.as_deref(), git.common_dir())?,
            program: program.clone(),
        };
        let habits = Habits {
            agent_timeout: settings.agent.timeout,
            agent_output_max: settings.agent.output_bytes_max,
            agent_grace: settings.agent.grace,
            agent_idle: settings.agent.idle,
            agent_turns_max: settings.agent.turns_max,
            agent_tokens_max: settings.agent.tokens_max,
            agent_cents_max: settings.agent.cents_max,
            agent_print_max: settings.agent.print_bytes_max,
            agent_memory_max: settings.agent.memory_bytes_max,
            agent_processes_max: settings.agent.processes_max,
            agent_permission: settings.agent.permission,
            agent_otlp: settings.agent.otlp.clone(),
            check_output_max: settings.check.output_bytes_max,
            check_grace: settings.check.grace,
            check_memory_max: settings.check.memory_bytes_max,
            check_processes_max: settings.check.processes_max,
            batch_max: settings.landing.batch_max,
            answers_kept: settings.retention.answers,
            activity_kept: settings.retention.activity,
            calls_kept: settings.retention.calls,
            notify: settings.notify.clone(),
            port_first: *settings.ports.start(),
            port_last: *settings.ports.end(),
        };
        Ok(Site {
            engine,
            repo: Arc::new(git),
            launcher: Arc::new(Processes { keeper: program }),
            gateway: None,
            check_room: crate::sandbox::check_room(&settings.sandbox),
            places,
            node: rustix::system::uname().nodename().to_string_lossy().into_owned(),
            remote: settings.landing.remote.clone(),
            habits,
        })
    }
}
