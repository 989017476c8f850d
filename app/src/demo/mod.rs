//! `nexus demo`: the whole of it on a scratch repository.

use engine::problem::Problem;

use crate::cli::Answer;

/// See the whole of it: a scratch repository, a backlog, scripted agents, and proof at the end
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Keep the folder at the end
    #[arg(long)]
    keep: bool,
}

/// What a scripted agent is told.
#[derive(Debug, clap::Args)]
pub struct AgentArgs {}

pub fn demo(_: &Args, _: bool) -> Result<Answer, Problem> {
    Ok(Answer::silent())
}

pub fn agent(_: &AgentArgs) -> Result<Answer, Problem> {
    Ok(Answer::silent())
}
