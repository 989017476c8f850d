//! `nexus doctor`

use engine::agent::{Probe, SandboxKind};
use engine::ports::Repo as _;
use engine::problem::Problem;
use engine::wait;
use serde::Serialize;
use serde_json::json;
use store::Mode;

use super::{Answer, Global, workspace};
use crate::here::Here;
use crate::terminal::painted;

/// Look whether everything Nexus needs is there and in order
#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  nexus doctor --json\n\nExit 0 when nothing is wrong, 1 otherwise.")]
pub struct Args {}

#[derive(Serialize)]
struct Finding {
    what: &'static str,
    /// `ok`, `note` or `wrong`.
    verdict: &'static str,
    detail: String,
}

fn finding(what: &'static str, looked: Result<String, Problem>) -> Finding {
    match looked {
        Ok(detail) => Finding { what, verdict: "ok", detail },
        Err(problem) => Finding { what, verdict: "wrong", detail: problem.message },
    }
}

pub fn doctor(global: &Global, _: &Args) -> Result<Answer, Problem> {
    let here = Here::find(global)?;
    let mut findings = Vec::new();
    let git = here.git();
    findings.push(finding("git", git.as_ref().map_err(Clone::clone).and_then(|git| Ok(git.version()?))));
    if let Ok(git) = &git {
        findings.push(finding("repository", repository(git)));
    }
    let engine = here.engine(Mode::Direct);
    findings.push(finding("store", engine.as_ref().map(|_| here.place()).map_err(Clone::clone)));
    if let (Ok(engine), Ok(git)) = (engine, git) {
        findings.push(finding("integrity", integrity(&engine)));
        let site = here.site_over(engine, git)?;
        findings.push(finding("state folder", writable(&site.places.state)));
        let target = workspace::target(&site, None);
        let policy = target.and_then(|target| {
            let checks = site.declared(&site.tip(&target)?)?.policy.checks.len();
            let place = site.remote.as_ref().map_or_else(String::new, |remote| format!(" of the remote {remote}"));
            Ok(match checks {
                0 => {
                    format!("lands on {target}{place}; no checks in nexus.toml, so changes land observed, not verified")
                }
                n => format!("lands on {target}{place} after {n} checks"),
            })
        });
        findings.push(finding("landing", policy));
        let due = site.prune(None, true)?;
        if !due.put_away.is_empty() || !due.strays.is_empty() {
            let detail = format!(
                "{} workspaces belong to no current hold and {} worktrees to no row; `nexus workspace prune` puts them away",
                due.put_away.len(),
                due.strays.len()
            );
            findings.push(Finding { what: "workspaces", verdict: "note", detail });
        }
    }
    let kinds = crate::sandbox::all();
    findings.push(finding("sandbox", kinds.map(|kinds| sandboxes(&kinds))));
    findings.push(Finding {
        what: "caps",
        verdict: "ok",
        detail: if connect::process::caps_hold() {
            "the kernel keeps agents and checks to their memory and processes".to_owned()
        } else {
            "memory and processes of agents are counted once a second; no control group can be made here, so the kernel \
             keeps nobody to them"
                .to_owned()
        },
    });
    let wrong = findings.iter().any(|f| f.verdict == "wrong");
    let colour = |verdict| match verdict {
        "ok" => "done",
        "note" => "blocked",
        _ => "dead",
    };
    let lines: Vec<_> = findings
        .iter()
        .map(|f| format!("{} {}: {}", painted(colour(f.verdict), f.verdict), f.what, f.detail))
        .collect();
    Ok(Answer::new(&json!({ "well": !wrong, "findings": findings }), lines.join("\n")).exit(u8::from(wrong)))
}

fn repository(git: &connect::git::Git) -> Result<String, Problem> {
    let root = git.root().display();
    Ok(match git.commit("HEAD")? {
        Some(head) => format!("{root} at {}", &head[..12]),
        None => format!("{root} has no commit yet; commit something before `nexus run`"),
    })
}

/// Every item is what its events say.
fn integrity(engine: &engine::Engine) -> Result<String, Problem> {
    // What is missing the beginning cannot be told again; `nexus audit verify` says whether it should be.
    let archived = engine.archived()?.up_to_seq > 0;
    let looked = wait(engine.store.read(async |tx| store::whole::look(tx, &engine.project, archived).await))?;
    if let Some(id) = looked.unlike {
        let message = format!("item {id} is not what its events say; keep a copy of the store and report this");
        return Err(Problem::new(engine::problem::Kind::Failed, "broken", message));
    }
    let same = format!("{} items are what their events say", looked.same);
    Ok(match looked.skipped {
        0 => same,
        skipped => format!("{same}; the events of {skipped} more are in an archive"),
    })
}

fn writable(folder: &std::path::Path) -> Result<String, Problem> {
    let failed = |e: std::io::Error| {
        let message = format!("{} cannot be written: {e}; set state_dir to a folder that can", folder.display());
        Problem::new(engine::problem::Kind::Failed, "io_failed", message)
    };
    std::fs::create_dir_all(folder).map_err(failed)?;
    let probe = folder.join(format!("probe-{}", std::process::id()));
    std::fs::write(&probe, b"probe").and_then(|()| std::fs::remove_file(&probe)).map_err(failed)?;
    Ok(folder.display().to_string())
}

/// How each kind of sandbox does.
fn sandboxes(kinds: &[Probe]) -> String {
    let said = |it: &Probe| {
        let works = if it.works { "works" } else { "does not work" };
        format!("{} {works}: {}", it.kind.word(), it.detail)
    };
    kinds.iter().rev().filter(|it| it.kind != SandboxKind::None).map(said).collect::<Vec<_>>().join("; ")
}
