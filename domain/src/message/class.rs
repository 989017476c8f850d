//! The classes of messages: how urgent each is, how long an answer may take, who hears of it when none comes.

use crate::work::Priority;

/// What kind of message it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Class {
    /// Anything that needs no answer.
    #[default]
    Note,
    /// One team waits for another.
    DependencyCoordination,
    /// How parts will be put together.
    IntegrationPlanning,
    /// Somebody needs what another has.
    ResourceSharing,
    /// Something is in the way that its finder cannot remove.
    ImpedimentEscalation,
    /// A gate was passed or not.
    QualityGateNotifications,
    /// An objective is in danger.
    ObjectiveRiskAlerts,
    /// How much a team can take on.
    CapacityPlanningUpdates,
    /// Where a solution of several teams stands.
    SolutionDeliveryCoordination,
    /// Two work on one story.
    StoryCollaboration,
}

struct Row {
    class: Class,
    word: &'static str,
    priority: Priority,
    respond_within_ms: Option<i64>,
    escalates_to: Option<&'static str>,
}

const MINUTE_MS: i64 = 60 * 1_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;

#[rustfmt::skip]
const TABLE: [Row; 10] = {
    use Class as C;
    use Priority as P;
    const fn row(
        class: Class, word: &'static str, priority: Priority, respond_within_ms: Option<i64>,
        escalates_to: Option<&'static str>,
    ) -> Row {
        Row { class, word, priority, respond_within_ms, escalates_to }
    }
    [
        row(C::Note, "note", P::Medium, None, None),
        row(C::DependencyCoordination, "dependency_coordination", P::High, Some(2 * HOUR_MS), Some("scrum_of_scrums")),
        row(C::IntegrationPlanning, "integration_planning", P::Medium, Some(4 * HOUR_MS), Some("system_architect")),
        row(C::ResourceSharing, "resource_sharing", P::Medium, Some(24 * HOUR_MS), Some("release_train_engineer")),
        row(C::ImpedimentEscalation, "impediment_escalation", P::Critical, Some(15 * MINUTE_MS), None),
        row(C::QualityGateNotifications, "quality_gate_notifications", P::High, None, None),
        row(C::ObjectiveRiskAlerts, "objective_risk_alerts", P::Critical, Some(0), None),
        row(C::CapacityPlanningUpdates, "capacity_planning_updates", P::Medium, None, None),
        row(C::SolutionDeliveryCoordination, "solution_delivery_coordination", P::High, None, None),
        row(C::StoryCollaboration, "story_collaboration", P::Medium, None, None),
    ]
};

impl Class {
    /// Every word of [`Class::word`].
    pub const WORDS: [&'static str; 10] = {
        let (mut words, mut at) = ([""; 10], 0);
        while at < TABLE.len() {
            words[at] = TABLE[at].word;
            at += 1;
        }
        words
    };

    fn row(self) -> &'static Row {
        TABLE.iter().find(|row| row.class == self).expect("every class has its row")
    }

    /// The class as one word.
    pub fn word(self) -> &'static str {
        self.row().word
    }

    /// The class called `word`, or `None`.
    pub fn from_word(word: &str) -> Option<Self> {
        TABLE.iter().find(|row| row.word == word).map(|row| row.class)
    }

    /// How urgent a message of this class is when its sender does not say.
    pub fn priority(self) -> Priority {
        self.row().priority
    }

    /// How long an answer may take, in milliseconds; 0 means that a role hears of it at once, `None` that no answer
    /// is waited for.
    pub fn respond_within_ms(self) -> Option<i64> {
        self.row().respond_within_ms
    }

    /// The role that hears of it when no answer comes; `None` for the one that the settings name.
    pub fn escalates_to(self) -> Option<&'static str> {
        self.row().escalates_to
    }
}
