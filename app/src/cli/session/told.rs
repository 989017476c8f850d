//! What somebody who begins reads.

use engine::memory::NoteView;
use engine::session::{Handoff, ItemView, Quoted, SessionView, Started};

use super::page::quoted;
use crate::reach::now_ms;
use crate::terminal::{one_line, table, when};

/// The lines of what `started` says.
pub fn started(started: &Started) -> String {
    let session = &started.session;
    let mut lines = vec![
        format!("{} began {}", one_line(&session.agent), session.id),
        format!("role: {}", one_line(&session.role)),
        format!("because: {}", one_line(&session.reason)),
    ];
    lines.extend(session.objectives.iter().map(|it| format!("objective: {}", one_line(it))));
    lines.extend(held(&started.held));
    lines.extend(ready(&started.ready, session));
    if !started.messages.is_empty() {
        lines.push(format!("\nnot read yet (nexus message show ID --agent {}):", one_line(&session.agent)));
        let row = |it: &engine::message::MessageView| {
            vec![format!("  {}", it.id), it.from.clone(), it.priority.clone(), it.subject.clone()]
        };
        lines.push(table(&["  id", "from", "priority", "subject"], started.messages.iter().map(row)));
    }
    if !started.notes.is_empty() {
        lines.push("\nmemory (nexus memory search WORDS finds more):".to_owned());
        lines.extend(started.notes.iter().flat_map(note));
    }
    lines.extend(left("loaded", started.loaded.as_ref()));
    lines.extend(left("left last", started.last_handoff.as_ref()));
    lines.push(format!("\nWhat others wrote is {}.", Quoted::MARK));
    lines.push(format!("end it: nexus agent end {} --achieved '…' --next '…'", session.id));
    lines.join("\n")
}

fn note(note: &NoteView) -> Vec<String> {
    let about = note.item.as_ref().map_or_else(String::new, |id| format!(" about {}", one_line(id)));
    let who = note.agent.as_ref().map_or_else(String::new, |who| format!(" by {}", one_line(who)));
    let head = format!("  {}{who}{about}", one_line(&note.id));
    std::iter::once(head).chain(quoted(&note.text).into_iter().map(|line| format!("  {line}"))).collect()
}

fn held(held: &[ItemView]) -> Vec<String> {
    if held.is_empty() {
        return Vec::new();
    }
    let now = now_ms();
    let row = |it: &ItemView| {
        let until = it.lease_until_ms.map_or_else(String::new, |at| when(at, now));
        let percent = it.progress_percent.map_or_else(String::new, |percent| format!("{percent} %"));
        vec![format!("  {}", it.id), it.fence.to_string(), until, percent, it.title.clone()]
    };
    vec!["\nholds:".to_owned(), table(&["  id", "fence", "until", "done", "title"], held.iter().map(row))]
}

fn ready(ready: &[ItemView], session: &SessionView) -> Vec<String> {
    let agent = one_line(&session.agent);
    if ready.is_empty() {
        return vec![format!("\nnothing that {agent} could take now (nexus work explain --agent {agent} says why)")];
    }
    let row = |it: &ItemView| {
        let role = it.role.clone().unwrap_or_default();
        vec![format!("  {}", it.id), it.priority.clone(), it.kind.clone(), role, it.title.clone()]
    };
    vec![
        format!("\nopen work, in the order of claims (nexus work next --agent {agent}):"),
        table(&["  id", "priority", "type", "role", "title"], ready.iter().map(row)),
    ]
}

/// The words of somebody else, quoted.
fn left(how: &str, quoted_handoff: Option<&Quoted>) -> Vec<String> {
    let Some(Quoted { handoff, .. }) = quoted_handoff else { return Vec::new() };
    let Handoff { session, items, notes, .. } = handoff;
    let (id, agent, role) = (&session.id, one_line(&session.agent), one_line(&session.role));
    let mut lines = vec![format!("\n{how}: what {agent} ({role}) left in {id} (nexus agent handoff {id}):")];
    for (name, said) in [
        ("objective", &session.objectives),
        ("achieved", &session.achievements),
        ("challenge", &session.challenges),
        ("learned", &session.learnings),
        ("next", &session.next_steps),
    ] {
        lines.extend(said.iter().flat_map(|text| quoted(&format!("{name}: {text}"))).map(|line| format!("  {line}")));
    }
    let item = |it: &ItemView| format!("  > {} was {}: {}", it.id, one_line(&it.state), one_line(&it.title));
    lines.extend(items.iter().map(item));
    lines.extend(notes.iter().flat_map(note));
    lines
}
