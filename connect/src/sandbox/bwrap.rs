//! Namespaces through bubblewrap: a file system of what is given, no network, no other processes, no capabilities.

use std::path::{Path, PathBuf};

use engine::agent::View;
use engine::ports::{Inherit, Launch, NeverStarted};

use super::environment::environment;
use super::programs::found;
use super::repository::{Shown, prepare};
use super::{ETC, OBJECTS, SELF, SOCKET, SYSTEM};

/// Who the program is inside. Outside its files belong to whoever started us.
const USER: &str = "1000";

/// `launch` inside namespaces.
pub fn wrap(program: &Path, launch: Launch, view: &View) -> Result<Launch, NeverStarted> {
    let failed = |error: std::io::Error| NeverStarted(format!("the sandbox cannot be prepared: {error}"));
    // What is on the PATH inside is another matter.
    let Some(bwrap) = found("bwrap", &launch.dir) else {
        return Err(NeverStarted("bwrap is not installed".to_owned()));
    };
    let shown = prepare(view).map_err(failed)?;
    let (passwd, group) = (view.place.join("passwd"), view.place.join("group"));
    let home = view.home.to_string_lossy();
    std::fs::write(&passwd, format!("agent:x:{USER}:{USER}:agent:{home}:/bin/sh\n")).map_err(failed)?;
    std::fs::write(&group, format!("agent:x:{USER}:\n")).map_err(failed)?;
    let mut all = Words::default();
    all.say([
        text(&bwrap).as_str(),
        "--unshare-all",
        "--unshare-user",
        "--disable-userns",
        "--die-with-parent",
        "--new-session",
    ]);
    all.say(["--cap-drop", "ALL", "--uid", USER, "--gid", USER, "--hostname", "agent"]);
    for path in SYSTEM.iter().map(Path::new) {
        match std::fs::read_link(path) {
            Ok(target) => all.say(["--symlink", &text(&target), &text(path)]),
            Err(_) => all.bind("--ro-bind-try", path, path),
        }
    }
    for path in ETC.iter().map(Path::new) {
        all.bind("--ro-bind-try", path, path);
    }
    all.bind("--ro-bind", &passwd, Path::new("/etc/passwd"));
    all.bind("--ro-bind", &group, Path::new("/etc/group"));
    all.say(["--proc", "/proc", "--dev", "/dev", "--tmpfs", "/tmp", "--tmpfs", "/run"]);
    // What is read first: a writable folder within one that is only read stays writable.
    for path in view.common_dir.iter().chain(&view.readable) {
        all.bind("--ro-bind", path, path);
    }
    for path in [&view.worktree, &view.home].into_iter().chain(&view.writable) {
        all.bind("--bind", path, path);
    }
    if let Some(shown) = &shown {
        repository(&mut all, shown).map_err(failed)?;
    }
    // Whoever could change this file would choose which repository we look into.
    let link = view.worktree.join(".git");
    if link.is_file() {
        all.bind("--ro-bind", &link, &link);
    }
    all.bind("--ro-bind", program, Path::new(SELF));
    let mut inner = vec![SELF.to_owned(), "inside".to_owned()];
    if let Some((address, socket)) = &view.gateway {
        all.bind("--bind", socket, Path::new(SOCKET));
        inner.extend(["--listen".to_owned(), address.to_string(), "--socket".to_owned(), SOCKET.to_owned()]);
    }
    // What lies between the things that are shown is not to be written either.
    all.say(["--remount-ro", "/"]);
    all.say(["--chdir", &text(&launch.dir), "--"]);
    inner.push("--".to_owned());
    let argv = all.0.into_iter().chain(inner).chain(launch.argv.iter().cloned()).collect();
    let env = environment(&launch, view);
    Ok(Launch { argv, env, inherit: Inherit::Nothing, ..launch })
}

/// The repository, to be read; but new objects, and what git writes down of the worktree, go to copies of their own.
fn repository(all: &mut Words, shown: &Shown) -> std::io::Result<()> {
    let common = &shown.common;
    all.bind("--ro-bind", &shown.config, &common.join("config"));
    for name in ["FETCH_HEAD", "config.worktree"] {
        if common.join(name).is_file() {
            all.bind("--ro-bind", &shown.empty, &common.join(name));
        }
    }
    std::fs::write(shown.objects.join("info/alternates"), format!("{OBJECTS}\n"))?;
    all.bind("--ro-bind", &common.join("objects"), Path::new(OBJECTS));
    all.bind("--bind", &shown.objects, &common.join("objects"));
    if let Some(own) = &shown.own {
        all.bind("--bind", &shown.own_copy, own);
    }
    Ok(())
}

#[derive(Default)]
struct Words(Vec<String>);

impl Words {
    fn say<'a>(&mut self, words: impl IntoIterator<Item = &'a str>) {
        self.0.extend(words.into_iter().map(str::to_owned));
    }

    fn bind(&mut self, how: &str, from: &Path, to: &Path) {
        self.say([how, &text(from), &text(to)]);
    }
}

/// A path for the command line. Folders of ours are Unicode; one that is not fails to be bound, and nothing starts.
fn text(path: &Path) -> String {
    PathBuf::from(path).to_string_lossy().into_owned()
}
