//! Problems as RFC 9457 documents.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use engine::problem::{Kind, Problem};
use serde_json::json;

/// A problem on its way to a caller.
pub struct Shown(Problem);

impl From<Problem> for Shown {
    fn from(problem: Problem) -> Self {
        Self(problem)
    }
}

impl IntoResponse for Shown {
    fn into_response(self) -> Response {
        let Self(problem) = self;
        let status = status(problem.kind);
        let mut body = json!({
            "type": format!("https://nexus.invalid/problems/{}", problem.code), "title": problem.message,
            "status": status.as_u16(), "code": problem.code,
        });
        body.as_object_mut().expect("an object was just made").extend(problem.fields);
        let mut response = (status, Json(body)).into_response();
        response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        response
    }
}

/// The one table from kinds of problems to statuses.
const fn status(kind: Kind) -> StatusCode {
    match kind {
        Kind::Failed => StatusCode::SERVICE_UNAVAILABLE,
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::Malformed => StatusCode::UNPROCESSABLE_ENTITY,
        Kind::Refused | Kind::LeaseLost => StatusCode::CONFLICT,
        Kind::Nothing => StatusCode::NO_CONTENT,
    }
}

/// There is no such page.
pub async fn not_found() -> Shown {
    Problem::not_found("there is no such page").into()
}
