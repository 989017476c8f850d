//! A program that was started, seen from outside its keeper.

use std::fs::File;
use std::io::{ErrorKind, PipeReader, PipeWriter};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant, SystemTime};

use engine::ports::{Exit, Footprint, Heard, Inherit, Launch, NeverStarted, Running};
use rustix::process::{Pid, Signal, kill_process};

use super::group::{self, Group};
use super::lines::Lines;
use super::output::Tape;
use super::pump::Pump;
use super::{keeper, strays, tree};

/// The grace a keeper knows of. It is long, because we tell the keeper when the grace of a stop is over.
const GRACE_MS: &str = "600000";
/// How long a keeper may take to kill everything before it is killed itself.
const KEEPER_MAX: Duration = Duration::from_secs(40);
/// How long output may go on after the keeper has ended: only a process that escaped can still hold the pipe.
const OUTPUT_MAX: Duration = Duration::from_secs(2);

/// A program under its keeper. Empty only while it is being dropped.
pub(super) struct Kept(Option<Hand>);

/// What holds a keeper and its pipes.
struct Hand {
    child: Child,
    mark: String,
    /// Its control group, where there is one.
    group: Option<Group>,
    pump: Pump,
    /// What is still to be done to end it, and when.
    ending: Option<(Instant, Last)>,
    /// Its exit code, and when we stop to wait for the rest of its output.
    ended: Option<(i32, Instant)>,
    exit: Option<Exit>,
}

/// The last things that can be done to a keeper.
#[derive(Clone, Copy)]
enum Last {
    /// It kills all that it keeps.
    Quit,
    /// It is killed itself.
    Kill,
}

/// Starts `launch` under `keeper`.
pub(super) fn start(keeper: &Path, launch: &Launch) -> Result<Kept, NeverStarted> {
    let tape = tape(&launch.output, "output", launch.output_bytes_max)?;
    let errors_file = launch.talk.as_ref().map(|talk| self::tape(&talk.errors, "error", launch.output_bytes_max));
    let errors_tape = errors_file.transpose()?;
    let (output, stdout) = pipe()?;
    let (errors, stderr) = match errors_tape {
        Some(_) => pipe().map(|(reader, writer)| (Some(reader), writer))?,
        None => (None, stdout.try_clone().map_err(|error| no_pipe(&error))?),
    };
    let mark = mark();
    let group = group::make(&mark, &launch.caps);
    let mut command = Command::new(keeper);
    command.arg("keep").arg("--").args(&launch.argv).current_dir(&launch.dir);
    if launch.inherit == Inherit::Nothing {
        command.env_clear();
    }
    for key in &launch.env_remove {
        command.env_remove(key);
    }
    command.envs(launch.env.iter().map(|(key, value)| (key, value)));
    command.env(keeper::GRACE_MS, GRACE_MS).env(keeper::PARENT, std::process::id().to_string());
    command.env(strays::MARK, &mark);
    command.envs(group.iter().map(|group| (keeper::GROUPS, group.listed())));
    let silent = launch.stdin.is_empty() && launch.talk.is_none();
    let stdin = if silent { Stdio::null() } else { Stdio::piped() };
    // A group of its own, so that a Ctrl-C is ours to pass on.
    command.stdin(stdin).stdout(stdout).stderr(stderr).process_group(0);
    let child = command.spawn();
    let mut child = child.map_err(|error| not_started(keeper, launch, &error))?;
    // The command holds our ends of the output pipe, which would never end.
    drop(command);
    let mut pump = Pump::new(&mut child, output, errors, tape);
    pump.errors_tape = errors_tape;
    pump.lines = launch.talk.as_ref().map(|talk| Lines::new(talk.line_bytes_max));
    pump.say(&launch.stdin);
    if launch.talk.is_none() {
        pump.close_input();
    }
    Ok(Kept(Some(Hand { child, mark, group, pump, ending: None, ended: None, exit: None })))
}

fn tape(file: &Path, what: &str, bytes_max: u64) -> Result<Tape, NeverStarted> {
    let made = File::create(file)
        .map_err(|error| NeverStarted(format!("the {what} file {} cannot be made: {error}", file.display())));
    Ok(Tape::new(made?, bytes_max))
}

fn pipe() -> Result<(PipeReader, PipeWriter), NeverStarted> {
    std::io::pipe().map_err(|error| no_pipe(&error))
}

fn no_pipe(error: &std::io::Error) -> NeverStarted {
    NeverStarted(format!("no pipe for the output: {error}"))
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

impl Hand {
    fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Sends a signal to the keeper, unless it was reaped, from when on its number may be somebody else's.
    fn signal(&self, signal: Signal) {
        if self.ended.is_none() {
            let _ = kill_process(self.pid(), signal);
        }
    }

    fn hear(&mut self, at_most: Duration) -> Heard {
        let until = Instant::now() + at_most;
        let mut turned = false;
        loop {
            if let Some((bytes, cut)) = self.pump.lines.as_mut().and_then(Lines::next) {
                return Heard::Line { bytes, cut };
            }
            if let Some(exit) = &self.exit {
                return Heard::Ended(exit.clone());
            }
            let now = Instant::now();
            if turned && now >= until {
                return Heard::Silence;
            }
            turned = true;
            self.press(now);
            self.turn(until, now);
        }
    }

    /// One turn of the pump, and what follows from it.
    fn turn(&mut self, until: Instant, now: Instant) {
        if let Some((code, patience)) = self.ended {
            if self.pump.open() && now < patience {
                self.pump.turn(until.min(patience) - now.min(until));
            } else {
                self.finish(code);
            }
            return;
        }
        let next = self.ending.map_or(until, |(at, _)| until.min(at));
        if self.pump.turn(next.saturating_duration_since(now))
            && let Some(status) = self.child.try_wait().transpose()
        {
            if status.as_ref().is_ok_and(|it| it.signal().is_some()) {
                // It was killed, by the program perhaps, so it killed nothing.
                strays::kill(&self.mark);
            }
            self.ended = Some((status.map_or(-1, code), Instant::now() + OUTPUT_MAX));
        }
    }

    /// The program is over and its output too.
    fn finish(&mut self, code: i32) {
        self.pump.close();
        self.pump.lines.iter_mut().for_each(Lines::finish);
        if let Some(errors) = &mut self.pump.errors_tape {
            errors.finish();
        }
        let (output_digest, output_bytes) = self.pump.tape.finish();
        let refused = self.group.take().map(|group| group.refused()).unwrap_or_default();
        self.exit = Some(Exit { code, output_digest, output_bytes, refused });
    }

    /// Does what is due to end the keeper.
    fn press(&mut self, now: Instant) {
        match self.ending {
            Some((at, Last::Quit)) if now >= at => {
                self.signal(Signal::QUIT);
                // Somebody may have stopped it.
                self.signal(Signal::CONT);
                self.ending = Some((now + KEEPER_MAX, Last::Kill));
            }
            Some((at, Last::Kill)) if now >= at => {
                self.signal(Signal::KILL);
                self.ending = None;
            }
            _ => {}
        }
    }

    fn stop(&mut self, grace: Duration) {
        if !grace.is_zero() {
            self.signal(Signal::TERM);
            self.signal(Signal::CONT);
        }
        let now = Instant::now();
        self.ending = Some((now + grace, Last::Quit));
        self.press(now);
    }
}

impl Kept {
    fn hand(&self) -> &Hand {
        self.0.as_ref().expect("it is there until it is dropped")
    }

    fn hand_mut(&mut self) -> &mut Hand {
        self.0.as_mut().expect("it is there until it is dropped")
    }
}

impl Running for Kept {
    fn pid(&self) -> u32 {
        self.hand().child.id()
    }

    fn hear(&mut self, at_most: Duration) -> Heard {
        self.hand_mut().hear(at_most)
    }

    fn say(&mut self, bytes: &[u8]) {
        self.hand_mut().pump.say(bytes);
    }

    fn close_input(&mut self) {
        self.hand_mut().pump.close_input();
    }

    fn printed_bytes(&self) -> u64 {
        self.hand().pump.printed()
    }

    fn footprint(&self) -> Footprint {
        let hand = self.hand();
        if hand.ended.is_some() { Footprint::default() } else { tree::footprint(hand.pid().as_raw_nonzero().get()) }
    }

    fn interrupt(&mut self) {
        self.hand().signal(Signal::USR1);
        self.hand().signal(Signal::CONT);
    }

    fn stop(&mut self, grace: Duration) {
        self.hand_mut().stop(grace);
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        if let Some(mut hand) = self.0.take()
            && hand.ended.is_none()
        {
            hand.stop(Duration::ZERO);
            // Nobody waits for it any more, but somebody has to take in its end.
            let reap = move || while !matches!(hand.hear(KEEPER_MAX), Heard::Ended(_)) {};
            let _ = thread::Builder::new().name("nexus-reap".to_owned()).spawn(reap);
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
