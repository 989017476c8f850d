//! Limits of budgets as they go over the wire.

use std::time::Duration;

use domain::budget::{Account, Measure};
use engine::budget::By;
use engine::problem::Problem;
use engine::units::{format_duration, parse_duration};

use super::fields::{Fields, needed};
use super::wire::Written;

/// Limits to set, or to take away.
pub type Changes = Vec<(Measure, Option<u64>)>;

/// The request to set limits of `account`.
pub(super) fn written(account: &Account, changes: &Changes) -> Written {
    let most = |measure: Measure| changes.iter().rev().find(|(of, _)| *of == measure).and_then(|(_, most)| *most);
    let none: Vec<&str> = changes.iter().filter(|(_, most)| most.is_none()).map(|(of, _)| word(*of)).collect();
    let micros = |it: u64| format!("{}.{:06}", it / 1_000_000, it % 1_000_000);
    Written::to("/budget/set".to_owned())
        .with("account", Some(account.to_string()))
        .with("tokens", most(Measure::Tokens))
        .with("usd", most(Measure::UsdMicros).map(micros))
        .with("wall", most(Measure::WallMs).map(|ms| format_duration(Duration::from_millis(ms))))
        .with("attempts", most(Measure::Attempts))
        .with("no_limit", (!none.is_empty()).then_some(none))
}

/// The account and the limits that `fields` spell out.
pub(super) fn read(fields: &mut Fields) -> Result<(Account, Changes), Problem> {
    let account = needed("account", fields.parsed("account")?)?;
    let none: Option<Vec<String>> = fields.take("no_limit")?;
    let mut changes = Changes::new();
    for name in none.unwrap_or_default() {
        changes.push((measure(&name).map_err(|why| Problem::malformed(format!("no_limit: {why}")))?, None));
    }
    let most = [
        fields.take("tokens")?,
        fields.read_as("usd", dollars)?,
        fields.read_as("wall", wall)?,
        fields.take("attempts")?,
    ];
    changes.extend(Measure::ALL.into_iter().zip(most).filter_map(|(measure, most)| Some((measure, Some(most?)))));
    Ok((account, changes))
}

/// Dollars with up to six digits behind the point, as millionths.
pub fn dollars(text: &str) -> Result<u64, String> {
    let wanted = || "it can be a number of dollars such as 20 or 2.50, with up to 6 digits behind the point".to_owned();
    let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit());
    if !digits(whole) || !digits(part) || part.len() > 6 {
        return Err(wanted());
    }
    let whole: u64 = whole.parse().map_err(|_| wanted())?;
    let part: u64 = format!("{part:0<6}").parse().map_err(|_| wanted())?;
    whole.checked_mul(1_000_000).and_then(|micros| micros.checked_add(part)).ok_or_else(wanted)
}

/// A span as milliseconds.
pub fn wall(text: &str) -> Result<u64, String> {
    parse_duration(text).map(|span| u64::try_from(span.as_millis()).unwrap_or(u64::MAX))
}

/// A measure by the name of its flag.
pub fn measure(text: &str) -> Result<Measure, String> {
    Measure::ALL
        .into_iter()
        .find(|measure| word(*measure) == text)
        .ok_or_else(|| "it can be tokens, usd, wall or attempts".to_owned())
}

const fn word(measure: Measure) -> &'static str {
    match measure {
        Measure::Tokens => "tokens",
        Measure::UsdMicros => "usd",
        Measure::WallMs => "wall",
        Measure::Attempts => "attempts",
    }
}

/// By what costs are added up.
pub fn by(text: &str) -> Result<By, String> {
    let all = [By::Item, By::Agent, By::Model, By::Run, By::Day];
    all.into_iter().find(|it| by_word(*it) == text).ok_or_else(|| "it can be item, agent, model, run or day".to_owned())
}

/// The word for that.
pub const fn by_word(by: By) -> &'static str {
    match by {
        By::Item => "item",
        By::Agent => "agent",
        By::Model => "model",
        By::Run => "run",
        By::Day => "day",
    }
}

#[cfg(test)]
mod tests {
    use super::dollars;

    #[test]
    fn dollars_become_millionths_and_nothing_else_does() {
        for (text, micros) in [("20", 20_000_000), ("2.50", 2_500_000), ("0.000001", 1), ("0", 0)] {
            assert_eq!(dollars(text), Ok(micros), "{text}");
        }
        for bad in ["", ".5", "1.", "-1", "1e3", "0.0000001", "1,5", "18446744073710", "99999999999999999999"] {
            assert!(dollars(bad).is_err(), "{bad}");
        }
    }
}
