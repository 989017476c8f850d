//! What models cost, as the operator says it; nobody else is asked and nothing is guessed.

use domain::budget::Usage;

/// One model's prices, in millionths of a dollar for a million tokens.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Price {
    /// The model; with a `*` at its end, every model whose name begins like this.
    model: String,
    input: u64,
    output: u64,
    cache_read: u64,
    cache_write: u64,
}

/// The prices of models.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prices(Vec<Price>);

impl Prices {
    /// The prices in `text`: `MODEL=IN/OUT` or `MODEL=IN/OUT/CACHE_READ/CACHE_WRITE`, in dollars for a million tokens,
    /// separated by commas. What is not said of the cache costs as much as what is read.
    pub fn read(text: &str) -> Result<Self, String> {
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        parts.map(one).collect::<Result<_, _>>().map(Self)
    }

    /// Millionths of a dollar for `usage` of `model`, rounded up; `None` when nobody said what it costs.
    pub fn of(&self, model: &str, usage: &Usage) -> Option<u64> {
        let price = self.price(model)?;
        let cost = |tokens: u64, each: u64| u128::from(tokens) * u128::from(each);
        let all = cost(usage.input_tokens, price.input)
            + cost(usage.output_tokens, price.output)
            + cost(usage.cache_read_tokens, price.cache_read)
            + cost(usage.cache_write_tokens, price.cache_write);
        Some(u64::try_from(all.div_ceil(1_000_000)).unwrap_or(u64::MAX))
    }

    /// The most that a call can cost that reads up to `input` tokens and writes up to `output`.
    pub fn most(&self, model: &str, input: u64, output: u64) -> Option<u64> {
        let price = self.price(model)?;
        let dearest = price.input.max(price.cache_read).max(price.cache_write);
        let all = u128::from(input) * u128::from(dearest) + u128::from(output) * u128::from(price.output);
        Some(u64::try_from(all.div_ceil(1_000_000)).unwrap_or(u64::MAX))
    }

    /// The price of exactly that name, else of the longest beginning.
    fn price(&self, model: &str) -> Option<&Price> {
        let fits = |it: &&Price| match it.model.strip_suffix('*') {
            Some(start) => model.starts_with(start),
            None => it.model == model,
        };
        self.0.iter().filter(fits).max_by_key(|it| (!it.model.ends_with('*'), it.model.len()))
    }
}

fn one(part: &str) -> Result<Price, String> {
    let wanted = || format!("{part:?} is no price; one looks like MODEL=3/15 or MODEL=3/15/0.30/3.75");
    let (model, prices) = part.split_once('=').ok_or_else(wanted)?;
    let prices: Vec<u64> = prices.split('/').map(|it| micros(it.trim())).collect::<Option<_>>().ok_or_else(wanted)?;
    let (input, output, cache_read, cache_write) = match prices.as_slice() {
        [input, output] => (*input, *output, *input, *input),
        [input, output, read, write] => (*input, *output, *read, *write),
        _ => return Err(wanted()),
    };
    let model = model.trim().to_owned();
    if model.is_empty() { Err(wanted()) } else { Ok(Price { model, input, output, cache_read, cache_write }) }
}

/// Dollars with up to six digits behind the point, as millionths; at most a million dollars.
fn micros(text: &str) -> Option<u64> {
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit());
    if !digits(whole) || !digits(part) || part.len() > 6 || whole.len() > 6 {
        return None;
    }
    Some(whole.parse::<u64>().ok()? * 1_000_000 + format!("{part:0<6}").parse::<u64>().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_call_costs_is_said_by_the_operator_or_not_known() {
        let prices = Prices::read("claude-*=3/15/0.30/3.75, claude-tiny=1/2,gpt=0.05/0.40").expect("prices");
        let usage = Usage {
            input_tokens: 1_000,
            output_tokens: 100,
            cache_read_tokens: 10_000,
            cache_write_tokens: 1,
            usd_micros: None,
        };
        assert_eq!(prices.of("claude-big", &usage), Some(3_000 + 1_500 + 3_000 + 4));
        assert_eq!(prices.of("claude-tiny", &usage), Some(1_000 + 200 + 10_000 + 1));
        assert_eq!(prices.of("other", &usage), None);
        assert_eq!(Prices::default().of("gpt", &usage), None);
        assert_eq!(prices.most("claude-big", 1_000_000, 1_000_000), Some(18_750_000));
    }

    #[test]
    fn what_is_no_price_is_refused() {
        for bad in ["gpt", "gpt=1", "gpt=1/2/3", "=1/2", "gpt=-1/2", "gpt=1e3/2", "gpt=1/2.1234567", "gpt=99999999/1"] {
            assert!(Prices::read(bad).is_err(), "{bad}");
        }
        assert_eq!(Prices::read(" , "), Ok(Prices::default()));
    }
}
