//! The environment inside: a short list of ours, what the launch sets, and no configuration for git but the repository's.

use std::ffi::OsString;

use engine::agent::View;
use engine::ports::Launch;

/// What is passed on of our own environment: nothing that could be a secret.
const PASSED_ON: &[&str] = &["LANG", "LC_ALL", "LC_CTYPE", "TERM", "TZ", "COLORTERM", "NO_COLOR"];
/// Where programs are, when the launch does not say.
const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// All of the environment inside: what `launch` sets goes before what is passed on.
pub fn environment(launch: &Launch, view: &View) -> Vec<(String, OsString)> {
    let mut all: Vec<(String, OsString)> = vec![
        ("PATH".to_owned(), path(view)),
        ("HOME".to_owned(), view.home.clone().into()),
        ("TMPDIR".to_owned(), view.home.join("tmp").into()),
        ("USER".to_owned(), "agent".into()),
        ("LOGNAME".to_owned(), "agent".into()),
        ("SHELL".to_owned(), "/bin/sh".into()),
    ];
    let names = PASSED_ON.iter().copied().chain(view.variables.iter().map(String::as_str));
    let ours = names.filter_map(|name| Some((name.to_owned(), std::env::var_os(name)?)));
    all.extend(ours);
    for (name, value) in
        [("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_CONFIG_NOSYSTEM", "1"), ("GIT_TERMINAL_PROMPT", "0")]
    {
        all.push((name.to_owned(), value.into()));
    }
    // What the launch sets for our benefit is not for inside.
    all.extend(launch.env.iter().filter(|(name, _)| name != "PATH").cloned());
    all
}

/// The usual places, and the folders that the program was found in.
fn path(view: &View) -> OsString {
    let more = view.readable.iter().filter(|folder| folder.is_dir()).map(|folder| folder.as_os_str());
    let mut all = OsString::from(PATH);
    for folder in more {
        all.push(":");
        all.push(folder);
    }
    all
}
