//! Budgets as a person reads them.

use std::time::Duration;

use domain::budget::Measure;
use engine::budget::{BudgetView, BudgetsView, By, CallView, CostsView};
use engine::units::format_duration;

use crate::ask::budget::by_word;
use crate::terminal::{one_line, table, when};

/// Accounts, credentials, and what is under way.
pub fn budgets(it: &BudgetsView, now_ms: i64) -> String {
    let mut rows = Vec::new();
    for account in &it.accounts {
        for measure in Measure::ALL {
            let (spent, reserved) = (account.spent.of(measure), account.reserved.of(measure));
            let most = account.effective.of(measure);
            if spent == 0 && reserved == 0 && most.is_none() {
                continue;
            }
            let most = most.map_or_else(|| "no limit".to_owned(), |most| amount(measure, most));
            let word = word(measure);
            let (spent, reserved) = (amount(measure, spent), amount(measure, reserved));
            rows.push(vec![account.account.clone(), word.to_owned(), spent, reserved, most]);
        }
    }
    let mut parts = vec![if rows.is_empty() {
        "nothing is spent, and nothing limited; `nexus budget set` sets a limit".to_owned()
    } else {
        table(&["account", "measure", "spent", "set aside", "limit"], rows)
    }];
    for account in it.accounts.iter().filter(|it| it.unpriced_calls > 0) {
        let (of, calls) = (&account.account, account.unpriced_calls);
        parts.push(format!("{of}: {calls} calls without a price; their money is not in the sum"));
    }
    for account in &it.accounts {
        if let Some(at) = account.refused_at_ms {
            parts.push(format!("{} has refused since {}", account.account, when(at, now_ms)));
        }
    }
    for key in &it.credentials {
        let until = key.until_ms.map_or_else(String::new, |at| format!(", until {}", when(at, now_ms)));
        let why = key.why.as_ref().map_or_else(String::new, |why| format!(": {}", one_line(why)));
        parts.push(format!("credential {} is {}{until}{why}", key.name, key.state));
    }
    if !it.under_way.is_empty() {
        parts.push(format!("{} calls and agents are under way", it.under_way.len()));
    }
    parts.join("\n")
}

/// The limits of one account.
pub fn limits(it: &BudgetView) -> String {
    let most = |measure| Some(format!("{} {}", amount(measure, it.limits.of(measure)?), word(measure)));
    let all: Vec<String> = Measure::ALL.into_iter().filter_map(most).collect();
    let all = if all.is_empty() { "no limit".to_owned() } else { all.join(", ") };
    format!("{}: at most {all}", it.account).replace("at most no limit", "no limit")
}

/// The last calls.
pub fn calls(all: &[CallView], now_ms: i64) -> String {
    if all.is_empty() {
        return "no calls of a model".to_owned();
    }
    let row = |it: &CallView| {
        let about = if it.estimated { "about " } else { "" };
        let tokens = it.input_tokens + it.output_tokens + it.cache_read_tokens + it.cache_write_tokens;
        vec![
            when(it.at_ms, now_ms),
            it.agent.clone(),
            it.item.clone().unwrap_or_default(),
            it.model.clone(),
            it.status.map_or_else(|| it.ending.clone(), |status| format!("{} {status}", it.ending)),
            format!("{about}{tokens}"),
            money(it.usd_micros),
            format!("{} ms", it.duration_ms),
        ]
    };
    table(&["when", "agent", "item", "model", "ended", "tokens", "money", "took"], all.iter().map(row))
}

/// Costs, added up.
pub fn costs(by: By, all: &[CostsView]) -> String {
    if all.is_empty() {
        return "no calls of a model".to_owned();
    }
    let head = by_word(by);
    let row = |it: &CostsView| {
        let of = it.of.clone().unwrap_or_else(|| "none".to_owned());
        let unpriced = if it.unpriced_calls > 0 && it.usd_micros.is_some() { " and more" } else { "" };
        vec![
            of,
            format!("{} of {}", it.answered, it.calls),
            it.input_tokens.to_string(),
            it.output_tokens.to_string(),
            (it.cache_read_tokens + it.cache_write_tokens).to_string(),
            format!("{}{unpriced}", money(it.usd_micros)),
        ]
    };
    table(&[head, "answered", "tokens in", "out", "cache", "money"], all.iter().map(row))
}

const fn word(measure: Measure) -> &'static str {
    match measure {
        Measure::Tokens => "tokens",
        Measure::UsdMicros => "money",
        Measure::WallMs => "time",
        Measure::Attempts => "attempts",
    }
}

fn amount(measure: Measure, n: u64) -> String {
    match measure {
        Measure::Tokens | Measure::Attempts => n.to_string(),
        Measure::UsdMicros => money(Some(n)),
        Measure::WallMs => format_duration(Duration::from_millis(n)),
    }
}

fn money(usd_micros: Option<u64>) -> String {
    match usd_micros {
        None => "no data".to_owned(),
        Some(micros) => format!("${}.{:06}", micros / 1_000_000, micros % 1_000_000),
    }
}
