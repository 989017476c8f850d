//! How an agent stands: at work, on its way out, or gone.

/// How an agent stands with its project.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Standing {
    /// It may take work.
    #[default]
    Active,
    /// It keeps what it holds and takes nothing new.
    Draining,
    /// It holds nothing and takes nothing until it registers again.
    Retired,
}

/// What somebody wants of an agent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Duty {
    /// To take nothing new.
    Drain,
    /// To take work again.
    Resume,
    /// To go.
    Retire,
}

/// Why an agent cannot do that: it is retired.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is retired; register it again")]
pub struct Retired;

impl Standing {
    /// The standing as one word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Draining => "draining",
            Self::Retired => "retired",
        }
    }

    /// The standing called `word`, or `None`.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Active, Self::Draining, Self::Retired].into_iter().find(|standing| standing.word() == word)
    }

    /// Whether it is still one of those that work here.
    pub const fn registered(self) -> bool {
        !matches!(self, Self::Retired)
    }

    /// How it stands after `duty`. Asking for what is already so changes nothing.
    pub const fn after(self, duty: Duty) -> Result<Self, Retired> {
        match (self, duty) {
            (_, Duty::Retire) => Ok(Self::Retired),
            (Self::Retired, Duty::Drain | Duty::Resume) => Err(Retired),
            (Self::Active | Self::Draining, Duty::Drain) => Ok(Self::Draining),
            (Self::Active | Self::Draining, Duty::Resume) => Ok(Self::Active),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agent_drains_and_resumes_until_it_retires() {
        use Standing::{Active, Draining, Retired as Gone};
        assert_eq!(Active.after(Duty::Drain), Ok(Draining));
        assert_eq!(Draining.after(Duty::Resume), Ok(Active));
        for standing in [Active, Draining, Gone] {
            assert_eq!(standing.after(Duty::Retire), Ok(Gone));
            assert_eq!(Standing::from_word(standing.word()), Some(standing));
        }
        assert_eq!(Gone.after(Duty::Drain), Err(Retired));
        assert_eq!(Gone.after(Duty::Resume), Err(Retired));
    }
}
