//! Templates of prompts: per role and type of item, ours or the operator's.
//!
//! A template is a text in the language of minijinja. The operator's are files in the folder `prompts` beside the store and
//! go before ours of the same name. Those of a repository do not count: whoever can change them could tell agents what to do.

use std::path::Path;

use minijinja::{Environment, UndefinedBehavior, Value, value::Serde};
use serde::Serialize;

use crate::problem::{Kind, Problem};
use crate::sha256_hex;

/// Ours.
const OURS: [(&str, &str); 3] = [
    ("default", include_str!("templates/default.md")),
    ("type-bug", include_str!("templates/type-bug.md")),
    ("role-qa", include_str!("templates/role-qa.md")),
];
/// The largest template, in bytes.
const BYTES_MAX: u64 = 100_000;
/// How many steps a template may take.
const FUEL: u64 = 200_000;

/// A template that was chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// Its name.
    pub name: String,
    /// The file that it is from; `None`: it is ours.
    pub file: Option<String>,
    text: String,
}

impl Template {
    /// The one for an item of this type and for this role: `role-R.type-T`, else `role-R`, else `type-T`, else `default`; of
    /// each the operator's in `folder` before ours.
    pub fn choose(folder: &Path, role: Option<&str>, kind: &str) -> Result<Self, Problem> {
        let role = role.map(|role| format!("role-{}", plain(role)));
        let kind = format!("type-{}", plain(kind));
        let both = role.as_ref().map(|role| format!("{role}.{kind}"));
        let names = both.into_iter().chain(role).chain([kind, "default".to_owned()]);
        for name in names {
            if let Some(found) = Self::named(folder, &name)? {
                return Ok(found);
            }
        }
        Err(Problem::new(Kind::Failed, "no_template", "there is no template called default".to_owned()))
    }

    /// The one called `name`, or `None`.
    pub fn named(folder: &Path, name: &str) -> Result<Option<Self>, Problem> {
        let file = folder.join(format!("{name}.md"));
        let failed = |why: String| {
            let message = format!("the template {} cannot be used: {why}", file.display());
            Problem::new(Kind::Failed, "bad_template", message)
        };
        match std::fs::metadata(&file) {
            Ok(known) if known.len() > BYTES_MAX => {
                return Err(failed(format!("it has {} bytes; the most is {BYTES_MAX}", known.len())));
            }
            Ok(_) => {
                let text = std::fs::read_to_string(&file).map_err(|e| failed(e.to_string()))?;
                return Ok(Some(Self { name: name.to_owned(), file: Some(file.to_string_lossy().into_owned()), text }));
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed(error.to_string())),
        }
        let ours = OURS.iter().find(|(its, _)| *its == name);
        Ok(ours.map(|(_, text)| Self { name: name.to_owned(), file: None, text: (*text).to_owned() }))
    }

    /// All that can be used: ours, and the operator's in `folder`, by name.
    pub fn all(folder: &Path) -> Result<Vec<Self>, Problem> {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        let files = entries.filter_map(|entry| entry.file_name().to_str()?.strip_suffix(".md").map(str::to_owned));
        let mut names: Vec<String> = files.chain(OURS.iter().map(|(name, _)| (*name).to_owned())).collect();
        names.sort_unstable();
        names.dedup();
        names.iter().filter_map(|name| Self::named(folder, name).transpose()).collect()
    }

    /// Its version: the beginning of the SHA-256 of its text, in hex.
    pub fn version(&self) -> String {
        sha256_hex(self.text.as_bytes())[..12].to_owned()
    }

    /// Its text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The prompt that it makes of `told`. What it includes are templates of `folder`, or ours.
    pub fn fill(&self, folder: &Path, told: &impl Serialize) -> Result<String, Problem> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_fuel(Some(FUEL));
        let folder = folder.to_owned();
        environment.set_loader(move |name| {
            let name = name.strip_suffix(".md").unwrap_or(name);
            // A name is no way out of the folder.
            let found = if name == plain(name) { Self::named(&folder, name) } else { Ok(None) };
            found
                .map(|found| found.map(|it| it.text))
                .map_err(|problem| minijinja::Error::new(minijinja::ErrorKind::InvalidOperation, problem.message))
        });
        let filled = environment.render_str(&self.text, Value::from(Serde(told)));
        filled.map_err(|error| {
            let whose = self.file.as_deref().unwrap_or(&self.name);
            let line = error.line().map(|line| format!(", line {line}")).unwrap_or_default();
            Problem::new(
                Kind::Failed,
                "bad_template",
                format!("the template {whose} cannot be filled{line}: {error:#}"),
            )
        })
    }
}

/// A name as it can stand in that of a file: letters, digits, `-`, `_` and `.`, in small letters; `-` for anything else.
fn plain(name: &str) -> String {
    let kept = |c: char| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c.to_ascii_lowercase() } else { '-' };
    name.chars().map(kept).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().expect("there is room for a folder");
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).expect("it is ours");
        }
        folder
    }

    fn chosen(folder: &tempfile::TempDir, role: Option<&str>, kind: &str) -> String {
        Template::choose(folder.path(), role, kind).expect("one is there").name
    }

    #[test]
    fn the_most_special_one_is_chosen_and_the_operators_go_before_ours() {
        let none = folder(&[]);
        assert_eq!(chosen(&none, None, "task"), "default");
        assert_eq!(chosen(&none, Some("Developer"), "Bug"), "type-bug");
        assert_eq!(chosen(&none, Some("QA"), "bug"), "role-qa");
        let more = folder(&[("role-qa.type-bug.md", "x"), ("default.md", "mine"), ("role---etc.md", "y")]);
        assert_eq!(chosen(&more, Some("QA"), "bug"), "role-qa.type-bug");
        assert_eq!(chosen(&more, Some("../etc"), "x"), "default", "a name is no way to another file");
        let own = Template::choose(more.path(), None, "task").expect("one is there");
        assert!(own.file.is_some() && own.text() == "mine");
        let ours = Template::choose(none.path(), None, "task").expect("one is there");
        assert_ne!(own.version(), ours.version());
    }

    #[test]
    fn one_that_cannot_be_filled_says_where() {
        let place =
            folder(&[("a.md", "fine\n{{ nothing }}"), ("b.md", "{% for x in range(1000000) %}{{ x }}{% endfor %}")]);
        for (name, part) in [("a", "line 2"), ("b", "cannot be filled")] {
            let template = Template::named(place.path(), name).expect("it can be read").expect("it is there");
            let said =
                template.fill(place.path(), &serde_json::json!({ "title": "x" })).expect_err("it is wrong").message;
            assert!(said.contains(part) && said.contains(&format!("{name}.md")), "{said}");
        }
        let large = folder(&[("c.md", &"x".repeat(100_001))]);
        assert!(Template::named(large.path(), "c").is_err());
    }

    #[test]
    fn an_included_one_is_of_the_folder_or_ours_and_nothing_else() {
        let place = folder(&[
            ("a.md", "{% include 'b.md' %}{% include 'default.md' ignore missing %}"),
            ("b.md", "bee\n"),
            ("default.md", "own"),
        ]);
        let fill = |name: &str| {
            Template::named(place.path(), name)
                .expect("it can be read")
                .expect("it is there")
                .fill(place.path(), &serde_json::json!({}))
        };
        assert_eq!(fill("a").expect("it is filled"), "beeown");
        std::fs::write(place.path().join("c.md"), "{% include '../secret.md' %}").expect("it is ours");
        assert!(fill("c").is_err());
    }
}
