//! What goes into a program and comes out of it, moved by whoever waits for it.
//!
//! No thread of ours serves a program: its pipes and the news of its keeper's end are waited for together, so that one
//! that is silent costs nothing.

use std::collections::VecDeque;
use std::io::{self, PipeReader, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::process::{Child, ChildStdin};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::process::{Pid, PidfdFlags, pidfd_open};

use super::lines::Lines;
use super::output::Tape;

/// How much is read or written at a time.
const CHUNK_BYTES: usize = 64 * 1024;
/// How often a keeper is looked at where the kernel does not tell of its end.
const LOOK: Duration = Duration::from_millis(20);

/// The pipes of a program.
pub(super) struct Pump {
    /// Becomes readable when the keeper has ended.
    end: Option<OwnedFd>,
    input: Option<Input>,
    output: Option<PipeReader>,
    errors: Option<PipeReader>,
    pub tape: Tape,
    pub errors_tape: Option<Tape>,
    pub lines: Option<Lines>,
    chunk: Vec<u8>,
    printed: u64,
}

struct Input {
    pipe: ChildStdin,
    left: VecDeque<u8>,
    /// Whether it ends when nothing is left.
    last: bool,
}

impl Pump {
    /// The pump of a keeper that was just started.
    pub fn new(child: &mut Child, output: PipeReader, errors: Option<PipeReader>, tape: Tape) -> Self {
        let end = pidfd_open(Pid::from_child(child), PidfdFlags::empty()).ok();
        let input = child.stdin.take().map(|pipe| {
            // Without this a program that does not read would keep us from taking in what it prints.
            let _ = fcntl_getfl(&pipe).and_then(|flags| fcntl_setfl(&pipe, flags | OFlags::NONBLOCK));
            Input { pipe, left: VecDeque::new(), last: false }
        });
        let (errors_tape, lines) = (None, None);
        Self { end, input, output: Some(output), errors, tape, errors_tape, lines, chunk: Vec::new(), printed: 0 }
    }

    /// Sends `bytes` as the program reads.
    pub fn say(&mut self, bytes: &[u8]) {
        if let Some(input) = self.input.as_mut().filter(|input| !input.last) {
            input.left.extend(bytes);
            self.feed();
        }
    }

    /// Ends the input when all has been sent.
    pub fn close_input(&mut self) {
        if let Some(input) = &mut self.input {
            input.last = true;
            self.feed();
        }
    }

    /// How many bytes came out, on both ways.
    pub fn printed(&self) -> u64 {
        self.printed
    }

    /// Whether anything may still come out.
    pub fn open(&self) -> bool {
        self.output.is_some() || self.errors.is_some()
    }

    /// Nothing more is taken in or sent.
    pub fn close(&mut self) {
        (self.input, self.output, self.errors, self.end) = (None, None, None, None);
    }

    /// Moves what can be moved, and waits at most this long until something can. Whether the keeper may have ended.
    pub fn turn(&mut self, at_most: Duration) -> bool {
        let at_most = if self.end.is_none() { at_most.min(LOOK) } else { at_most };
        let [output, errors, input, end] = self.poll(at_most);
        if output {
            let (piece, more) = read(self.output.as_mut(), &mut self.chunk);
            self.tape.take(piece);
            self.printed += piece.len() as u64;
            if let Some(lines) = &mut self.lines {
                lines.take(piece);
            }
            if !more {
                self.output = None;
                self.lines.iter_mut().for_each(Lines::finish);
            }
        }
        if errors {
            let (piece, more) = read(self.errors.as_mut(), &mut self.chunk);
            self.errors_tape.iter_mut().for_each(|tape| tape.take(piece));
            self.printed += piece.len() as u64;
            if !more {
                self.errors = None;
            }
        }
        if input {
            self.feed();
        }
        end || self.end.is_none()
    }

    /// Whether there is output, are errors, can be input, and is the end.
    fn poll(&self, at_most: Duration) -> [bool; 4] {
        let mut ready = [false; 4];
        let feeding = self.input.as_ref().filter(|input| !input.left.is_empty());
        let places: [(Option<BorrowedFd<'_>>, PollFlags); 4] = [
            (self.output.as_ref().map(AsFd::as_fd), PollFlags::IN),
            (self.errors.as_ref().map(AsFd::as_fd), PollFlags::IN),
            (feeding.map(|input| input.pipe.as_fd()), PollFlags::OUT),
            (self.end.as_ref().map(AsFd::as_fd), PollFlags::IN),
        ];
        let (mut fds, mut found) = (Vec::with_capacity(4), Vec::with_capacity(4));
        for ((fd, flags), place) in places.into_iter().zip(&mut ready) {
            if let Some(fd) = fd {
                fds.push(PollFd::from_borrowed_fd(fd, flags));
                found.push(place);
            }
        }
        let at_most = Timespec::try_from(at_most).unwrap_or(Timespec { tv_sec: 3_600, tv_nsec: 0 });
        // An interrupted call is one that found nothing.
        if poll(&mut fds, Some(&at_most)).is_ok() {
            fds.iter().zip(found).for_each(|(fd, place)| *place = !fd.revents().is_empty());
        }
        ready
    }

    /// Writes what the program takes without waiting.
    fn feed(&mut self) {
        let Some(input) = &mut self.input else { return };
        while !input.left.is_empty() {
            match input.pipe.write(input.left.as_slices().0) {
                Ok(count) => drop(input.left.drain(..count)),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                // A program need not read what it is given; then the pipe breaks, and that is fine.
                Err(_) => {
                    self.input = None;
                    return;
                }
            }
        }
        input.left.shrink_to(CHUNK_BYTES);
        if input.last {
            self.input = None;
        }
    }
}

/// One piece of what a pipe has, and whether more may come.
fn read<'c>(pipe: Option<&mut PipeReader>, chunk: &'c mut Vec<u8>) -> (&'c [u8], bool) {
    chunk.resize(CHUNK_BYTES, 0);
    match pipe.map(|pipe| pipe.read(chunk)) {
        Some(Ok(count)) if count > 0 => (&chunk[..count], true),
        Some(Err(error)) if error.kind() == io::ErrorKind::Interrupted => (&[], true),
        _ => (&[], false),
    }
}
