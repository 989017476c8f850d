//! Every statement, one constant per file. Where databases really differ, this is the only place that chooses.

macro_rules! statement {
    ($module:ident, $file:literal) => {
        Statement::new(include_str!(concat!("../sql/", stringify!($module), "/", $file, ".sql")))
    };
    ($module:ident, $file:literal, $bulk:literal) => {
        Statement::with_bulk(
            include_str!(concat!("../sql/", stringify!($module), "/", $file, ".sql")),
            include_str!(concat!("../sql/", stringify!($module), "/", $bulk, ".sql")),
        )
    };
}

macro_rules! statements {
    ($($module:ident { $($name:ident = $file:literal $(and in bulk $bulk:literal)?),* $(,)? })*) => {
        $(pub mod $module {
            use crate::Statement;
            $(pub static $name: Statement = statement!($module, $file $(, $bulk)?);)*
        })*

        /// Every statement with the name of its file, so that a test can prepare them all.
        #[cfg(test)]
        pub fn all() -> Vec<(&'static str, &'static crate::Statement)> {
            vec![$($((concat!(stringify!($module), "/", $file), &$module::$name)),*),*]
        }
    };
}

statements! {
    work {
        INSERT = "insert" and in bulk "insert.postgres", INSERT_PLAN = "insert_plan" and in bulk "insert_plan.postgres",
        INSERT_DEPENDENCY = "insert_dependency" and in bulk "insert_dependency.postgres",
        STATES_OF = "states_of" and in bulk "states_of.postgres", FIND = "find" and in bulk "find.postgres",
        STATE_OF = "state_of", SAVE = "save" and in bulk "save.postgres", READY_ANY = "ready_any", READY_FOR_ROLE = "ready_for_role",
        READY_FOR_TEAM = "ready_for_team", AHEAD = "ahead", LAPSED = "lapsed", DUE = "due", NEWEST = "newest", TAKE_NAME = "take_name", NAMED = "named", PASS_NAME = "pass_name", NEXT_DUE = "next_due",
        DEPENDENTS = "dependents" and in bulk "dependents.postgres", HELD_BY = "held_by", LIST = "list", LIST_IN_STATE = "list_in_state", LIST_LEASED = "list_leased", LIST_DONE = "list_done", LATEST_DONE = "latest_done", LATEST_IN_STATE = "latest_in_state", COUNTS = "counts",
        SAVE_ROLE = "save_role", SAVE_PLAN = "save_plan", INSERT_HANDOFF = "insert_handoff", LAST_HANDOFF = "last_handoff",
    }
    gate { LIST = "list", FIND = "find", SAVE = "save", REMOVE = "remove", COUNT = "count", SPEND = "spend",
        IN_FLIGHT = "in_flight" }
    reservation { MEET = "meet", ALONE = "alone", IN_FLIGHT = "in_flight", PRUNE = "prune", SAVE = "save" }
    lock { FIND = "find", INSERT = "insert", SAVE = "save", LIST = "list" }
    agent {
        FIND = "find", FIND_MANY = "find_many" and in bulk "find_many.postgres", MEET = "meet", LIST = "list", SAVE = "save", RECIPIENTS = "recipients",
        SIGNS = "signs", SIGNS_OF = "signs_of" and in bulk "signs_of.postgres",
        HELD = "held" and in bulk "held.postgres", ENDS = "ends", BEAT = "beat" and in bulk "beat.postgres", FORGET = "forget", STAND = "stand",
    }
    message {
        INSERT = "insert", DELIVER = "deliver", FIND = "find", THREAD = "thread", ABOUT = "about", COPIES = "copies", COPY = "copy",
        SAVE_COPY = "save_copy", INBOX = "inbox", INBOX_WHOLE = "inbox_whole", OPEN_IN_THREAD = "open_in_thread", DUE = "due",
    }
    assignment {
        ANY = "any", READY_OF = "ready_of", FOR_ROLE = "for_role", SAVE = "save", OPEN = "open",
        FORGET_AGENT = "forget_agent", PRUNE = "prune",
    }
    escalation {
        BLOCKED = "blocked", DEAD = "dead", FAILED = "failed", DUE = "due", FIND = "find", SAVE = "save",
        SETTLE = "settle", NOTIFY = "notify", UNSENT = "unsent", SENT = "sent", TROUBLE = "trouble", PRUNE = "prune",
    }
    audit { APPEND = "append" and in bulk "append.postgres", AFTER = "after", OF = "of", LATEST = "latest", REMOVE = "remove" }
    seal { INSERT = "insert", LAST = "last", HEAD = "head", HEADS = "heads", AFTER = "after" }
    answer {
        FIND = "find" and in bulk "find.postgres", KEEP = "keep" and in bulk "keep.postgres", FORGET = "forget", PRUNE = "prune" }
    duty { FIND = "find", SAVE = "save", LIST = "list" }
    workspace {
        INSERT = "insert", SAVE = "save", FIND = "find", OF_GRANT = "of_grant", LIST = "list",
        LIST_IN_STATE = "list_in_state", LEASE_VALUE = "lease_value", FREE_VALUES = "free_values",
        VALUES_OF = "values_of",
    }
    change {
        INSERT = "insert", SAVE = "save", FIND = "find", QUEUE = "queue", TARGETS = "targets", LIST = "list",
        LIST_IN_STATE = "list_in_state", OF_ITEM = "of_item", INSERT_RECEIPT = "insert_receipt",
        RECEIPTS_OF = "receipts_of", INSERT_LANDING = "insert_landing", BEGUN_LANDINGS = "begun_landings",
        END_LANDING = "end_landing",
    }
    budget {
        FIND = "find", LIST = "list", OPEN = "open", SAVE = "save", LIMIT = "limit", HELD = "held",
        EARMARK = "earmark", FIND_EARMARK = "find_earmark", LIST_EARMARKS = "list_earmarks",
        REMOVE_EARMARK = "remove_earmark", INSERT_CALL = "insert_call", CALLS = "calls",
        COSTS_BY_ITEM = "costs_by_item", COSTS_BY_AGENT = "costs_by_agent", COSTS_BY_MODEL = "costs_by_model",
        COSTS_BY_RUN = "costs_by_run", COSTS_BY_DAY = "costs_by_day", CREDENTIAL = "credential",
        CREDENTIALS = "credentials", SAVE_CREDENTIAL = "save_credential", INSERT_PASS = "insert_pass",
        FIND_PASS = "find_pass", REMOVE_PASS = "remove_pass", PRUNE_PASSES = "prune_passes",
        PRUNE_CALLS = "prune_calls",
    }
    activity {
        INSERT = "insert" and in bulk "insert.postgres", LAST = "last", TRIM = "trim", PRUNE = "prune",
        ASK = "ask", FIND_QUESTION = "find_question", ANSWER = "answer", OPEN_QUESTIONS = "open_questions",
        PRUNE_QUESTIONS = "prune_questions",
    }
    session {
        INSERT = "insert", FIND = "find", OPEN_OF = "open_of", OPEN = "open", TURN = "turn", LAST = "last", LIST = "list",
        LAST_HANDOFF = "last_handoff", HANDOFF = "handoff", END = "end", KEEP_HANDOFF = "keep_handoff", WORKED = "worked",
    }
    memory { INSERT = "insert", FIND = "find", REMOVE = "remove", LIST = "list", LATEST = "latest" }
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_statement_can_be_prepared_and_names_its_parameters() {
        let connection = crate::sqlite::open_in_memory().expect("a store in memory").connection;
        for (name, statement) in super::all() {
            let text: String = statement.text().lines().filter(|l| !l.starts_with("--")).collect::<Vec<_>>().join("\n");
            let prepared = connection.prepare(&text.replace('$', "?"));
            let prepared = prepared.unwrap_or_else(|error| panic!("{name}: {error}"));
            for n in 1..=prepared.parameter_count() {
                let head = statement.text().lines().take_while(|l| l.starts_with("--")).collect::<String>();
                assert!(head.contains(&format!("${n} ")), "{name} says nothing of ${n}");
            }
        }
    }

    #[test]
    fn what_is_asked_often_finds_its_rows_by_an_index_made_for_it_in_the_order_that_is_asked_for() {
        let connection = crate::sqlite::open_in_memory().expect("a store in memory").connection;
        for (statement, index) in [
            (&super::work::FIND, "PRIMARY KEY (project=? AND id=?)"),
            (&super::work::SAVE, "PRIMARY KEY (project=? AND id=?)"),
            (&super::work::READY_ANY, "work_ready (project=? AND (rank_ms,id)>(?,?))"),
            (&super::work::READY_FOR_ROLE, "work_ready_for_role (project=? AND role=? AND (rank_ms,id)>(?,?))"),
            (&super::work::READY_FOR_TEAM, "work_ready_for_team (project=? AND team=? AND (rank_ms,id)>(?,?))"),
            (&super::work::LAPSED, "work_leased (project=? AND lease_until_ms<?)"),
            (&super::work::DUE, "work_waiting (project=? AND not_before_ms<?)"),
            (&super::work::HELD_BY, "work_held (project=? AND holder=? AND lease_until_ms>?)"),
            (&super::work::LIST, "PRIMARY KEY (project=? AND id>?)"),
            (&super::work::NEWEST, "PRIMARY KEY (project=? AND id>?)"),
            (&super::work::LIST_IN_STATE, "work_in_state (project=? AND state=? AND id>?)"),
            (&super::work::LIST_DONE, "work_done (project=? AND id>?)"),
            (&super::work::LATEST_DONE, "work_done (project=?)"),
            (&super::work::LATEST_IN_STATE, "work_in_state (project=? AND state=?)"),
            (&super::audit::AFTER, "INTEGER PRIMARY KEY (rowid>?)"),
            (&super::audit::OF, "event_of (subject=? AND project=? AND seq>?)"),
            (&super::audit::LATEST, "SCAN event"),
            (&super::seal::LAST, "sqlite_autoindex_seal_1 (project=?)"),
            (&super::seal::AFTER, "sqlite_autoindex_seal_1 (project=? AND number>?)"),
            (&super::audit::REMOVE, "INTEGER PRIMARY KEY (rowid>? AND rowid<?)"),
            (&super::workspace::LIST_IN_STATE, "workspace_in_state (project=? AND state=? AND id>?)"),
            (&super::change::QUEUE, "change_queue (project=? AND target=?)"),
            (&super::change::OF_ITEM, "change_of (project=? AND item_id=?)"),
            (&super::change::LIST_IN_STATE, "change_in_state (project=? AND state=? AND id>?)"),
            (&super::agent::ENDS, "event_of_agent (project=? AND agent=?)"),
            (&super::agent::HELD, "work_held (project=? AND holder>? AND holder<?)"),
            (&super::message::DUE, "delivery_due (project=? AND escalate_at_ms>? AND escalate_at_ms<?)"),
            (&super::escalation::BLOCKED, "work_blocked (project=? AND changed_at_ms<?)"),
            (&super::escalation::DEAD, "work_dead (project=? AND changed_at_ms<?)"),
            (&super::escalation::FAILED, "work_failed (project=? AND changed_at_ms<?)"),
            (&super::escalation::DUE, "escalation_due (project=? AND escalate_at_ms>? AND escalate_at_ms<?)"),
            (&super::escalation::UNSENT, "notification_due (project=? AND next_ms<?)"),
            (&super::assignment::ANY, "assignment_age (project=? AND until_ms>?)"),
            (&super::assignment::FOR_ROLE, "PRIMARY KEY (project=? AND item_id=? AND role=?)"),
            (&super::message::INBOX, "delivery_open (project=? AND recipient=? AND message_id>?)"),
            (&super::message::INBOX_WHOLE, "delivery_inbox (project=? AND recipient=? AND message_id>?)"),
            (&super::message::ABOUT, "message_about (project=? AND item_id=?)"),
            (&super::session::FIND, "PRIMARY KEY (project=? AND id=?)"),
            (&super::session::OPEN, "session_open (project=?)"),
            (&super::session::OPEN_OF, "session_open (project=? AND agent=?)"),
            (&super::session::LAST, "PRIMARY KEY (project=?)"),
            (&super::session::LIST, "PRIMARY KEY (project=? AND id>?)"),
            (&super::session::LAST_HANDOFF, "PRIMARY KEY (project=?)"),
            (&super::session::WORKED, "event_of_agent (project=? AND agent=?)"),
            (&super::memory::LIST, "PRIMARY KEY (project=? AND id>?)"),
            (&super::memory::LATEST, "PRIMARY KEY (project=?)"),
            (&super::message::THREAD, "message_of_thread (project=? AND thread_id=? AND id>?)"),
            (&super::change::BEGUN_LANDINGS, "landing_begun (project=? AND target=?)"),
        ] {
            let text = statement.text().replace('$', "?");
            let mut prepared = connection.prepare(&format!("explain query plan {text}")).expect("it can be planned");
            let steps = prepared.raw_query().mapped(|row| row.get(3)).collect::<Result<Vec<String>, _>>();
            let steps = steps.expect("it can be planned");
            assert!(steps[0].contains(index), "{text}: {steps:#?}");
            assert!(!steps.iter().any(|step| step.contains("TEMP B-TREE")), "{text}: {steps:#?}");
        }
    }
}
