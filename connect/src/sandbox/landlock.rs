//! The kernel's Landlock: no other files than those given, no TCP but to the gateway, no signals to others. What else
//! is on the machine can be seen, not touched.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use engine::agent::View;
use engine::ports::{Inherit, Launch, NeverStarted};
use landlock::{
    ABI, Access, AccessFs, AccessNet, CompatLevel, Compatible, NetPort, RestrictionStatus, Ruleset, RulesetAttr,
    RulesetCreatedAttr, RulesetError, RulesetStatus, Scope, path_beneath_rules,
};

use super::environment::environment;
use super::repository::{Shown, prepare};
use super::{ETC, SYSTEM};

/// The newest rules that we ask for; an older kernel knows fewer, and says so.
const NEWEST: ABI = ABI::V6;
/// What programs expect to be able to write.
const DEVICES: &[&str] = &["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom", "/dev/tty"];
/// What they expect to be able to read.
const SEEN: &[&str] = &["/proc", "/sys/devices/system/cpu", "/etc/passwd", "/etc/group"];

/// What is left to a program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rights {
    /// What it may read and run.
    pub read: Vec<PathBuf>,
    /// What it may write as well.
    pub write: Vec<PathBuf>,
    /// The only TCP port that it may connect to.
    pub port: Option<u16>,
}

/// `launch` with hardly any rights.
pub fn wrap(program: &Path, launch: Launch, view: &View) -> Result<Launch, NeverStarted> {
    let failed = |error: std::io::Error| NeverStarted(format!("the sandbox cannot be prepared: {error}"));
    let (mut readable, mut env) = (view.readable.clone(), environment(&launch, view));
    if let Some(shown) = prepare(view).map_err(failed)? {
        env.extend(repository(&shown, view, &mut readable).map_err(failed)?);
    }
    let mut argv = vec![program.to_string_lossy().into_owned(), "inside".to_owned()];
    let mut say = |flag: &str, path: &Path| argv.extend([flag.to_owned(), path.to_string_lossy().into_owned()]);
    for path in &readable {
        say("--read", path);
    }
    for path in [&view.worktree, &view.home].into_iter().chain(&view.writable) {
        say("--write", path);
    }
    if let Some((address, _)) = &view.gateway {
        argv.extend(["--connect".to_owned(), address.port().to_string()]);
    }
    argv.extend(["--landlock".to_owned(), "--".to_owned()]);
    argv.extend(launch.argv.iter().cloned());
    Ok(Launch { argv, env, inherit: Inherit::Nothing, ..launch })
}

/// Files cannot be shown in place of others here, so git is led to a folder of ours, with a harmless configuration and
/// links to what it may read; the variables that lead it there hold for every git inside.
fn repository(shown: &Shown, view: &View, readable: &mut Vec<PathBuf>) -> std::io::Result<Vec<(String, OsString)>> {
    let common = view.place.join("common");
    let _ = std::fs::remove_dir_all(&common);
    std::fs::create_dir_all(&common)?;
    std::fs::copy(&shown.config, common.join("config"))?;
    for name in ["HEAD", "objects", "packed-refs", "refs", "info"] {
        let its = shown.common.join(name);
        if its.exists() {
            std::os::unix::fs::symlink(&its, common.join(name))?;
            readable.push(its);
        }
    }
    readable.push(common.clone());
    std::fs::write(shown.own_copy.join("commondir"), format!("{}\n", common.display()))?;
    let folders = [
        ("GIT_DIR", shown.own_copy.clone()),
        ("GIT_COMMON_DIR", common),
        ("GIT_WORK_TREE", view.worktree.clone()),
        ("GIT_OBJECT_DIRECTORY", shown.objects.clone()),
        ("GIT_ALTERNATE_OBJECT_DIRECTORIES", shown.common.join("objects")),
    ];
    Ok(folders.map(|(name, path)| (name.to_owned(), path.into())).to_vec())
}

/// Leaves to this thread, and to what it starts from now on, nothing but `rights`. Fails when the kernel does not know
/// how, or only in part.
pub fn restrict(rights: &Rights) -> Result<(), String> {
    let status = enforce(rights).map_err(|error| format!("Landlock: {error}"))?;
    match status.ruleset {
        RulesetStatus::FullyEnforced if status.no_new_privs => Ok(()),
        found => Err(format!("the kernel enforces Landlock only in part ({found:?})")),
    }
}

fn enforce(rights: &Rights) -> Result<RestrictionStatus, RulesetError> {
    let (read, all) = (AccessFs::from_read(NEWEST), AccessFs::from_all(NEWEST));
    let system = SYSTEM.iter().chain(ETC).chain(SEEN).map(PathBuf::from).filter(|path| path.exists());
    let read_paths = system.chain(rights.read.iter().cloned());
    let written = DEVICES.iter().map(PathBuf::from).filter(|path| path.exists()).chain(rights.write.iter().cloned());
    let mut rules = Ruleset::default()
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(all)?
        .handle_access(AccessNet::ConnectTcp | AccessNet::BindTcp)?
        .scope(Scope::AbstractUnixSocket | Scope::Signal)?
        .create()?
        .add_rules(path_beneath_rules(read_paths, read))?
        .add_rules(path_beneath_rules(written, all))?;
    if let Some(port) = rights.port {
        rules = rules.add_rule(NetPort::new(port, AccessNet::ConnectTcp))?;
    }
    rules.restrict_self()
}
