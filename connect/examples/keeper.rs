//! The keeper alone, for tests: `keeper keep -- ARGV…`.

use std::process::ExitCode;

fn main() -> ExitCode {
    connect::process::keep(std::env::args_os().skip(2).collect())
}
