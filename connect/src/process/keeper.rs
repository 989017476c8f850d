//! The process between us and a program.

use std::ffi::OsString;
use std::io::Write;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::process::{Command, ExitCode};
use std::time::Duration;

use rustix::process::{
    Pid, PidfdFlags, Signal, getpid, getppid, kill_process, kill_process_group, pidfd_open, set_child_subreaper, setsid,
};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::signal::unix::{SignalKind, signal};
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};

use super::children::{Reaped, kill_all, reap};
use super::{group, tree};

/// How long the program gets between the request to end and the kill, in milliseconds.
pub(super) const GRACE_MS: &str = "NEXUS_KEEP_GRACE_MS";
/// The process that started the keeper; when it is gone, so is everything.
pub(super) const PARENT: &str = "NEXUS_KEEP_PARENT";

/// The control groups that it is to be in, with colons between them.
pub(super) const GROUPS: &str = "NEXUS_KEEP_GROUPS";

/// Says that this process is to become the program, in a session of its own.
const SESSION: &str = "NEXUS_KEEP_SESSION";
/// This program, also when its file has been replaced.
const SELF: &str = "/proc/self/exe";

const GRACE_DEFAULT: Duration = Duration::from_secs(2);
/// How often the keeper looks whether its parent is alive, where the kernel does not tell of its end. (It could also send
/// a signal, but at the death of the *thread* that started us, and threads come and go.)
const PARENT_EVERY: Duration = Duration::from_millis(200);
/// The same where it does tell.
const PARENT_RARELY: Duration = Duration::from_secs(10);
/// What shells say when a program cannot be started.
const CANNOT_START: u8 = 127;
/// The exit code of a program that was killed.
const KILLED: u8 = 137;

/// Runs `argv` and ends as it does, but never before everything it started has ended.
///
/// `SIGTERM`, `SIGINT` and `SIGHUP` ask the program to end and kill what is left after `NEXUS_KEEP_GRACE_MS` (2000
/// unless set); `SIGUSR1` interrupts the program alone, through what keeps it in; `SIGQUIT` kills at once. A leading `--` is passed over. 127: the program could not be started.
pub fn keep(argv: Vec<OsString>) -> ExitCode {
    if std::env::var_os(SESSION).is_some() {
        return become_program(argv);
    }
    let grace = number(GRACE_MS).map_or(GRACE_DEFAULT, Duration::from_millis);
    let parent = number(PARENT).and_then(|it| Pid::from_raw(i32::try_from(it).ok()?)).or_else(getppid);
    let argv = argv.into_iter().skip_while(|it| it == "--").collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let outcome = runtime.and_then(|it| it.block_on(watch(argv, grace, parent)));
    ExitCode::from(outcome.unwrap_or_else(|error| {
        kill_all();
        say(&format!("keeping a program failed: {error}"));
        CANNOT_START
    }))
}

async fn watch(argv: Vec<OsString>, grace: Duration, parent: Option<Pid>) -> std::io::Result<u8> {
    if let Some(groups) = std::env::var_os(GROUPS) {
        group::join(&groups)?;
    }
    set_child_subreaper(Some(getpid()))?;
    // Before the program starts, or the news of its end could be missed.
    let mut child = signal(SignalKind::child())?;
    let mut quit = signal(SignalKind::quit())?;
    let mut interrupt = signal(SignalKind::user_defined1())?;
    let (mut term, mut int, mut hup) =
        (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?, signal(SignalKind::hangup())?);
    let Some(program) = start(&argv) else { return Ok(CANNOT_START) };
    let parent_end = parent.and_then(end_of_parent);
    let mut look = interval(if parent_end.is_some() { PARENT_RARELY } else { PARENT_EVERY });
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut deadline = None;
    loop {
        let asked = tokio::select! {
            _ = child.recv() => {
                if let Some(code) = end_of(program) {
                    return Ok(finish(code));
                }
                false
            }
            () = ended(parent_end.as_ref()) => return Ok(finish(KILLED)),
            // At once for the first time: it may have ended before we asked to be told.
            _ = look.tick() => {
                if getppid() != parent {
                    return Ok(finish(KILLED));
                }
                false
            }
            _ = quit.recv() => return Ok(finish(KILLED)),
            _ = interrupt.recv() => {
                let inner = tree::innermost(program);
                let _ = kill_process(inner, Signal::INT);
                let _ = kill_process(inner, Signal::CONT);
                false
            }
            () = sleep_until(deadline.unwrap_or_else(Instant::now)), if deadline.is_some() => return Ok(finish(KILLED)),
            _ = term.recv() => true,
            _ = int.recv() => true,
            _ = hup.recv() => true,
        };
        if asked && deadline.is_none() {
            let _ = kill_process_group(program, Signal::TERM);
            // A stopped program hears nothing until it goes on.
            let _ = kill_process_group(program, Signal::CONT);
            deadline = Some(Instant::now() + grace);
        }
    }
}

/// What becomes readable when the process `parent` has ended; `None` where the kernel has no such thing.
#[expect(
    deprecated,
    reason = "what follows it is unsafe; an OwnedFd is one file from beginning to end, as both want it"
)]
fn end_of_parent(parent: Pid) -> Option<AsyncFd<OwnedFd>> {
    let held = pidfd_open(parent, PidfdFlags::NONBLOCK).ok()?;
    AsyncFd::with_interest(held, Interest::READABLE).ok()
}

/// Waits until the process has ended; for ever where we are not told.
async fn ended(process: Option<&AsyncFd<OwnedFd>>) {
    if let Some(process) = process
        && process.readable().await.is_ok()
    {
        return;
    }
    std::future::pending::<()>().await;
}

/// Starts the program in a session of its own, by way of this program once more; `None` after saying why it could not.
fn start(argv: &[OsString]) -> Option<Pid> {
    if argv.is_empty() {
        say("no program is named after `keep --`");
        return None;
    }
    let mut command = Command::new(SELF);
    command
        .args(["keep", "--"])
        .args(argv)
        .env(SESSION, "1")
        .env_remove(GRACE_MS)
        .env_remove(PARENT)
        .env_remove(GROUPS);
    match command.spawn() {
        // Its end is taken in by `reap`, together with that of the orphans.
        Ok(child) => Some(Pid::from_child(&child)),
        Err(error) => {
            say(&format!("{} could not be started: {error}", argv[0].display()));
            None
        }
    }
}

/// Leaves the session, so that nothing below can ask at the terminal of whoever started us, and becomes the program.
fn become_program(argv: Vec<OsString>) -> ExitCode {
    let mut argv = argv.into_iter().skip_while(|it| it == "--");
    let program = argv.next().unwrap_or_default();
    let error = match setsid() {
        Ok(_) => Command::new(&program).args(argv).env_remove(SESSION).exec(),
        Err(error) => error.into(),
    };
    say(&format!("{} could not be started: {error}", program.display()));
    ExitCode::from(CANNOT_START)
}

/// Takes in every end so far. The exit code of the program if it is among them.
fn end_of(program: Pid) -> Option<i32> {
    let mut code = None;
    while let Reaped::Ended(pid, its) = reap() {
        if pid == program {
            code = Some(its);
        }
    }
    code
}

fn finish(code: impl TryInto<u8>) -> u8 {
    if !kill_all() {
        say("some of what the program started could not be killed");
    }
    code.try_into().unwrap_or(KILLED)
}

/// To the program's errors, if anybody still reads them.
fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "nexus: {text}");
}

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}
