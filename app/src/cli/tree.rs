//! The tree of commands, and shortcuts to those that programs call all day.
//!
//! Making the whole tree, with what is said about fifty commands, takes longer than to read the words of one. So a
//! command line that begins with the words of a [`Branch`] is read by that branch alone. What it does not understand
//! (a mistake, `--help`) is read again by the whole tree, which therefore says all that is ever said.

use std::ffi::OsString;

use clap::{ArgMatches, Args, Command, CommandFactory};

use super::{Cli, Global, Keep, agent, lock, memory, message, status, work};

/// The words that lead to a command, and what adds its arguments.
pub type Branch = (&'static [&'static str], fn(Command) -> Command);

const BRANCHES: &[&[Branch]] = &[
    work::BRANCHES,
    agent::BRANCHES,
    lock::BRANCHES,
    message::BRANCHES,
    memory::BRANCHES,
    &[(&["status"], status::Args::augment_args), (&["keep"], Keep::augment_args)],
];

/// What the words of a command line mean, the program's own name being the first of them.
pub fn matches(line: &[OsString]) -> Result<ArgMatches, clap::Error> {
    if let Some(branch) = BRANCHES.iter().copied().flatten().find(|(words, _)| begins(line, words))
        && let Ok(matches) = alone(branch).try_get_matches_from(line)
    {
        return Ok(matches);
    }
    whole().try_get_matches_from(line)
}

/// Every command.
pub fn whole() -> Command {
    numbers_may_be_negative(Cli::command())
}

fn begins(line: &[OsString], words: &[&str]) -> bool {
    line.len() > words.len() && line[1..].iter().zip(words).all(|(found, word)| found == word)
}

/// A tree with one branch.
fn alone((words, add_arguments): &Branch) -> Command {
    let (last, above) = words.split_last().expect("a command has a name");
    let command = add_arguments(Command::new(*last));
    let command = above.iter().rev().fold(command, |below, word| Command::new(*word).subcommand(below));
    Global::augment_args(Command::new("nexus"))
        .version(env!("CARGO_PKG_VERSION"))
        .propagate_version(true)
        .subcommand(command)
}

/// Lets `--percent -1` reach the parser of percents, which says what is wrong with it; clap would take it for a flag.
fn numbers_may_be_negative(command: Command) -> Command {
    let number = |arg: &clap::Arg| {
        let named = arg.get_value_names().and_then(|names| names.first());
        named.is_some_and(|name| ["N", "SEQ", "DURATION"].contains(&name.as_str()))
    };
    let command = command.mut_args(|arg| if number(&arg) { arg.allow_hyphen_values(true) } else { arg });
    command.mut_subcommands(numbers_may_be_negative)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `tree` says when it is asked for help on the command that `words` lead to.
    fn help(tree: Command, words: &[&str]) -> String {
        let line = ["nexus"].iter().chain(words).chain(&["--help"]);
        tree.try_get_matches_from(line).expect_err("help is no match").to_string()
    }

    #[test]
    fn a_branch_alone_takes_what_it_takes_in_the_whole_tree() {
        for branch in BRANCHES.iter().copied().flatten() {
            let (words, _) = branch;
            assert_eq!(help(alone(branch).max_term_width(100), words), help(whole(), words), "{words:?}");
        }
    }

    #[test]
    fn every_verb_of_work_has_a_branch() {
        let whole = whole();
        let work = whole.find_subcommand("work").expect("there is work");
        for verb in work.get_subcommands().map(Command::get_name).filter(|verb| *verb != "help") {
            assert!(BRANCHES.iter().copied().flatten().any(|(words, _)| *words == ["work", verb]), "{verb}");
        }
    }

    #[test]
    fn what_a_branch_does_not_understand_is_for_the_whole_tree_to_say() {
        let line = |words: &[&str]| words.iter().map(OsString::from).collect::<Vec<_>>();
        for words in [
            &["nexus", "work", "next", "--agent"][..],
            &["nexus", "work", "next", "--agnet", "zoe"],
            &["nexus", "work", "renew", "work_1", "--agent", "zoe", "--fence", "1", "--ttl", "-1s"],
            &["nexus", "work", "progress", "work_1", "--agent", "zoe", "--fence", "1", "--percent", "-1"],
            &["nexus", "work", "--version"],
        ] {
            let said = matches(&line(words)).expect_err("it cannot be understood");
            let whole = whole().try_get_matches_from(words).expect_err("it cannot be understood");
            assert_eq!(said.to_string(), whole.to_string(), "{words:?}");
        }
    }
}
