//! Problems as RFC 9457 documents.

use axum::http::{HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use engine::problem::{Kind, Problem};
use serde_json::json;

/// A problem on its way to a caller.
pub struct Shown {
    status: StatusCode,
    problem: Problem,
}

impl Shown {
    /// `problem` under a status that its kind alone does not give.
    pub const fn under(status: StatusCode, problem: Problem) -> Self {
        Self { status, problem }
    }
}

impl From<Problem> for Shown {
    fn from(problem: Problem) -> Self {
        Self { status: status(problem.kind), problem }
    }
}

impl IntoResponse for Shown {
    fn into_response(self) -> Response {
        let Self { status, problem } = self;
        if status == StatusCode::NO_CONTENT {
            return status.into_response();
        }
        let mut body = problem.fields;
        let standard = json!({
            "type": format!("https://nexus.invalid/problems/{}", problem.code), "title": title(&problem.code),
            "status": status.as_u16(), "detail": problem.message, "code": problem.code,
        });
        body.extend(standard.as_object().expect("an object was just made").clone());
        let text = serde_json::to_string(&body).expect("a problem can be written as JSON");
        let json = HeaderValue::from_static("application/problem+json");
        let never = HeaderValue::from_static("no-store");
        let mut response =
            (status, [(header::CONTENT_TYPE, json), (header::CACHE_CONTROL, never)], text).into_response();
        if status == StatusCode::SERVICE_UNAVAILABLE {
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

/// The code as words.
fn title(code: &str) -> String {
    let words = code.replace('_', " ");
    let mut letters = words.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
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
pub async fn not_found(uri: Uri) -> Shown {
    Problem::not_found(format!("there is nothing at {}; docs/http.md lists every route", uri.path())).into()
}

/// There is such a page, but not for this method.
pub async fn wrong_method(method: Method, uri: Uri) -> Shown {
    let message =
        format!("{method} is not for {}; the header Allow says what is, docs/http.md has every route", uri.path());
    Shown::under(StatusCode::METHOD_NOT_ALLOWED, Problem::new(Kind::Malformed, "method_not_allowed", message))
}
