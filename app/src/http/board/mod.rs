//! The live board: one page, complete without scripts, kept fresh with one.
//!
//! The page is made of regions. Each is a section with an id and a mark of its content; the script puts a region that
//! was pushed in the place of the one with its id.

mod agents;
mod cards;
mod columns;
pub mod costs;
mod events;
mod regions;
mod sentences;
mod top;
mod words;

use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::Door;

pub use regions::{Regions, Seen};

/// The seconds after which a page without scripts loads itself again.
const REFRESH_SECS: u32 = 15;

/// The page. When the store fails it says so, under 503.
pub async fn page(State(door): State<Door>) -> Response {
    let (status, regions) = match door.live.fresh().await {
        Ok(regions) => (StatusCode::OK, regions),
        Err(problem) => (StatusCode::SERVICE_UNAVAILABLE, std::sync::Arc::new(Regions::default().failed(&problem))),
    };
    let headers = [(header::CONTENT_TYPE, "text/html; charset=utf-8"), (header::CACHE_CONTROL, "no-store")];
    (status, headers, whole(&regions, door.engine.scope().now.millis()).into_string()).into_response()
}

fn whole(regions: &Regions, now_ms: i64) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            (head("Nexus board", Some(REFRESH_SECS)))
            body data-now=(now_ms) {
                a .skip href="#board" { "Skip to the board" }
                (banner(regions))
                main #board tabindex="-1" {
                    div .columns { (pieces(regions, &["ready", "held", "submitted", "done"])) }
                    div .rest { (pieces(regions, &["agents", "events", "pending", "blocked", "dead"])) }
                }
                (foot(now_ms))
                p #say .unseen aria-live="polite" {}
            }
        }
    }
}

/// What a page says of itself. One that changes is kept live by a script, and without scripts loads itself again after so
/// many seconds.
fn head(title: &str, refresh_secs: Option<u32>) -> Markup {
    html! {
        head {
            meta charset="utf-8";
            meta name="viewport" content="width=device-width, initial-scale=1";
            meta name="color-scheme" content="light dark";
            title { (title) }
            link rel="icon" type="image/svg+xml" href="/assets/icon.svg";
            link rel="stylesheet" href="/assets/board.css";
            @if let Some(secs) = refresh_secs {
                script src="/assets/board.js" defer {}
                noscript { meta http-equiv="refresh" content=(secs); }
            }
        }
    }
}

fn banner(regions: &Regions) -> Markup {
    html! {
        header .banner {
            div .brand {
                img src="/assets/icon.svg" alt="" width="28" height="28";
                h1 { "Nexus" }
                p #link .link role="status" hidden {}
            }
            (pieces(regions, &["top"]))
            noscript {
                p .hint {
                    "Scripts are off: this page loads itself again every " (REFRESH_SECS) " seconds. "
                    a href="/" { "Refresh now" }
                }
            }
        }
    }
}

fn foot(now_ms: i64) -> Markup {
    html! {
        footer .foot {
            p { "Loaded " (words::moment(now_ms, now_ms)) " · Nexus " (env!("CARGO_PKG_VERSION")) }
            p { a href="/costs" { "Costs" } " · as JSON: " a href="/api/coordination/status" { "status" } " · " a href="/api/health" { "health" } }
        }
    }
}

fn pieces(regions: &Regions, ids: &[&str]) -> Markup {
    html! { @for id in ids { (PreEscaped(regions.markup(id))) } }
}
