//! `nexus inside`: what runs in a sandbox before the program does.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use connect::sandbox::{Inside, Rights};

/// Runs a program in a sandbox (used by Nexus itself)
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Where to listen
    #[arg(long, requires = "socket")]
    listen: Option<SocketAddr>,
    /// The socket to pass everything on to
    #[arg(long, requires = "listen")]
    socket: Option<PathBuf>,
    /// Take rights away
    #[arg(long)]
    landlock: bool,
    /// What may be read
    #[arg(long)]
    read: Vec<PathBuf>,
    /// What may be written
    #[arg(long)]
    write: Vec<PathBuf>,
    /// The only port to connect to
    #[arg(long)]
    connect: Option<u16>,
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, required = true)]
    argv: Vec<OsString>,
}

pub fn inside(args: Args) -> ExitCode {
    let Args { listen, socket, landlock, read, write, connect: port, argv } = args;
    let rights = landlock.then_some(Rights { read, write, port });
    connect::sandbox::inside(Inside { way_out: listen.zip(socket), rights, argv })
}
