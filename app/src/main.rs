//! The doors of Nexus and their wiring: the command line, HTTP, pages.

mod cli;
mod demo;
mod here;
mod http;
mod locate;
mod settings;
mod signals;
mod terminal;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::main()
}
