//! The layer that is a file: `config.toml`.

use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::bad::BadSetting;
use super::checked::Profile;
use super::kind::{Form, Raw};
use super::nearest::nearest;
use super::table::{self, Spec};
use super::written::Said;

/// More than this is no file of settings.
const FILE_BYTES_MAX: u64 = 1_000_000;

/// Everything the file at `path` says, the sections of profiles last; nothing when there is no such file.
pub fn read(path: &Path) -> Result<Vec<Said>, BadSetting> {
    let Some(text) = text(path)? else { return Ok(Vec::new()) };
    let source = Source { path, text: &text };
    let root = DeTable::parse(&text).map_err(|error| source.syntax(&error))?;
    let mut said = Vec::new();
    source.walk("", root.get_ref(), None, &mut said)?;
    said.sort_by_key(|it| it.only.is_some());
    Ok(said)
}

fn text(path: &Path) -> Result<Option<String>, BadSetting> {
    let unreadable = |why: String| BadSetting::Unreadable { path: path.to_owned(), why };
    let file = match File::open(path) {
        Ok(file) => file,
        // What stands in the folder's place is for whoever makes the folder to say.
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(None),
        Err(error) => return Err(unreadable(error.to_string())),
    };
    let mut bytes = Vec::new();
    file.take(FILE_BYTES_MAX + 1).read_to_end(&mut bytes).map_err(|error| unreadable(error.to_string()))?;
    if bytes.len() as u64 > FILE_BYTES_MAX {
        return Err(unreadable(format!("it has more than {FILE_BYTES_MAX} bytes")));
    }
    String::from_utf8(bytes).map(Some).map_err(|_| unreadable("it is not UTF-8 text".to_owned()))
}

/// The file being read, to say where things stand in it.
struct Source<'a> {
    path: &'a Path,
    text: &'a str,
}

impl Source<'_> {
    /// Collects what `table` says; `prefix` is its dotted name, `only` the profile whose section it is in.
    fn walk(
        &self,
        prefix: &str,
        table: &DeTable<'_>,
        only: Option<Profile>,
        said: &mut Vec<Said>,
    ) -> Result<(), BadSetting> {
        for (name, value) in table {
            let key =
                if prefix.is_empty() { name.get_ref().to_string() } else { format!("{prefix}.{}", name.get_ref()) };
            match value.get_ref() {
                DeValue::Table(sections) if key == "profile" && only.is_none() => self.sections(sections, said)?,
                DeValue::Table(inner) if goes_on(&key, inner) => self.walk(&key, inner, only, said)?,
                _ => said.push(self.one(key, name.span().start, value, only)?),
            }
        }
        Ok(())
    }

    fn sections(&self, sections: &DeTable<'_>, said: &mut Vec<Said>) -> Result<(), BadSetting> {
        for (name, section) in sections {
            let place = self.place(name.span().start);
            match (Profile::from_word(name.get_ref()), section.get_ref()) {
                (Some(profile), DeValue::Table(inner)) => self.walk("", inner, Some(profile), said)?,
                _ => return Err(BadSetting::UnknownProfile { found: name.get_ref().to_string(), place }),
            }
        }
        Ok(())
    }

    fn one(
        &self,
        key: String,
        at: usize,
        value: &Spanned<DeValue<'_>>,
        only: Option<Profile>,
    ) -> Result<Said, BadSetting> {
        let place = self.place(at);
        // A section is for one profile, so it cannot choose another.
        match Spec::named(&key).filter(|spec| only.is_none() || spec.key != "profile") {
            Some(spec) => Ok(Said { only, ..Said::new(spec, self.raw(value), place)? }),
            None => Err(BadSetting::Unknown { nearest: nearest(&key, table::ALL.iter().map(|it| it.key)), key, place }),
        }
    }

    fn raw(&self, value: &Spanned<DeValue<'_>>) -> Raw {
        match value.get_ref() {
            DeValue::String(text) => Raw { text: text.to_string(), form: Form::Quoted },
            _ => Raw { text: self.text[value.span()].to_owned(), form: Form::Bare },
        }
    }

    fn syntax(&self, error: &toml::de::Error) -> BadSetting {
        let at = error.span().map_or(0, |span| span.start);
        let line = self.text.lines().nth(self.line(at) - 1).unwrap_or_default();
        let about_profile = line.contains("profile");
        let hint = "; a file with [profile.…] sections cannot set `profile`: choose with --profile or NEXUS_PROFILE";
        let why = format!("{}{}", error.message().trim(), if about_profile { hint } else { "" });
        BadSetting::Syntax { place: self.place(at), why }
    }

    fn place(&self, at: usize) -> String {
        format!("file {}:{}", self.path.display(), self.line(at))
    }

    /// The number of the line with the byte `at`, counted from 1.
    fn line(&self, at: usize) -> usize {
        self.text.bytes().take(at).filter(|byte| *byte == b'\n').count() + 1
    }
}

/// Whether to look for settings inside the table called `key`. What is no setting and leads to none is looked into as
/// well, but not for ever, so that the error can name the whole key and the nearest to it.
fn goes_on(key: &str, table: &DeTable<'_>) -> bool {
    let leads_on = |spec: &Spec| spec.key.strip_prefix(key).is_some_and(|rest| rest.starts_with('.'));
    let stray = Spec::named(key).is_none() && !table.is_empty() && key.matches('.').count() < 3;
    table::ALL.iter().any(leads_on) || stray
}
