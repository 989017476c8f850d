//! `nexus demo`: the whole of it on a scratch repository, with proof at the end.
//!
//! A small Rust crate with tests that fail, a backlog, and scripted agents in processes of their own:
//!
//! | agent | what it does | what becomes of it |
//! |---|---|---|
//! | builder-1, builder-2 | write what is missing | landed |
//! | fragile-1 | dies mid-work with files uncommitted | kept aside, tried again, landed |
//! | night-1 | its whole worker process is killed with SIGKILL | its lease lapses, relief-1 takes over |
//! | sleeper | claims by itself, is stopped longer than its lease, goes on | its late effects are refused |
//! | shortcut-1 | edits a protected test to get green | refused; its item is dead |
//! | left-1, right-1 | change the same line | the later one gets both versions back, both land |
//! | real-1 | with `--runtime`: a real coding agent in a sandbox, whose model says what a script says | landed |

mod agent;
mod cast;
mod files;
pub mod model;
mod proof;
mod real;
mod scene;
mod table;

use std::path::Path;
use std::time::Instant;

use engine::problem::{Kind, Problem};
use serde::Serialize;

use crate::cli::Answer;
pub use agent::{AgentArgs, agent};
use cast::Cast;
use scene::Scene;

/// See the whole of it: a scratch repository, a backlog, scripted agents, and proof at the end
#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  nexus demo\n  nexus demo --serve          with the live board while it runs\n  \
    nexus demo --json --keep    one object at the end; the folder stays\n  \
    nexus demo --runtime claude with Claude Code among the agents; its model is scripted, so it needs no key\n\n\
    It needs git and cargo, and no network. Exit 0 only if everything ended as it should.")]
pub struct Args {
    /// Keep the folder at the end
    #[arg(long)]
    keep: bool,
    /// Serve the live board while it runs
    #[arg(long)]
    serve: bool,
    /// Let a real coding agent of this kind do one of the items, with a scripted model
    #[arg(long, value_name = "KIND", value_parser = real::KINDS)]
    runtime: Option<String>,
}

/// What the demo proves, as one object.
#[derive(Debug, Serialize)]
struct Outcome {
    items: usize,
    landed: usize,
    refused: usize,
    reclaimed: usize,
    stale_effects_refused: usize,
    double_grants: usize,
    stale_effects: usize,
    lost_updates: usize,
    written_files: usize,
    lost_bytes: u64,
    final_tests_passed: bool,
    as_scripted: bool,
    surprises: Vec<String>,
    duration_ms: u64,
    repo: String,
    data_dir: String,
}

/// Plays the demo.
pub fn demo(args: &Args, json: bool) -> Result<Answer, Problem> {
    let began = Instant::now();
    let folder = tempfile::Builder::new().prefix("nexus-demo-").tempdir().map_err(|e| io("making a folder", &e))?;
    let played = play(args, json, folder.path(), began);
    let good = played.as_ref().is_ok_and(|(outcome, _)| outcome.as_scripted);
    let mut kept = String::new();
    if args.keep || !good {
        kept = format!("\nthe folder is kept: {}", folder.keep().display());
    }
    match played {
        Ok((outcome, text)) => Ok(Answer::new(&outcome, text + &kept).exit(u8::from(!good))),
        Err(problem) => Err(Problem { message: problem.message + &kept, ..problem }),
    }
}

fn play(args: &Args, json: bool, folder: &Path, began: Instant) -> Result<(Outcome, String), Problem> {
    let scene = Scene::build(folder, json, args.runtime.as_deref())?;
    // What the agents ask goes through this process, as it would with any server.
    let _beside = crate::http::beside(scene.serving());
    let mut cast = Cast::new(&scene)?;
    if args.serve {
        cast.serve()?;
    }
    cast.play()?;
    scene.say("the agents are done; now the proof");
    let outcome = proof::prove(&scene, cast.sleeper_refused()?, began)?;
    let text = table::table(&scene, &outcome)?;
    Ok((outcome, text))
}

fn io(what: &str, error: &dyn std::fmt::Display) -> Problem {
    Problem::new(Kind::Failed, "demo_failed", format!("{what}: {error}"))
}
