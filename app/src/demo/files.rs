//! The scratch crate and the work that its scripted agents know how to do.

/// Path and content of every file of the scratch crate, as it is at first: with tests that fail.
pub static CRATE: &[(&str, &str)] = &[
    (".gitignore", include_str!("../../demo/tally/.gitignore")),
    ("Cargo.lock", include_str!("../../demo/tally/Cargo.lock")),
    ("Cargo.toml", include_str!("../../demo/tally/Cargo.toml.in")),
    ("README.md", include_str!("../../demo/tally/README.md")),
    ("nexus.toml", include_str!("../../demo/tally/nexus.toml")),
    ("ci/check.sh", include_str!("../../demo/tally/ci/check.sh")),
    ("src/lib.rs", include_str!("../../demo/tally/src/lib.rs")),
    ("src/known.rs", include_str!("../../demo/tally/src/known.rs")),
    ("src/tidy.rs", include_str!("../../demo/tally/src/tidy.rs")),
    ("tests/all/main.rs", include_str!("../../demo/tally/tests/all/main.rs")),
    ("tests/all/known.rs", include_str!("../../demo/tally/tests/all/known.rs")),
    ("tests/all/tidy.rs", include_str!("../../demo/tally/tests/all/tidy.rs")),
];

/// One module of the crate that is missing or broken.
pub struct Module {
    /// Its name.
    pub name: &'static str,
    /// What its item asks for.
    pub title: &'static str,
    /// Modules that have to be done first.
    pub needs: &'static [&'static str],
    /// Which agents take it.
    pub role: &'static str,
    /// As it is at first.
    pub before: &'static str,
    /// As it should be.
    pub after: &'static str,
    /// Its tests.
    pub tests: &'static str,
}

macro_rules! modules {
    ($($name:literal: $role:literal, $title:literal $(, needs $need:literal)*;)*) => {
        /// The modules, in the order of the backlog.
        pub static MODULES: &[Module] = &[$(Module {
            name: $name,
            title: $title,
            needs: &[$($need),*],
            role: $role,
            before: include_str!(concat!("../../demo/tally/src/", $name, ".rs")),
            after: include_str!(concat!("../../demo/solutions/", $name, ".rs")),
            tests: include_str!(concat!("../../demo/tally/tests/all/", $name, ".rs")),
        }),*];
    };
}

modules! {
    "words": "builder", "Count words by white space, not by blanks";
    "lines": "builder", "Write the line counter";
    "longest": "builder", "Find the longest word";
    "frequency": "builder", "Count how often each word occurs", needs "words";
    "top": "builder", "List the most frequent words", needs "frequency";
    "slug": "builder", "Turn a text into an address";
    "wrap": "builder", "Break lines at a width";
    "caesar": "builder", "Write the oldest cipher";
    "summary": "builder", "Put words, lines and the longest word into one summary", needs "words", needs "lines", needs "longest";
    "title": "fragile", "Capitalise each word, not the whole text";
    "roman": "night", "Write numbers in Roman numerals";
    "palindrome": "night", "Let palindromes ignore case and punctuation";
}
