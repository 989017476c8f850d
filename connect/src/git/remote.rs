//! The repository that several clones share: what its refs point at, and moving them by compare-and-set.
//!
//! Nothing is ever forced: a push names what the ref has to be at, and the remote refuses it when that is no longer
//! so. Commits are fetched before any ref here names them, so that callers at the same time are not in each other's
//! way.

use std::time::Duration;

use engine::ports::{Moved, Oid, RepoError};

use super::run::{Call, Ended};
use super::{Git, objects, refs};

/// How long one call may take: a large push over a slow line does not take longer, a line that is dead does.
const AT_MOST: Duration = Duration::from_mins(10);
/// How often a ref that moves while it is fetched is looked at again.
const TRIES: u32 = 8;

/// Brings what the ref `name` of the remote points at, and keeps it under `keep`.
pub(super) fn fetch(git: &Git, remote: &str, name: &str, keep: &str) -> Result<Option<Oid>, RepoError> {
    store::failpoint!("git.fetch.before");
    for _ in 0..TRIES {
        let Some(at) = list(git, remote, &[name.to_owned()])?.pop().map(|(_, at)| at) else { return Ok(None) };
        if objects::commit(git, &at)?.is_none() {
            let quietly = ["--quiet", "--no-tags", "--no-prune", "--no-write-fetch-head", "--no-recurse-submodules"];
            let ended = call(git, "fetch").args(quietly).args(["--refmap=", "--", remote, name]).patient()?;
            // Gone since we looked: the next look says so.
            if !ended.status.success() && !ended.err.contains("couldn't find remote ref") {
                return Err(unreachable(remote, &ended));
            }
        }
        if objects::commit(git, &at)?.is_some() {
            store::failpoint!("git.fetch.done");
            refs::set(git, keep, &at)?;
            return Ok(Some(at));
        }
    }
    Err(RepoError::Unreachable(format!("{name} of the remote {remote:?} moves faster than it can be fetched")))
}

/// Points the ref `name` of the remote from `old` at `new`.
pub(super) fn push(git: &Git, remote: &str, name: &str, old: Option<&str>, new: &str) -> Result<Moved, RepoError> {
    store::failpoint!("git.push.before");
    let lease = format!("--force-with-lease={name}:{}", old.unwrap_or_default());
    let ended = quiet_push(git).args([&lease, "--", remote, &format!("{new}:{name}")]).run()?;
    if !ended.status.success() {
        // The answer may have been lost though it was done, and that somebody was faster is no fault.
        let at = list(git, remote, &[name.to_owned()])?.pop().map(|(_, at)| at);
        if at.as_deref() == old {
            return Err(refused(remote, name, &ended));
        }
        if at.as_deref() != Some(new) {
            return Ok(Moved::Elsewhere(at));
        }
    }
    store::failpoint!("git.push.done");
    Ok(Moved::Done)
}

/// Deletes refs of the remote.
pub(super) fn delete(git: &Git, remote: &str, names: &[String]) -> Result<(), RepoError> {
    let gone = |names: &[String]| {
        let orders = names.iter().map(|name| format!(":{name}"));
        quiet_push(git).args(["--", remote]).args(orders).run()
    };
    if names.is_empty() || gone(names)?.status.success() {
        return Ok(());
    }
    // Git deletes none of them when one is gone already.
    let there: Vec<String> = list(git, remote, names)?.into_iter().map(|(name, _)| name).collect();
    let Some(first) = there.first() else { return Ok(()) };
    let ended = gone(&there)?;
    if ended.status.success() { Ok(()) } else { Err(refused(remote, first, &ended)) }
}

/// Those of the refs `names` that the remote has, and what they point at.
fn list(git: &Git, remote: &str, names: &[String]) -> Result<Vec<(String, Oid)>, RepoError> {
    let ended = call(git, "ls-remote").args(["--refs", "--", remote]).args(names).run()?;
    if !ended.status.success() {
        return Err(unreachable(remote, &ended));
    }
    let out = String::from_utf8_lossy(&ended.out);
    let pairs = out.lines().filter_map(|line| line.split_once('\t'));
    // Git takes a name for the end of a longer one as well.
    let asked = pairs.filter(|(_, name)| names.iter().any(|asked| asked == name));
    Ok(asked.map(|(at, name)| (name.to_owned(), at.to_owned())).collect())
}

fn quiet_push(git: &Git) -> Call {
    call(git, "push").args(["--porcelain", "--no-verify", "--no-follow-tags", "--recurse-submodules=no"])
}

/// A call that may have to reach another machine, and asks nobody for a password: what is relative is so to the main
/// worktree.
fn call(git: &Git, verb: &str) -> Call {
    let call = Call::new(verb, &git.root).env("GIT_DIR", &git.common).at_most(AT_MOST);
    if std::env::var_os("SSH_ASKPASS").is_some() {
        return call;
    }
    call.env("SSH_ASKPASS", "false").env("SSH_ASKPASS_REQUIRE", "force")
}

fn unreachable(remote: &str, ended: &Ended) -> RepoError {
    let said = said(ended);
    let any = |words: &[&str]| words.iter().any(|word| said.contains(word));
    let what_to_do = if any(&["Permission denied", "Authentication failed", "could not read", "Host key"]) {
        "git has to get there without asking anybody: give it a key that needs no password, or a credential helper"
    } else if any(&["not appear to be a git repository", "does not exist", "not found", "no such remote"]) {
        "landing.remote takes a remote of this clone (`git remote -v` lists them) or an address"
    } else {
        "try `git ls-remote` with it; it is tried again"
    };
    RepoError::Unreachable(format!("the remote {remote:?} cannot be reached ({said}); {what_to_do}"))
}

fn refused(remote: &str, name: &str, ended: &Ended) -> RepoError {
    RepoError::PushRefused(format!(
        "the remote {remote:?} does not let us move {name} ({}); give whoever runs nexus the right to push there, \
         to the branch and to refs/nexus/",
        said(ended)
    ))
}

/// Git's words on one line, without those that say only that something went wrong.
fn said(ended: &Ended) -> String {
    let out = String::from_utf8_lossy(&ended.out);
    let refusals =
        out.lines().filter(|line| line.starts_with('!')).map(|line| line.rsplit('\t').next().unwrap_or(line));
    let empty =
        |line: &&str| !line.is_empty() && !line.starts_with("error: failed to push") && !line.starts_with("To ");
    let words: Vec<&str> = refusals.chain(ended.err.lines().map(str::trim).filter(empty)).take(6).collect();
    if words.is_empty() { ended.status.to_string() } else { words.join("; ") }
}
