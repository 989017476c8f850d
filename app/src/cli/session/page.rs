//! A hand-off as a page: Markdown for people, with the document as JSON at its end for programs.
//!
//! What agents wrote stands behind `>`, line by line. So nothing of it can begin the block with the document, or be
//! taken for a heading of ours.

use engine::problem::Problem;
use engine::session::{BYTES_MAX as DOCUMENT_BYTES_MAX, Handoff, Quoted};

use crate::terminal::{harmless, one_line};

/// The largest page that is read, in bytes: the document, and what the page says of it.
pub const BYTES_MAX: u64 = 3 * DOCUMENT_BYTES_MAX as u64;

/// The lines around the document.
const BEGIN: &str = "```json nexus-handoff";
const END: &str = "```";

/// The page.
pub fn written(handoff: &Handoff) -> String {
    let session = &handoff.session;
    let mut page = format!(
        "# Hand-off of {}\n\nWhat stands behind `>` was written by agents: it is {}.\n\n- agent: {}\n- role: {}\n\
         - because: {}\n- began: {}\n",
        session.id,
        Quoted::MARK,
        one_line(&session.agent),
        one_line(&session.role),
        one_line(&session.reason),
        moment(session.began_at_ms),
    );
    match session.ended_at_ms {
        Some(at) => page.push_str(&format!("- ended: {}\n", moment(at))),
        None => page.push_str(&format!("- open, as it stood at {}\n", moment(handoff.made_at_ms))),
    }
    for (name, lines) in [
        ("Objectives", &session.objectives),
        ("Achievements", &session.achievements),
        ("Challenges", &session.challenges),
        ("Learnings", &session.learnings),
        ("Next steps", &session.next_steps),
    ] {
        section(&mut page, name, lines.iter().map(|line| bullet("", line)));
    }
    section(
        &mut page,
        "Items",
        handoff.items.iter().map(|item| {
            let holder = item.holder.as_ref().map_or_else(String::new, |who| format!(", held by {}", one_line(who)));
            let percent = item.progress_percent.map_or_else(String::new, |percent| format!(", {percent} %"));
            bullet(&format!("{} is {}{holder}{percent}", item.id, one_line(&item.state)), &item.title)
        }),
    );
    section(
        &mut page,
        "Messages that were not read",
        handoff.messages.iter().map(|it| {
            bullet(&format!("{} from {}, {}", it.id, one_line(&it.from), one_line(&it.priority)), &it.subject)
        }),
    );
    section(&mut page, "Notes", handoff.notes.iter().map(|note| bullet(&note.id, &note.text)));
    page.push_str(&format!("\n## For programs\n\n{BEGIN}\n{}\n{END}\n", handoff.json()));
    page
}

fn section(page: &mut String, name: &str, lines: impl Iterator<Item = String>) {
    let lines: String = lines.collect();
    if !lines.is_empty() {
        page.push_str(&format!("\n## {name}\n\n{lines}"));
    }
}

/// A point of a list, with the text of somebody below it.
fn bullet(what: &str, text: &str) -> String {
    let head = if what.is_empty() { String::new() } else { format!("{what}\n  ") };
    format!("- {head}{}\n", quoted(text).join("\n  "))
}

/// Text of others, each line marked as such.
pub fn quoted(text: &str) -> Vec<String> {
    harmless(text).lines().map(|line| format!("> {line}")).collect()
}

fn moment(at_ms: i64) -> String {
    jiff::Timestamp::from_millisecond(at_ms).map_or_else(|_| at_ms.to_string(), |at| at.to_string())
}

/// The document in a page, or the one that the text is.
pub fn read(text: &str) -> Result<Handoff, Problem> {
    let wrong = |what: &str| Problem::malformed(format!("the hand-off: {what}"));
    if text.trim_start().starts_with('{') {
        return Handoff::read(text.trim());
    }
    let mut lines = text.lines();
    if !lines.by_ref().any(|line| line.trim_end() == BEGIN) {
        return Err(wrong("it is neither JSON nor a page with the block that `nexus agent handoff` writes at its end"));
    }
    let block: Vec<&str> = lines.by_ref().take_while(|line| line.trim_end() != END).collect();
    if lines.any(|line| line.trim_end() == BEGIN) {
        return Err(wrong("there are two blocks with a document in it; leave one"));
    }
    Handoff::read(&block.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn handoff(text: &str) -> Handoff {
        let item = serde_json::json!({
            "id": "work_1", "title": text, "state": "leased", "type": "task", "priority": "high", "role": null,
            "holder": "zoe", "fence": 1, "lease_until_ms": 5, "progress_percent": 40, "progress_note": text,
        });
        let message = serde_json::json!({
            "id": "msg_2", "from": "max", "subject": text, "priority": "high", "sent_at_ms": 1,
        });
        let note = serde_json::json!({
            "id": "memory_3", "project": "default", "text": text, "tags": ["a"], "agent": null, "session": "session_7",
            "item": null, "at_ms": 1,
        });
        let document = serde_json::json!({
            "format": "nexus-handoff", "version": 1, "made_at_ms": 3, "items": [item], "messages": [message],
            "notes": [note],
            "session": {
                "id": "session_7", "project": "default", "agent": "zoe", "role": "QA", "stage": "under_way",
                "reason": "asked for", "facts": {}, "objectives": [text], "from": null, "began_at_ms": 0,
                "ended_at_ms": 60_000, "achievements": [text], "challenges": [], "learnings": [text], "next_steps": [text],
            },
        });
        Handoff::read(&document.to_string()).expect("it is a hand-off")
    }

    #[test]
    fn a_page_reads_back_whatever_agents_have_written() {
        for text in [
            "plain",
            "日本\n# Hand-off of session_9\n\n## For programs",
            "```json nexus-handoff\n{}\n```\n",
            "\u{1b}[2Jgone",
            "> already\r\nquoted",
        ] {
            let handoff = handoff(text);
            let page = written(&handoff);
            assert_eq!(read(&page).expect("it is a page"), handoff, "{page}");
            assert_eq!(read(&handoff.json()).expect("it is JSON"), handoff);
            assert!(!page.contains('\u{1b}'), "{page}");
            let ours = |line: &&str| line.starts_with('#');
            assert_eq!(page.lines().filter(ours).count(), 9, "a heading that is not ours: {page}");
        }
    }

    #[test]
    fn a_page_without_a_document_or_with_two_is_refused() {
        let page = written(&handoff("x"));
        for (text, says) in [
            (String::new(), "neither JSON"),
            ("# Notes\n".to_owned(), "neither JSON"),
            (format!("{page}{page}"), "two blocks"),
            ("{\"format\":\"other\",\"version\":1}".to_owned(), "\"other\""),
            (page.replace("{\"format\"", "{\"form"), "no nexus-handoff document"),
        ] {
            let bad = read(&text).expect_err(says);
            assert!(bad.message.contains(says), "no {says:?} in: {}", bad.message);
        }
    }
}
