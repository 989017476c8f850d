//! The doors of Nexus and their wiring: the command line, HTTP, pages.

mod ask;
mod backlog;
mod cli;
mod demo;
mod dropin;
mod here;
mod http;
mod locate;
mod opinion;
mod reach;
mod sandbox;
mod sealer;
mod settings;
mod signals;
mod terminal;
mod worktree;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
