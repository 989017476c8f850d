//! The machine's clocks: the one that people set, and the one that nobody can.

use std::path::PathBuf;
use std::sync::OnceLock;
use std::time::{SystemTime, UNIX_EPOCH};

/// Nanoseconds since the Unix epoch by the clock that people set, which may go wrong and be put right.
///
/// A build with debug assertions adds as many milliseconds as stand in the file that `NEXUS_TEST_CLOCK` names, so that
/// a test can give a process a clock of its own, and step it.
pub fn unix_nanos() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let nanos = u64::try_from(since.as_nanos()).unwrap_or(u64::MAX);
    if cfg!(debug_assertions) { nanos.saturating_add_signed(test_ahead_ms().saturating_mul(1_000_000)) } else { nanos }
}

/// The same in milliseconds.
pub fn unix_ms() -> i64 {
    i64::try_from(unix_nanos() / 1_000_000).unwrap_or(i64::MAX)
}

/// Milliseconds of a clock that never steps and goes on while the machine sleeps; they count from whenever.
pub fn steady_ms() -> i64 {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    now.tv_sec * 1_000 + now.tv_nsec / 1_000_000
}

fn test_ahead_ms() -> i64 {
    static FILE: OnceLock<Option<PathBuf>> = OnceLock::new();
    let file = FILE.get_or_init(|| std::env::var_os("NEXUS_TEST_CLOCK").map(PathBuf::from));
    let text = file.as_ref().and_then(|file| std::fs::read_to_string(file).ok());
    text.and_then(|text| text.trim().parse().ok()).unwrap_or(0)
}
