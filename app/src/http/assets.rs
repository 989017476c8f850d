//! The files of the page: style, script, icon. Each has a tag, so that a browser fetches it once per version.

use std::sync::LazyLock;

use axum::extract::Path;
use axum::http::{HeaderMap, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use engine::sha256_hex;

use super::problem::not_found;

struct Asset {
    name: &'static str,
    kind: &'static str,
    body: &'static str,
    tag: String,
}

static ASSETS: LazyLock<[Asset; 3]> = LazyLock::new(|| {
    [
        made("board.css", "text/css; charset=utf-8", include_str!("assets/board.css")),
        made("board.js", "text/javascript; charset=utf-8", include_str!("assets/board.js")),
        made("icon.svg", "image/svg+xml", include_str!("assets/icon.svg")),
    ]
});

fn made(name: &'static str, kind: &'static str, body: &'static str) -> Asset {
    let digest = sha256_hex(body.as_bytes());
    Asset { name, kind, body, tag: format!("\"{}\"", &digest[..16]) }
}

/// The file called `name`; 304 when the caller has it.
pub async fn asset(Path(name): Path<String>, asked: HeaderMap, uri: Uri) -> Response {
    let Some(found) = ASSETS.iter().find(|asset| asset.name == name) else {
        return not_found(uri).await.into_response();
    };
    let headers = [(header::ETAG, found.tag.as_str()), (header::CACHE_CONTROL, "no-cache")];
    let known = asked.get(header::IF_NONE_MATCH).and_then(|tags| tags.to_str().ok());
    if known.is_some_and(|tags| tags.split(',').any(|tag| tag.trim().trim_start_matches("W/") == found.tag)) {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    (headers, [(header::CONTENT_TYPE, found.kind)], found.body).into_response()
}
