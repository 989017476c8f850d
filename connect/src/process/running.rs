//! A program that was started, seen from outside its keeper.
//!
//! Three threads serve it: one feeds its input, one reads its output, one waits for the keeper and then answers.

use std::fs::File;
use std::io::{ErrorKind, PipeReader, Write};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, SystemTime};

use engine::ports::{Exit, Launch, NeverStarted, Running};
use rustix::process::{Pid, Signal, WaitId, WaitIdOptions, kill_process, waitid};

use super::output::{Tape, drain};
use super::{keeper, strays};

/// The grace a keeper knows of. It is long, because we tell the keeper when the grace of a stop is over.
const GRACE_MS: &str = "600000";
/// How long a keeper may take to kill everything before it is killed itself.
const KEEPER_MAX: Duration = Duration::from_secs(40);
/// How long output may go on after the keeper has ended: only a process that escaped can still hold the pipe.
const OUTPUT_MAX: Duration = Duration::from_secs(2);

/// A program under its keeper.
pub(super) struct Kept {
    hand: Arc<Hand>,
    ended: Receiver<Exit>,
    exit: Option<Exit>,
}

/// What reaches the keeper, as long as there is one.
struct Hand {
    pid: Pid,
    mark: String,
    /// Whether the keeper has been reaped, from when on its number may be somebody else's.
    gone: Mutex<bool>,
    changed: Condvar,
}

/// Starts `launch` under `keeper`.
pub(super) fn start(keeper: &Path, launch: &Launch) -> Result<Kept, NeverStarted> {
    let refuse = |what: String, error: std::io::Error| NeverStarted(format!("{what}: {error}"));
    let file = File::create(&launch.output)
        .map_err(|error| refuse(format!("the output file {} cannot be made", launch.output.display()), error))?;
    let pipe = || std::io::pipe().and_then(|(reader, writer)| Ok((reader, writer.try_clone()?, writer)));
    let (reader, stdout, stderr) = pipe().map_err(|error| refuse("no pipe for the output".to_owned(), error))?;
    let mark = mark();
    let mut command = Command::new(keeper);
    command.arg("keep").arg("--").args(&launch.argv).current_dir(&launch.dir);
    for key in &launch.env_remove {
        command.env_remove(key);
    }
    command.envs(launch.env.iter().map(|(key, value)| (key, value)));
    command.env(keeper::GRACE_MS, GRACE_MS).env(keeper::PARENT, std::process::id().to_string());
    command.env(strays::MARK, &mark);
    let stdin = if launch.stdin.is_empty() { Stdio::null() } else { Stdio::piped() };
    // A group of its own, so that a Ctrl-C is ours to pass on.
    command.stdin(stdin).stdout(stdout).stderr(stderr).process_group(0);
    let child = command.spawn();
    let child = child.map_err(|error| not_started(keeper, launch, &error))?;
    // The command holds our ends of the output pipe, which would never end.
    drop(command);
    let tape = Tape::new(file, launch.output_bytes_max);
    Ok(serve(child, launch.stdin.clone(), reader, tape, mark))
}

/// Program and folder have been looked at, so the keeper or the size of what it gets is to blame.
fn not_started(keeper: &Path, launch: &Launch, error: &std::io::Error) -> NeverStarted {
    let program = &launch.argv[0];
    NeverStarted(match error.kind() {
        ErrorKind::ArgumentListTooLong => {
            format!(
                "{program} could not be started: its arguments and variables are too long; pass the text on its input"
            )
        }
        _ => format!("{program} could not be started, by way of {}: {error}", keeper.display()),
    })
}

fn serve(mut child: Child, input: Vec<u8>, reader: PipeReader, tape: Tape, mark: String) -> Kept {
    let pid = Pid::from_child(&child);
    let hand = Arc::new(Hand { pid, mark, gone: Mutex::new(false), changed: Condvar::new() });
    if let Some(mut pipe) = child.stdin.take() {
        // A program need not read what it is given; then the pipe breaks, and that is fine.
        thread::spawn(move || pipe.write_all(&input));
    }
    let tape = Arc::new(Mutex::new(tape));
    let (done, drained) = channel();
    let theirs = Arc::clone(&tape);
    thread::spawn(move || {
        drain(reader, |bytes| theirs.lock().unwrap_or_else(PoisonError::into_inner).take(bytes));
        let _ = done.send(());
    });
    let (tell, ended) = channel();
    let its_hand = Arc::clone(&hand);
    thread::spawn(move || wait_for_end(child, &its_hand, &drained, &tape, &tell));
    Kept { hand, ended, exit: None }
}

fn wait_for_end(mut child: Child, hand: &Hand, drained: &Receiver<()>, tape: &Mutex<Tape>, tell: &Sender<Exit>) {
    // Seen to have ended, but not reaped yet: until then nobody else gets its number.
    let seen = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    while let Err(rustix::io::Errno::INTR) = waitid(WaitId::Pid(hand.pid), seen) {}
    let mut gone = hand.gone.lock().unwrap_or_else(PoisonError::into_inner);
    let status = child.wait();
    *gone = true;
    drop(gone);
    if status.as_ref().is_ok_and(|it| it.signal().is_some()) {
        // It was killed, by the program perhaps, so it killed nothing.
        strays::kill(&hand.mark);
    }
    let _ = drained.recv_timeout(OUTPUT_MAX);
    let (output_digest, output_bytes) = tape.lock().unwrap_or_else(PoisonError::into_inner).finish();
    let _ = tell.send(Exit { code: status.map_or(-1, code), output_digest, output_bytes });
    hand.changed.notify_all();
}

impl Hand {
    /// Sends a signal to the keeper, unless it has ended.
    fn signal(&self, signal: Signal) {
        let gone = self.gone.lock().unwrap_or_else(PoisonError::into_inner);
        if !*gone {
            let _ = kill_process(self.pid, signal);
        }
    }

    /// Waits until the keeper has ended, at most this long. Whether it has.
    fn over_within(&self, at_most: Duration) -> bool {
        let gone = self.gone.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.changed.wait_timeout_while(gone, at_most, |gone| !*gone);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    }

    /// Sees to it that the keeper ends: kills all that it keeps after `grace`, and it too when it does not answer.
    fn end_after(&self, grace: Duration) {
        if self.over_within(grace) {
            return;
        }
        self.signal(Signal::QUIT);
        // Somebody may have stopped it.
        self.signal(Signal::CONT);
        if !self.over_within(KEEPER_MAX) {
            self.signal(Signal::KILL);
        }
    }
}

impl Running for Kept {
    fn pid(&self) -> u32 {
        self.hand.pid.as_raw_nonzero().get().cast_unsigned()
    }

    fn wait(&mut self, at_most: Duration) -> Option<Exit> {
        if self.exit.is_none() {
            self.exit = self.ended.recv_timeout(at_most).ok();
        }
        self.exit.clone()
    }

    fn stop(&mut self, grace: Duration) {
        if !grace.is_zero() {
            self.hand.signal(Signal::TERM);
            self.hand.signal(Signal::CONT);
        }
        let hand = Arc::clone(&self.hand);
        thread::spawn(move || hand.end_after(grace));
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        if self.exit.is_none() {
            self.stop(Duration::ZERO);
        }
    }
}

/// A text that no other keeper has.
fn mark() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_nanos();
    format!("{}-{}-{now}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed))
}

fn code(status: ExitStatus) -> i32 {
    status.code().or_else(|| status.signal().map(|signal| 128 + signal)).unwrap_or(-1)
}
