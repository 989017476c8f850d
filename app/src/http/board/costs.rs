//! What models cost: by day, model, agent and item, from the calls that went through the gateway.

use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use domain::time::Timestamp;
use engine::budget::{BudgetsView, By, CostsView};
use engine::problem::{Kind, Problem};
use engine::{Engine, wait};
use maud::{DOCTYPE, Markup, html};
use serde::Deserialize;

use super::head;
use super::words::{command, grouped, moment, said, title};
use crate::http::problem::Shown;
use crate::http::{Door, aside};

/// How many days are looked at unless somebody asks for others, and at most.
const DAYS: (u32, u32) = (30, 366);
const DAY_MS: i64 = 24 * 3_600_000;
/// How many rows a table has at most.
const ROWS: usize = 50;
/// How many groups are added up at most.
const GROUPS: u32 = 10_000;

/// What can be asked for.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Asked {
    days: Option<u32>,
}

/// The page. It does not change by itself: what was spent is of yesterday as much as of today.
pub async fn page(
    State(door): State<Door>,
    asked: Result<Query<Asked>, axum::extract::rejection::QueryRejection>,
) -> Result<Response, Shown> {
    let bad = || {
        let message = format!("days: it can be a whole number from 1 to {}", DAYS.1);
        Shown::under(StatusCode::UNPROCESSABLE_ENTITY, Problem::new(Kind::Malformed, "malformed", message))
    };
    let days = asked.map_err(|_| bad())?.days.unwrap_or(DAYS.0);
    if !(1..=DAYS.1).contains(&days) {
        return Err(bad());
    }
    let engine = door.engine.clone();
    let found = aside(move || Costs::of(&engine, days)).await?;
    let headers = [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CACHE_CONTROL, "no-store")];
    Ok((headers, whole(&found).into_string()).into_response())
}

struct Costs {
    now_ms: i64,
    days: u32,
    budgets: BudgetsView,
    tables: Vec<(&'static str, Vec<CostsView>)>,
}

impl Costs {
    fn of(engine: &Engine, days: u32) -> Result<Self, Problem> {
        let now_ms = engine.scope().now.millis();
        let since = Timestamp::from_millis(now_ms - i64::from(days) * DAY_MS);
        let mut tables = Vec::new();
        for (name, by) in [("Day", By::Day), ("Model", By::Model), ("Agent", By::Agent), ("Item", By::Item)] {
            let mut rows = wait(engine.costs(by, since, GROUPS))?;
            if by == By::Day {
                rows.reverse();
            } else {
                rows.sort_by_key(|it| std::cmp::Reverse((it.usd_micros, tokens(it))));
            }
            tables.push((name, rows));
        }
        Ok(Self { now_ms, days, budgets: wait(engine.budgets(None))?, tables })
    }
}

fn whole(found: &Costs) -> Markup {
    let empty = found.tables.iter().all(|(_, rows)| rows.is_empty());
    html! {
        (DOCTYPE)
        html lang="en" {
            (head("Nexus costs", None))
            body data-now=(found.now_ms) {
                header .banner {
                    div .brand {
                        img src="/assets/icon.svg" alt="" width="28" height="28";
                        h1 { "Costs" }
                        p { a href="/" { "Board" } }
                    }
                    p .facts { span { "The last " (found.days) " days: what went through the model gateway, at the prices of the settings" } }
                    p .facts {
                        @for days in [1, 7, 30, 90] { a href={ "/costs?days=" (days) } { (days) @if days == 1 { " day" } @else { " days" } } }
                    }
                }
                main .costs {
                    @for key in found.budgets.credentials.iter().filter(|it| it.state != "closed") {
                        p .alarm role="alert" {
                            "The credential " (title(&key.name)) " is " (key.state)
                            @if let Some(why) = &key.why { ": " (said(why)) }
                        }
                    }
                    @if empty {
                        p .empty { "No data: no call of a model went through the gateway. " (command("nexus run --runtime claude")) }
                    }
                    @for (name, rows) in found.tables.iter().filter(|(_, rows)| !rows.is_empty()) { (table(name, rows)) }
                }
                footer .foot {
                    p { "Read " (moment(found.now_ms, found.now_ms)) " · on the command line: " (command("nexus budget history --by model")) }
                }
            }
        }
    }
}

fn table(name: &str, rows: &[CostsView]) -> Markup {
    let hidden = rows.len().saturating_sub(ROWS);
    html! {
        section .panel aria-label={ "By " (name) } {
            header .head { h2 { "By " (name.to_lowercase()) } }
            div .wide-table tabindex="0" {
                table {
                    thead { tr { th { (name) } th .number { "Money" } th .number { "Tokens" } th .number { "Calls" } th .number { "Answered" } } }
                    tbody {
                        @for row in rows.iter().take(ROWS) {
                            tr {
                                td { @match &row.of { Some(of) => (title(of)), None => "none" } }
                                td .number { (money(row)) }
                                td .number { @if row.estimated_calls > 0 { "about " } (grouped(tokens(row))) }
                                td .number { (grouped(row.calls)) }
                                td .number { (grouped(row.answered)) }
                            }
                        }
                    }
                }
            }
            @if hidden > 0 { p .more { (grouped(hidden as u64)) " more" } }
        }
    }
}

const fn tokens(it: &CostsView) -> u64 {
    it.input_tokens + it.output_tokens + it.cache_read_tokens + it.cache_write_tokens
}

/// What is known of the money; calls without a price are said, not guessed.
fn money(it: &CostsView) -> String {
    match it.usd_micros {
        None => "no price".to_owned(),
        Some(micros) => {
            // What has no price comes on top.
            let least = if it.unpriced_calls > 0 { "≥ " } else { "" };
            format!("{least}${}.{:04}", micros / 1_000_000, micros % 1_000_000 / 100)
        }
    }
}
