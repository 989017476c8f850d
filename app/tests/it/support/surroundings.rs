//! What a program under test must not inherit from whoever runs the tests.

use std::process::Command;

/// Variables that change what programs print or where they look.
const NAMES: [&str; 8] =
    ["CI", "CLICOLOR", "CLICOLOR_FORCE", "COLORTERM", "COLUMNS", "FORCE_COLOR", "NO_COLOR", "TRACEPARENT"];

/// Takes everything out of the environment of `command` that could matter to it: settings of Nexus and git, places
/// of the desktop, what a build server or a terminal says about colours.
pub fn without_surroundings(command: &mut Command) {
    for (key, _) in std::env::vars_os() {
        let name = key.to_string_lossy();
        let ours = ["NEXUS_", "GIT_", "XDG_", "COORDINATION_"].iter().any(|start| name.starts_with(start));
        if ours || NAMES.contains(&name.as_ref()) {
            command.env_remove(&key);
        }
    }
}
