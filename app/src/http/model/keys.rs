//! The real keys of providers: from the environment, or from `keys.toml` beside the store, which nobody else may read.

use std::io::Read as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use engine::problem::{Kind, Problem};

use super::wire::Provider;

/// The file's name within the folder of the store.
const FILE: &str = "keys.toml";
/// More than this is no file of keys.
const BYTES_MAX: u64 = 65_536;

/// One key for each provider that there is one for.
#[derive(Clone, Default)]
pub struct Keys([Option<String>; 3]);

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys(***)")
    }
}

impl Keys {
    /// Those of the environment, and where it has none those of the file in `data`. Fails when others may read the file.
    pub fn find(data: &Path, env: &dyn Fn(&str) -> Option<String>) -> Result<Self, Problem> {
        let mut keys = Self::read(&data.join(FILE))?;
        for provider in Provider::ALL {
            if let Some(key) = env(&variable(provider)).map(|key| key.trim().to_owned()).filter(|key| !key.is_empty()) {
                keys.0[provider as usize] = Some(key);
            }
        }
        Ok(keys)
    }

    /// The key of `provider`, if there is one.
    pub fn of(&self, provider: Provider) -> Option<&str> {
        self.0[provider as usize].as_deref()
    }

    /// Whether there is one for a provider whose variable is among these.
    pub fn serve(&self, variables: &[&str]) -> bool {
        Provider::ALL.into_iter().any(|it| self.of(it).is_some() && variables.contains(&variable(it).as_str()))
    }

    /// Whether there is any.
    pub fn any(&self) -> bool {
        self.0.iter().any(Option::is_some)
    }

    fn read(path: &Path) -> Result<Self, Problem> {
        let bad = |why: String| Problem::new(Kind::Malformed, "bad_keys", format!("{}: {why}", path.display()));
        let file = match std::fs::File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Self::default()),
            Err(error) if error.kind() == std::io::ErrorKind::NotADirectory => return Ok(Self::default()),
            Err(error) => return Err(bad(error.to_string())),
        };
        let mode = file.metadata().map_err(|e| bad(e.to_string()))?.mode();
        if mode & 0o077 != 0 {
            return Err(bad(format!("others may read it (mode {:o}); chmod 600 it", mode & 0o777)));
        }
        let mut text = String::new();
        file.take(BYTES_MAX).read_to_string(&mut text).map_err(|e| bad(e.to_string()))?;
        // What the parser says would show a part of the file.
        let found: toml::Table =
            text.parse().map_err(|_| bad("it is not TOML such as: anthropic = \"KEY\"".to_owned()))?;
        let mut keys = Self::default();
        for (name, value) in found {
            let provider = Provider::ALL.into_iter().find(|it| it.word() == name);
            let provider = provider
                .ok_or_else(|| bad(format!("{name:?} is no provider; there are anthropic, openai and gemini")))?;
            let key = value.as_str().ok_or_else(|| bad(format!("the key of {name} is no text")))?;
            keys.0[provider as usize] = Some(key.trim().to_owned()).filter(|key| !key.is_empty());
        }
        Ok(keys)
    }
}

/// The variable that people give a provider's key in.
fn variable(provider: Provider) -> String {
    format!("{}_API_KEY", provider.word().to_uppercase())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn keys_are_read_from_a_file_that_nobody_else_may_read_and_the_environment_goes_before() {
        let folder = tempfile::tempdir().expect("a folder");
        let nothing = |_: &str| None;
        assert!(Keys::find(folder.path(), &nothing).expect("no file is no failure").of(Provider::Gemini).is_none());
        let path = folder.path().join(FILE);
        let write = |text: &str, mode| {
            std::fs::write(&path, text).expect("there is room");
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).expect("it is ours");
            Keys::find(folder.path(), &nothing)
        };
        let keys = write("anthropic = \"sk-a\"\nopenai = \"sk-o\"\n", 0o600).expect("keys");
        assert_eq!((keys.of(Provider::Anthropic), keys.of(Provider::Gemini)), (Some("sk-a"), None));
        assert_eq!(format!("{keys:?}"), "Keys(***)");
        let env = |name: &str| (name == "ANTHROPIC_API_KEY").then(|| " sk-env ".to_owned());
        let keys = Keys::find(folder.path(), &env).expect("keys");
        assert_eq!((keys.of(Provider::Anthropic), keys.of(Provider::Openai)), (Some("sk-env"), Some("sk-o")));
        for (text, mode) in [
            ("anthropic = \"sk-secret\"", 0o640),
            ("anthropic = sk-secret", 0o600),
            ("mistral = \"k\"", 0o600),
            ("openai = 7", 0o600),
        ] {
            let problem = write(text, mode).expect_err(text);
            assert_eq!(problem.code, "bad_keys");
            assert!(!problem.message.contains("sk-secret"), "{}", problem.message);
        }
    }
}
