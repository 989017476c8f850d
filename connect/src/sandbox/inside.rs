//! What runs in a sandbox before the program does, and beside it.

use std::ffi::OsString;
use std::net::{SocketAddr, TcpListener};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use tokio::io::copy_bidirectional;
use tokio::net::UnixStream;

use super::landlock::{Rights, restrict};

/// What shells say when a program cannot be started.
const CANNOT_START: u8 = 127;

/// What is to be done inside.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inside {
    /// Where to listen, and the socket to pass everything on to.
    pub way_out: Option<(SocketAddr, PathBuf)>,
    /// What to leave to the program; all that there is when `None`.
    pub rights: Option<Rights>,
    /// The program and its arguments.
    pub argv: Vec<OsString>,
}

/// Runs the program as `inside` says and ends as it does. 127: it was not started.
pub fn inside(inside: Inside) -> ExitCode {
    let refuse = |why: String| {
        eprintln!("nexus: not started: {why}");
        ExitCode::from(CANNOT_START)
    };
    if let Some(rights) = &inside.rights
        && let Err(why) = restrict(rights)
    {
        return refuse(why);
    }
    let Some((program, arguments)) = inside.argv.split_first() else { return refuse("no program is named".to_owned()) };
    let mut command = Command::new(program);
    command.args(arguments);
    let Some((address, socket)) = inside.way_out else {
        let error = command.exec();
        return refuse(format!("{}: {error}", program.display()));
    };
    // Bound before the program starts, or its first call would find nobody.
    let listener = match TcpListener::bind(address) {
        Ok(listener) => listener,
        Err(error) => return refuse(format!("no way out at {address}: {error}")),
    };
    std::thread::spawn(move || pass_on(listener, &socket));
    match command.status() {
        Ok(status) => {
            let code = status.code().or_else(|| status.signal().map(|signal| 128 + signal));
            ExitCode::from(code.and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
        }
        Err(error) => refuse(format!("{}: {error}", program.display())),
    }
}

/// Passes each connection on to `socket`, both ways, until the process ends.
fn pass_on(listener: TcpListener, socket: &Path) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime can be built");
    runtime.block_on(async {
        listener.set_nonblocking(true).expect("it is a socket");
        let listener = tokio::net::TcpListener::from_std(listener).expect("it is a socket");
        loop {
            let Ok((mut from, _)) = listener.accept().await else { continue };
            let socket = socket.to_owned();
            tokio::spawn(async move {
                if let Ok(mut to) = UnixStream::connect(&socket).await {
                    let _ = copy_bidirectional(&mut from, &mut to).await;
                }
            });
        }
    });
}
