//! The command line of the older tool: a word, then arguments by position.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::Path;

use engine::problem::Problem;

/// Options of a word, each with its value.
pub type Options<'a> = BTreeMap<&'a str, &'a str>;

/// A call as it came.
#[derive(Debug)]
pub struct Asked {
    /// The word; `None` when there was none.
    pub word: Option<String>,
    /// Whether to answer with JSON.
    pub json: bool,
    args: Vec<String>,
}

impl Asked {
    /// Reads what follows the name of the program. Fails when it is not UTF-8.
    pub fn read(line: &[OsString]) -> Result<Self, Problem> {
        let mut args = Vec::with_capacity(line.len());
        for arg in line {
            let text = arg.to_str().ok_or_else(|| Problem::malformed(format!("{} is not UTF-8", arg.display())))?;
            args.push(text.to_owned());
        }
        let before = args.len();
        args.retain(|arg| arg != "--json");
        let json = args.len() < before;
        let word = if args.is_empty() { None } else { Some(args.remove(0)) };
        Ok(Self { word, json, args })
    }

    /// The argument at `place`, from 0; an empty one counts as not given, as it always did.
    pub fn at(&self, place: usize) -> Option<&str> {
        self.args.get(place).map(String::as_str).filter(|arg| !arg.is_empty())
    }

    /// The argument at `place`, or `usual`.
    pub fn or<'a>(&'a self, place: usize, usual: &'a str) -> &'a str {
        self.at(place).unwrap_or(usual)
    }

    /// The arguments that are no options, and the options: those in `valued` with what follows them, those in `plain`
    /// with nothing.
    pub fn options<'a>(&'a self, valued: &[&str], plain: &[&str]) -> Result<(Vec<&'a str>, Options<'a>), Problem> {
        let (mut by_place, mut options) = (Vec::new(), Options::new());
        let mut args = self.args.iter().map(String::as_str);
        while let Some(arg) = args.next() {
            if plain.contains(&arg) {
                options.insert(arg, "");
            } else if valued.contains(&arg) {
                let value = args.next().ok_or_else(|| Problem::malformed(format!("{arg} needs a value")))?;
                options.insert(arg, value);
            } else if arg.starts_with("--") {
                let known: Vec<&str> = valued.iter().chain(plain).copied().collect();
                let shown: String = arg.chars().take(60).collect();
                let message = format!("{shown:?} is no option of {}; there is {}", self.word(), known.join(", "));
                return Err(Problem::malformed(message));
            } else if !arg.is_empty() {
                by_place.push(arg);
            }
        }
        Ok((by_place, options))
    }

    fn word(&self) -> &str {
        self.word.as_deref().unwrap_or_default()
    }

    /// Fails when there are more than `most` arguments: a description without quotes would lose its end.
    pub fn at_most(&self, most: usize, usage: &str) -> Result<(), Problem> {
        match self.args.get(most) {
            None => Ok(()),
            Some(extra) => {
                let extra: String = extra.chars().take(60).collect();
                let message = format!("{extra:?} is one argument too many; a text with spaces needs quotes: {usage}");
                Err(Problem::malformed(message))
            }
        }
    }

    /// The whole number at `place`, between `least` and `most`, or `usual` when none is given.
    pub fn number(&self, place: usize, what: &str, usual: u32, least: u32, most: u32) -> Result<u32, Problem> {
        let Some(text) = self.at(place) else { return Ok(usual) };
        let plain = text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|number| plain && (least..=most).contains(number)).ok_or_else(|| {
            let shown: String = text.chars().take(60).collect();
            Problem::malformed(format!("{what} is {shown:?}; it can be a whole number from {least} to {most}"))
        })
    }

    /// The command line for Nexus: `command` with the same arguments, on the store in `folder` when one was named.
    pub fn instead(&self, program: &OsStr, command: &[&str], folder: Option<&Path>) -> Vec<OsString> {
        let mut line = vec![program.to_owned()];
        line.extend(command.iter().map(OsString::from));
        line.extend(folder.into_iter().flat_map(|folder| ["--data-dir".into(), folder.as_os_str().to_owned()]));
        line.extend(self.json.then(|| "--json".into()));
        line.extend(self.args.iter().map(OsString::from));
        line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(line: &[&str]) -> Asked {
        Asked::read(&line.iter().map(OsString::from).collect::<Vec<_>>()).expect("it is text")
    }

    #[test]
    fn arguments_go_by_place_and_empty_ones_are_as_not_given() {
        let call = asked(&["claim", "bug", "--json", "", "high"]);
        assert_eq!((call.word.as_deref(), call.json), (Some("claim"), true));
        assert_eq!((call.at(0), call.at(1), call.or(2, "medium")), (Some("bug"), None, "high"));
        assert!(call.at_most(2, "claim").is_err());
    }

    #[test]
    fn a_number_is_whole_and_within_its_bounds() {
        let percent = |text| asked(&["progress", "work_1", text]).number(1, "percent", 0, 0, 100);
        assert_eq!(percent("100"), Ok(100));
        for bad in ["101", "-1", "+5", "5%", "half", "1e2", "99999999999999999999"] {
            assert!(percent(bad).is_err(), "{bad}");
        }
    }
}
