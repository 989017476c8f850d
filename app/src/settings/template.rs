//! The file that `nexus config init` writes.

use std::fmt::Write;

use super::table::{self, Spec};

const HEAD: &str = "\
# Settings of Nexus on this machine. What belongs to the project (checks, protected paths) is in nexus.toml instead.
#
# Every line below shows a default; remove its # to change it. What is written further right wins:
# default, profile, this file, its section for the profile, environment, flag.
# `nexus config show` prints the value of each setting and where it comes from.
";

const TAIL: &str = "
# What holds under one profile only stands in a section at the end of this file. With such sections in it the file
# cannot set `profile` itself: choose with --profile or NEXUS_PROFILE.
#
# [profile.prod]
# lease.ttl = \"60s\"
# http.port = 80
";

/// A file that sets nothing and shows everything: each setting with its meaning, its limits and its default.
///
/// A comment starts with `# `, a setting that is left out with `#` alone.
pub fn template() -> String {
    let mut text = HEAD.to_owned();
    for spec in table::ALL {
        write!(text, "\n# {}\n# {}\n#{} = {}\n", spec.doc, about(spec), spec.key, spec.kind.quoted(spec.default))
            .expect("writing into a string does not fail");
    }
    text + TAIL
}

fn about(spec: &Spec) -> String {
    let differs = spec
        .profiles
        .iter()
        .map(|(profile, text)| format!(" Under profile {}: {}.", profile.word(), spec.kind.quoted(text)));
    let differs: String = differs.collect();
    format!("Takes {}.{differs} Environment: {}.", spec.kind.wanted(), spec.env())
}
