//! `nexus work …`

mod add;
mod assign;
mod claim;
mod explain;
mod gate;
mod handoff;
mod hold;
mod look;
mod many;

use std::mem::ManuallyDrop;

use clap::{Args as _, Subcommand};
use engine::problem::Problem;
use engine::work::WorkView;

use super::tree::Branch;
use super::{Answer, Global};
use crate::reach::Reach;
use crate::terminal::painted;

/// Add, claim, report: everything about pieces of work
#[derive(Debug, Subcommand)]
#[command(after_help = "Example:\n  nexus work add 'Fix the parser'\n  nexus work next --agent zoe --json")]
pub enum Command {
    Add(Box<add::Add>),
    Import(add::Import),
    Export(add::Export),
    List(look::List),
    Show(look::Show),
    Claim(claim::Claim),
    Next(claim::Next),
    Renew(hold::Renew),
    Progress(hold::Progress),
    Report(hold::Report),
    Fail(hold::Fail),
    Release(hold::Release),
    Handoff(Box<handoff::Handoff>),
    Assign(assign::Assign),
    Reassign(assign::Reassign),
    Block(hold::Block),
    Unblock(hold::Unblock),
    Cancel(hold::Cancel),
    Requeue(hold::Requeue),
    ReportMany(many::ReportMany),
    Explain(explain::Explain),
    Graph(explain::GraphArgs),
    Pause(gate::Pause),
    Resume(gate::Resume),
    Limit(gate::Limit),
    Gates(gate::Gates),
}

/// The verbs, each by itself.
pub const BRANCHES: &[Branch] = &[
    (&["work", "add"], add::Add::augment_args),
    (&["work", "import"], add::Import::augment_args),
    (&["work", "export"], add::Export::augment_args),
    (&["work", "list"], look::List::augment_args),
    (&["work", "show"], look::Show::augment_args),
    (&["work", "claim"], claim::Claim::augment_args),
    (&["work", "next"], claim::Next::augment_args),
    (&["work", "renew"], hold::Renew::augment_args),
    (&["work", "progress"], hold::Progress::augment_args),
    (&["work", "report"], hold::Report::augment_args),
    (&["work", "fail"], hold::Fail::augment_args),
    (&["work", "release"], hold::Release::augment_args),
    (&["work", "handoff"], handoff::Handoff::augment_args),
    (&["work", "assign"], assign::Assign::augment_args),
    (&["work", "reassign"], assign::Reassign::augment_args),
    (&["work", "block"], hold::Block::augment_args),
    (&["work", "unblock"], hold::Unblock::augment_args),
    (&["work", "cancel"], hold::Cancel::augment_args),
    (&["work", "requeue"], hold::Requeue::augment_args),
    (&["work", "report-many"], many::ReportMany::augment_args),
    (&["work", "explain"], explain::Explain::augment_args),
    (&["work", "graph"], explain::GraphArgs::augment_args),
    (&["work", "pause"], gate::Pause::augment_args),
    (&["work", "resume"], gate::Resume::augment_args),
    (&["work", "limit"], gate::Limit::augment_args),
    (&["work", "gates"], gate::Gates::augment_args),
];

/// Runs one verb.
pub fn work(global: &Global, command: Command) -> Result<Answer, Problem> {
    // The end of the process closes the store, and sooner than we could: nothing is written at a close.
    let reach = ManuallyDrop::new(Reach::find(global)?);
    match command {
        Command::Add(args) => add::add(&reach, &args),
        Command::Import(args) => add::import(&reach, &args),
        Command::Export(args) => add::export(&reach, &args, global.json),
        Command::List(args) => look::list(&reach, &args, global.json),
        Command::Show(args) => look::show(&reach, &args),
        Command::Claim(args) => claim::claim(&reach, &args),
        Command::Next(args) => claim::next(&reach, &args),
        Command::Renew(args) => hold::renew(&reach, &args),
        Command::Progress(args) => hold::progress(&reach, &args),
        Command::Report(args) => hold::report(&reach, &args),
        Command::Fail(args) => hold::fail(&reach, &args),
        Command::Release(args) => hold::release(&reach, &args),
        Command::Handoff(args) => handoff::handoff(&reach, &args),
        Command::Assign(args) => assign::assign(&reach, &args),
        Command::Reassign(args) => assign::reassign(&reach, &args),
        Command::Block(args) => hold::block(&reach, &args),
        Command::Unblock(args) => hold::unblock(&reach, &args),
        Command::Cancel(args) => hold::cancel(&reach, &args),
        Command::Requeue(args) => hold::requeue(&reach, &args),
        Command::ReportMany(args) => many::report_many(&reach, &args),
        Command::Explain(args) => explain::explain(&reach, &args),
        Command::Graph(args) => explain::graph(&reach, &args),
        Command::Pause(args) => gate::pause(&reach, &args),
        Command::Resume(args) => gate::resume(&reach, &args),
        Command::Limit(args) => gate::limit(&reach, &args),
        Command::Gates(_) => gate::gates(&reach),
    }
}

/// The item, with what was done to it.
fn done(verb: &str, item: &WorkView) -> Answer {
    Answer::new(item, said(verb, item))
}

/// The same in words.
fn said(verb: &str, item: &WorkView) -> String {
    let state = painted(&item.state, &item.state);
    format!("{verb} {} {state}: {}", item.id, crate::terminal::one_line(&item.title))
}
