//! Coding agents of each kind: how to start one, and what it says.
//!
//! | kind | speaks | over |
//! |---|---|---|
//! | `claude` | stream-json with its control protocol | lines, both ways |
//! | `codex` | JSON events | lines |
//! | `gemini`, `opencode`, `goose`, `qwen`, `acp` and by their ACP programs `codex-acp`, `claude-acp` | ACP version 1 | lines, both ways |
//! | `command`, `aider` | nothing that we understand | input, files, exit code |
//!
//! Nothing here starts a process, waits or reads a clock. What an agent prints is somebody else's and may be anything:
//! each line becomes events, and what is not understood is kept as it came.

mod acp;
mod claude;
mod codex;
mod command;
mod kinds;
mod reading;

pub use kinds::{KINDS, Kind, runtime};
