//! How the program is linked: with the compiler's unwinder inside.
//!
//! As a library beside the program, it asks the processor what it can do whenever a process starts, and on a virtual
//! machine that takes longer than to read the command line. Where the archives are not found, it stays beside.

use std::path::{Path, PathBuf};
use std::process::Command;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let env = |name: &str| std::env::var(name).unwrap_or_default();
    let gnu = env("CARGO_CFG_TARGET_OS") == "linux" && env("CARGO_CFG_TARGET_ENV") == "gnu";
    if !gnu || env("HOST") != env("TARGET") {
        return;
    }
    if let (Some(unwinder), Some(support)) = (archive("libgcc_eh.a"), archive("libgcc.a")) {
        // Rust asks for `gcc_s`; this is what the linker finds first under that name.
        let folder = env("OUT_DIR");
        let script = format!("GROUP ( {} {} )\n", unwinder.display(), support.display());
        std::fs::write(Path::new(&folder).join("libgcc_s.so"), script).expect("cargo's folder can be written");
        println!("cargo:rustc-link-search=native={folder}");
    }
}

/// Where the compiler has the archive called `name`, or `None`.
fn archive(name: &str) -> Option<PathBuf> {
    let said = Command::new("cc").arg(format!("-print-file-name={name}")).output().ok()?;
    let path = PathBuf::from(String::from_utf8(said.stdout).ok()?.trim_end());
    let plain = path.to_str()?.chars().all(|it| it.is_ascii_graphic() && !"()\"*?".contains(it));
    (plain && path.is_absolute() && path.is_file()).then_some(path)
}
