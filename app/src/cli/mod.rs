//! The command line: a noun is a file, a verb is an `Args` struct and a function.

pub mod advise;
mod agent;
pub mod answer;
mod audit;
mod budget;
mod change;
mod config;
mod coordination;
mod doctor;
mod events;
pub mod history;
mod init;
mod inside;
mod lock;
mod memory;
mod message;
mod metrics;
pub mod parse;
mod run;
pub mod runtimes;
mod session;
mod status;
mod store;
mod tree;
mod up;
mod work;
pub mod workspace;

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{FromArgMatches, Parser, Subcommand};
use engine::problem::{Kind, Problem};

use crate::dropin::{self, Told};
pub use answer::Answer;
pub use run::words;

/// Nexus lets many coding agents work on one repository at the same time: each piece of work goes to exactly one
/// agent, in a worktree of its own; checks are run by the system; what passes lands.
#[derive(Debug, Parser)]
#[command(name = "nexus", version, propagate_version = true, max_term_width = 100, after_help = EXAMPLES)]
struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

const EXAMPLES: &str = "\
Examples:
  nexus demo                                     see the whole of it on a scratch repository
  nexus init                                     make a store for the repository you are in
  nexus work add 'Fix the parser' --priority high
  nexus run --agent 'claude -p' --workers 3      let three agents work until nothing is left
  nexus up                                       watch it at http://127.0.0.1:4000

Exit codes: 0 done · 1 failed or not found · 2 usage or malformed · 3 refused or lost the race ·
4 nothing available · 5 lease lost or timed out";

/// What every command takes.
#[derive(Clone, Debug, clap::Args)]
pub struct Global {
    /// The repository; the one around the current folder unless told otherwise
    #[arg(long, global = true, value_name = "PATH")]
    pub repo: Option<PathBuf>,
    /// The folder of the store; NEXUS_DIR, else `.nexus` beside the repository's git folder, unless told otherwise
    #[arg(long, global = true, value_name = "PATH")]
    pub data_dir: Option<PathBuf>,
    /// The PostgreSQL database with the store, instead of the file; `NEXUS_DATABASE_URL` keeps it out of lists of processes
    #[arg(long, global = true, value_name = "URL")]
    pub database_url: Option<String>,
    /// Talk to this server instead of opening the store: http://HOST:PORT or unix:PATH; NEXUS_URL unless told otherwise
    #[arg(long, global = true, value_name = "URL", conflicts_with = "data_dir")]
    pub server: Option<String>,
    /// The project within the store
    #[arg(long, global = true, value_name = "NAME")]
    pub project: Option<String>,
    /// The set of defaults: dev, staging or prod
    #[arg(long, global = true, value_name = "PROFILE")]
    pub profile: Option<String>,
    /// Answer with JSON: one object on one line of standard output, errors included
    #[arg(long, global = true)]
    pub json: bool,
    /// Flags of a command that are settings too; filled by the command.
    #[arg(skip)]
    pub set: Vec<(&'static str, String)>,
}

#[derive(Debug, Subcommand)]
enum Command {
    Init(init::Args),
    #[command(subcommand)]
    Work(work::Command),
    #[command(subcommand)]
    Agent(agent::Command),
    #[command(subcommand)]
    Lock(lock::Command),
    #[command(subcommand)]
    Message(message::Command),
    #[command(subcommand)]
    Memory(memory::Command),
    Run(run::Args),
    #[command(subcommand)]
    Change(change::Command),
    #[command(subcommand)]
    Workspace(workspace::Command),
    Events(events::Args),
    #[command(subcommand)]
    Audit(audit::Command),
    CheckHistory(history::Args),
    Status(status::Args),
    #[command(subcommand)]
    Store(store::Command),
    #[command(subcommand)]
    Metrics(metrics::Command),
    #[command(subcommand)]
    Budget(budget::Command),
    #[command(subcommand)]
    Advise(advise::Command),
    Doctor(doctor::Args),
    Up(up::Args),
    Demo(crate::demo::Args),
    #[command(subcommand)]
    Config(config::Command),
    #[command(subcommand)]
    Coordination(coordination::Command),
    Completions(Completions),
    #[command(hide = true)]
    Keep(Keep),
    #[command(hide = true)]
    Inside(inside::Args),
    /// One of the scripted agents of the demo (used by Nexus itself)
    #[command(hide = true)]
    DemoAgent(crate::demo::AgentArgs),
    #[command(hide = true)]
    FakeModel(crate::demo::model::Args),
}

/// Print the completions for a shell
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  nexus completions bash > ~/.local/share/bash-completion/completions/nexus")]
struct Completions {
    /// Which shell
    shell: clap_complete::Shell,
}

/// Keeps a program and all that it starts under one hand (used by Nexus itself)
#[derive(Debug, clap::Args)]
struct Keep {
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
    argv: Vec<OsString>,
}

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let mut line: Vec<OsString> = std::env::args_os().collect();
    if dropin::called(&line) {
        match dropin::main(&line) {
            Told::Ended(code) => return code,
            Told::Nexus(instead) => line = instead,
        }
    }
    let mut cli = match tree::matches(&line).and_then(|it| Cli::from_arg_matches(&it)) {
        Ok(cli) => cli,
        Err(error) => return usage(&error),
    };
    // An empty variable is one that is not set, as everywhere in a shell.
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let server = match (&cli.command, &cli.global) {
        // A folder on the command line says more than an address in the environment.
        (command, Global { server: None, data_dir: None, .. }) if served(command) => set("NEXUS_URL"),
        _ => None,
    };
    cli.global.server = cli.global.server.or(server.map(|url| url.to_string_lossy().into_owned()));
    cli.global.data_dir = cli.global.data_dir.or_else(|| set("NEXUS_DIR").map(PathBuf::from));
    let json = cli.global.json;
    match dispatch(cli) {
        Ok(answer) => answer.give(json),
        Err(problem) => answer::fail(&problem, json),
    }
}

/// Whether a server can do it.
const fn served(command: &Command) -> bool {
    match command {
        Command::Work(_) | Command::Lock(_) | Command::Memory(_) | Command::Advise(_) => true,
        Command::Agent(command) => command.served(),
        Command::Budget(command) => !matches!(command, budget::Command::Pass(_)),
        Command::Message(command) => !matches!(command, message::Command::Escalate(_)),
        _ => false,
    }
}

fn dispatch(cli: Cli) -> Result<Answer, Problem> {
    let global = cli.global;
    if global.server.is_some() && !served(&cli.command) {
        return Err(crate::reach::needs_store());
    }
    match cli.command {
        Command::Init(args) => init::init(&global, &args),
        Command::Work(command) => work::work(&global, command),
        Command::Agent(command) => agent::agent(&global, command),
        Command::Lock(command) => lock::lock(&global, command),
        Command::Message(command) => message::message(&global, command),
        Command::Memory(command) => memory::memory(&global, command),
        Command::Run(args) => run::run(global, args),
        Command::Change(command) => change::change(&global, command),
        Command::Workspace(command) => workspace::workspace(&global, command),
        Command::Events(args) => events::events(&global, &args),
        Command::Audit(command) => audit::audit(&global, &command),
        Command::CheckHistory(args) => history::check(&global, &args),
        Command::Status(args) => status::status(&global, &args),
        Command::Store(command) => store::store(&global, &command),
        Command::Metrics(command) => metrics::metrics(&global, &command),
        Command::Budget(command) => budget::budget(&global, command),
        Command::Advise(command) => advise::advise(global, command),
        Command::Doctor(args) => doctor::doctor(&global, &args),
        Command::Up(args) => up::up(global, &args),
        Command::Demo(args) => crate::demo::demo(&args, global.json),
        Command::Coordination(command) => coordination::coordination(&command),
        Command::Config(command) => config::config(&global, &command),
        Command::Completions(args) => {
            let mut script = Vec::new();
            clap_complete::generate(args.shell, &mut tree::whole(), "nexus", &mut script);
            let script = String::from_utf8(script).expect("completions are text");
            answer::print(script.trim_end());
            Ok(Answer::silent())
        }
        Command::Inside(args) => Ok(Answer::code(inside::inside(args))),
        Command::Keep(Keep { argv }) => Ok(Answer::code(connect::process::keep(argv))),
        Command::DemoAgent(args) => crate::demo::agent(&args),
        Command::FakeModel(args) => crate::demo::model::serve(&args),
    }
}

/// Help and version go to standard output and are no failure; a mistake is said as JSON when that was asked for.
fn usage(error: &clap::Error) -> ExitCode {
    let asked_for_json = std::env::args_os().any(|arg| arg == "--json");
    if error.use_stderr() && asked_for_json {
        let text = error.to_string();
        let message = text.strip_prefix("error: ").unwrap_or(&text).trim().to_owned();
        return answer::fail(&Problem::new(Kind::Malformed, "usage", message), true);
    }
    let _ = error.print();
    ExitCode::from(if error.use_stderr() { 2 } else { 0 })
}
