//! Ids: `<prefix>_<unix nanoseconds>`, readable and sortable.
//!
//! A clock never makes an id unique: the generator is monotonic within a process, and the primary key of the
//! store refuses a twin, whereupon the store takes the next number.

/// Why a text is no id of the wanted kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{found:?} is no {prefix} id; one looks like {prefix}_1795211860474123456")]
pub struct NotAnId {
    /// The prefix the id should have had.
    pub prefix: &'static str,
    /// What stood there instead, cut to 64 characters.
    pub found: String,
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            /// What ids of this kind begin with.
            pub const PREFIX: &'static str = $prefix;

            /// The id numbered `n`, usually a Unix time in nanoseconds.
            pub fn numbered(n: u64) -> Self {
                Self(format!(concat!($prefix, "_{}"), n))
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }

            /// The number behind the prefix.
            pub fn number(&self) -> u64 {
                self.0[$prefix.len() + 1..].parse().expect("ids are checked when they are made")
            }
        }

        impl std::str::FromStr for $name {
            type Err = NotAnId;

            fn from_str(text: &str) -> Result<Self, NotAnId> {
                let number = text.strip_prefix(concat!($prefix, "_"));
                let plain = number.is_some_and(|n| {
                    n.bytes().all(|b| b.is_ascii_digit()) && !(n.len() > 1 && n.starts_with('0')) && n.parse::<u64>().is_ok()
                });
                if plain {
                    Ok(Self(text.to_owned()))
                } else {
                    Err(NotAnId { prefix: $prefix, found: text.chars().take(64).collect() })
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

id!(
    /// Names one work item.
    WorkId, "work"
);
id!(
    /// Names one change: what an agent made of an item, as one commit.
    ChangeId, "change"
);
id!(
    /// Names one workspace: a git worktree with what it holds.
    WorkspaceId, "workspace"
);
id!(
    /// Names one receipt: the record of one check that ran.
    ReceiptId, "receipt"
);
id!(
    /// Names one landing: the move of a branch from one commit to another.
    LandingId, "landing"
);
id!(
    /// Names one message.
    MessageId, "msg"
);
id!(
    /// Names one notification: what a person is to hear of.
    NotificationId, "note"
);
id!(
    /// Names one earmark: what is set aside of a budget.
    EarmarkId, "earmark"
);
id!(
    /// Names one call of a model.
    CallId, "call"
);
id!(
    /// Names one question of an agent whether it may.
    PermissionId, "ask"
);
id!(
    /// Names one session: an agent at work in a role, from start to end.
    SessionId, "session"
);
id!(
    /// Names one note of the memory.
    NoteId, "memory"
);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_number_makes_an_id_that_reads_back(n: u64) {
            let id = WorkId::numbered(n);
            prop_assert_eq!(id.as_str().parse::<WorkId>(), Ok(id.clone()));
            prop_assert_eq!(id.number(), n);
        }

        #[test]
        fn text_that_is_accepted_is_kept_to_the_letter(text in "(work_|change_|)[0-9a-z_-]{0,24}") {
            if let Ok(id) = text.parse::<WorkId>() {
                prop_assert_eq!(id.as_str(), text.as_str());
            }
        }
    }

    #[test]
    fn what_is_no_id_is_refused_with_an_example() {
        for bad in ["", "work_", "work_01", "work_-1", "change_1", "work_1 ", "work_99999999999999999999"] {
            let refused = bad.parse::<WorkId>().expect_err(bad);
            assert!(refused.to_string().contains("work_1795211860474123456"), "{refused}");
        }
    }
}
