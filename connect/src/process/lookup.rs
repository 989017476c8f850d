//! Whether a program can be started at all, and in plain words why not.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use engine::ports::{Inherit, Launch, NeverStarted};
use rustix::fs::{Access, access};

/// Where programs are looked up when there is no PATH, as libc does it.
const PATH_DEFAULT: &str = "/bin:/usr/bin";

/// An error that says what to do when `launch` cannot work: its folder, its program, its arguments.
pub(super) fn check(launch: &Launch) -> Result<(), NeverStarted> {
    let refuse = |text: String| Err(NeverStarted(text));
    let Some(program) = launch.argv.first().filter(|it| !it.is_empty()) else {
        return refuse("no program is named; give a command to run".to_owned());
    };
    if !launch.dir.is_dir() {
        return refuse(format!("the folder {} to run {program} in does not exist", launch.dir.display()));
    }
    if launch.argv.iter().any(|it| it.contains('\0')) {
        return refuse(format!("an argument of {program} has a NUL in it, which no program can be given"));
    }
    let bad_key = |key: &str| key.is_empty() || key.contains(['=', '\0']);
    if let Some((key, _)) = launch.env.iter().find(|(key, value)| bad_key(key) || value.as_encoded_bytes().contains(&0))
    {
        return refuse(format!(
            "the variable {key:?} for {program} is not one: its name is empty or has =, or there is a NUL in it"
        ));
    }
    if program.contains('/') {
        return runnable(&launch.dir.join(program)).or_else(|why| refuse(format!("{program} cannot be run: {why}")));
    }
    let mut denied = None;
    for folder in std::env::split_paths(&search_path(launch)) {
        let file = launch.dir.join(folder).join(program);
        match runnable(&file) {
            Ok(()) => return Ok(()),
            Err(why) if file.exists() => denied = denied.or(Some((file, why))),
            Err(_) => {}
        }
    }
    match denied {
        Some((file, why)) => refuse(format!("{} cannot be run: {why}", file.display())),
        None => refuse(format!("{program} was not found on the PATH; install it, or name it with its folder")),
    }
}

/// The PATH that the program will have.
fn search_path(launch: &Launch) -> OsString {
    let given = launch.env.iter().rev().find(|(key, _)| key == "PATH").map(|(_, value)| value.clone());
    let removed = launch.inherit == Inherit::Nothing || launch.env_remove.iter().any(|key| key == "PATH");
    let ours = || if removed { None } else { std::env::var_os("PATH") };
    given.or_else(ours).unwrap_or_else(|| OsStr::new(PATH_DEFAULT).to_owned())
}

fn runnable(file: &Path) -> Result<(), &'static str> {
    let file: PathBuf = file.to_owned();
    if !file.exists() {
        Err("there is no such file")
    } else if !file.is_file() {
        Err("it is not a file")
    } else if access(&file, Access::EXEC_OK).is_err() {
        Err("it is not executable (chmod +x makes it so)")
    } else {
        Ok(())
    }
}
