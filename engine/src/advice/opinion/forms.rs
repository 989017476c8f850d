//! What a model's answer to each question looks like: the fields of the rules' answer that are a matter of opinion.

use super::form::{Form, Naming};
use crate::advice::Question;

const SENTENCE: Form = Form::Text(500);
const ITEM: Form = Form::Named(Naming::Item);
const AGENT: Form = Form::Named(Naming::Agent);
const SEVERITY: Form = Form::Word(&["critical", "high", "medium", "low"]);
const ITEMS: Form = Form::List(&ITEM, 50);

const BOTTLENECK_LIST: Form = Form::List(
    &Form::Object(&[
        ("type", Form::Word(&["coordination", "resource", "dependency"])),
        ("description", SENTENCE),
        ("severity", SEVERITY),
        ("items", ITEMS),
    ]),
    10,
);

const PRIORITIES: Form = Form::Object(&[
    (
        "recommendations",
        Form::List(
            &Form::Object(&[
                ("work_type", Form::Named(Naming::Type)),
                ("priority_score", Form::Whole(1, 100)),
                ("reasoning", SENTENCE),
                ("recommended_action", SENTENCE),
            ]),
            20,
        ),
    ),
    ("bottlenecks", BOTTLENECK_LIST),
    ("confidence", Form::Share),
]);

const HEALTH: Form = Form::Object(&[
    ("health_score", Form::Maybe(&Form::Whole(0, 100))),
    ("system_health", Form::Word(&["healthy", "degraded", "critical", "unknown"])),
    ("alerts", Form::List(&Form::Object(&[("severity", SEVERITY), ("message", SENTENCE)]), 20)),
    (
        "recommendations",
        Form::List(
            &Form::Object(&[
                ("priority", Form::Word(&["high", "medium", "low"])),
                ("action", SENTENCE),
                ("description", SENTENCE),
            ]),
            20,
        ),
    ),
    ("confidence", Form::Share),
]);

const ASSIGNMENTS: Form = Form::Object(&[
    (
        "assignment_changes",
        Form::List(
            &Form::Object(&[
                ("work_item", ITEM),
                ("to_agent", AGENT),
                ("reasoning", SENTENCE),
                ("confidence", Form::Share),
            ]),
            100,
        ),
    ),
    ("confidence", Form::Share),
]);

const TEAMS: Form = Form::Object(&[
    (
        "suggested_teams",
        Form::List(
            &Form::Object(&[
                ("team_name", Form::Text(100)),
                ("focus", SENTENCE),
                ("members_needed", Form::Whole(1, 1_000)),
                ("members", Form::List(&AGENT, 50)),
                ("reasoning", SENTENCE),
            ]),
            20,
        ),
    ),
    ("confidence", Form::Share),
]);

const RECOMMEND: Form = Form::Object(&[
    (
        "recommendation",
        Form::Object(&[
            ("action", Form::Word(&["continue", "claim", "requeue", "unblock", "wait", "add"])),
            ("work_item", Form::Maybe(&ITEM)),
            ("reasoning", SENTENCE),
        ]),
    ),
    ("confidence", Form::Share),
]);

const BOTTLENECKS: Form = Form::Object(&[("bottlenecks", BOTTLENECK_LIST), ("confidence", Form::Share)]);

/// The form of a model's answer to `question`.
pub const fn of(question: &Question) -> &'static Form {
    match question {
        Question::Priorities => &PRIORITIES,
        Question::Health => &HEALTH,
        Question::Assignments { .. } => &ASSIGNMENTS,
        Question::Teams => &TEAMS,
        Question::Recommend { .. } => &RECOMMEND,
        Question::Bottlenecks => &BOTTLENECKS,
    }
}

/// What is asked, in a sentence.
pub const fn asked(question: &Question) -> &'static str {
    match question {
        Question::Priorities => "Which types of work should come first, and what holds the rest up?",
        Question::Health => "How well does the work go, and what is wrong?",
        Question::Assignments { .. } => "Which items should go to another agent, or to one that has nothing to do?",
        Question::Teams => "Where are agents missing, and which teams should there be?",
        Question::Recommend { .. } => {
            "What should the agent of the data's \"for\" do now, or whoever fits when that is null?"
        }
        Question::Bottlenecks => "What holds the rest of the work up?",
    }
}

/// What a text is read for, by the words of `claude-pipe`.
pub fn of_text(kind: &str) -> (&'static Form, &'static str) {
    const LINES: Form = Form::List(&SENTENCE, 20);
    const ACTIONS: Form = Form::Object(&[("actions", Form::List(&SENTENCE, 3)), ("confidence", Form::Share)]);
    const TROUBLES: Form = Form::Object(&[
        (
            "bottlenecks",
            Form::List(
                &Form::Object(&[("type", Form::Text(60)), ("severity", SEVERITY), ("description", SENTENCE)]),
                20,
            ),
        ),
        ("confidence", Form::Share),
    ]);
    const ADVICE: Form =
        Form::Object(&[("immediate", LINES), ("short_term", LINES), ("long_term", LINES), ("confidence", Form::Share)]);
    const GENERAL: Form = Form::Object(&[
        ("status", Form::Text(60)),
        ("issues", LINES),
        ("recommendations", LINES),
        ("confidence", Form::Share),
    ]);
    match kind {
        "priorities" => (&ACTIONS, "What are the three most important things to do?"),
        "bottlenecks" => (&TROUBLES, "What is in the way?"),
        "recommendations" => (&ADVICE, "What should be done at once, soon, and later?"),
        _ => (&GENERAL, "How do things stand, what is wrong, and what should be done?"),
    }
}
