//! The live board: one page, readable without scripts, kept fresh with a few lines of one.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use engine::Engine;
use engine::problem::Problem;
use maud::{DOCTYPE, Markup, html};

use super::Door;
use super::problem::Shown;

/// The page.
pub async fn page(State(door): State<Door>) -> Result<Response, Shown> {
    let board = draw(&door.engine).await?;
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head { meta charset="utf-8"; title { "Nexus" } link rel="stylesheet" href="/assets/board.css"; script src="/assets/board.js" defer {} }
            body { main #board { (maud::PreEscaped(board)) } }
        }
    };
    Ok(([(header::CONTENT_TYPE, "text/html; charset=utf-8")], page.into_string()).into_response())
}

/// The board as it stands, as markup.
pub async fn draw(engine: &Engine) -> Result<String, Problem> {
    let board = engine.board().await?;
    let markup: Markup = html! { h1 { "Nexus" } @for (state, items) in &board.columns { h2 { (state) } ul { @for item in items { li { (item.title) } } } } };
    Ok(markup.into_string())
}

pub async fn css() -> Response {
    ([(header::CONTENT_TYPE, "text/css")], "").into_response()
}

pub async fn js() -> Response {
    ([(header::CONTENT_TYPE, "text/javascript")], "").into_response()
}
