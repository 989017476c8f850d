//! What calls of a model used.

/// Tokens and money of one call, or of many together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// Tokens that were read anew.
    pub input_tokens: u64,
    /// Tokens that were written.
    pub output_tokens: u64,
    /// Tokens that were read from a cache.
    pub cache_read_tokens: u64,
    /// Tokens that were put into a cache.
    pub cache_write_tokens: u64,
    /// Millionths of a dollar; `None` when nobody said what the model costs.
    pub usd_micros: Option<u64>,
}

impl Usage {
    /// All tokens, whatever they cost.
    pub fn tokens(&self) -> u64 {
        [self.input_tokens, self.output_tokens, self.cache_read_tokens, self.cache_write_tokens]
            .into_iter()
            .fold(0, u64::saturating_add)
    }

    /// Both together. The money is unknown as soon as that of one is, unless that one used nothing.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let usd_micros = match (self.usd_micros, other.usd_micros) {
            (Some(one), Some(two)) => Some(one.saturating_add(two)),
            (one, None) if other.tokens() == 0 => one,
            (None, two) if self.tokens() == 0 => two,
            _ => None,
        };
        Self {
            input_tokens: self.input_tokens.saturating_add(other.input_tokens),
            output_tokens: self.output_tokens.saturating_add(other.output_tokens),
            cache_read_tokens: self.cache_read_tokens.saturating_add(other.cache_read_tokens),
            cache_write_tokens: self.cache_write_tokens.saturating_add(other.cache_write_tokens),
            usd_micros,
        }
    }
}

/// What a model gateway saw of one run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Metered {
    /// Calls that a model answered.
    pub answered: u64,
    /// Calls that failed, whoever was to blame.
    pub failed: u64,
    /// The HTTP status of the last call that failed; `None` when none did, or it got no answer.
    pub last_failure: Option<u16>,
    /// Calls that were turned down because a budget was spent.
    pub over_budget: u64,
    /// Calls that found the quota of the key used up, by the provider's word or since then.
    pub exhausted: u64,
    /// Whether a call was turned down for one of these reasons and none has been answered since.
    pub cut_short: bool,
    /// What all calls used.
    pub usage: Usage,
}
