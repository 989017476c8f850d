//! What an agent is told: the item as text.

use crate::work::WorkView;

/// The prompt for an item: title, story, acceptance, what earlier attempts have taught, and what was left by whoever
/// passed it on.
pub fn prompt(item: &WorkView) -> String {
    let mut text = format!("# {}\n", item.title);
    let mut section = |name: &str, body: &str| {
        if !body.trim().is_empty() {
            text.push_str(&format!("\n## {name}\n\n{}\n", body.trim_end()));
        }
    };
    section("What to do", &item.description);
    section("It is done when", &item.acceptance);
    if let Some(payload) = &item.payload {
        section("Data", &serde_json::to_string_pretty(payload).unwrap_or_default());
    }
    if let Some(feedback) = &item.feedback {
        section("From the last attempt", feedback);
    }
    if let Some(handoff) = &item.handoff {
        let artifacts: String = handoff.artifacts.iter().map(|artifact| format!("- {artifact}\n")).collect();
        let left = [handoff.note.as_str(), handoff.context.as_str(), artifacts.as_str()];
        let left: Vec<&str> = left.into_iter().filter(|text| !text.trim().is_empty()).collect();
        section(&format!("Handed off by {}", handoff.from), &left.join("\n\n"));
    }
    section(
        "How this works",
        "You are in a git worktree of your own. Leave your work in its files: commit or not, all of it is taken when \
         you end. The project's checks are run for you afterwards; do not change tests or checks to get them to pass. \
         If you have something to say, write JSON to the file named in NEXUS_RESULT_FILE. Exit with 0 when you are \
         done.",
    );
    text
}
