//! The top of the page: which project, whether the store is well, how many items are where.

use engine::problem::Problem;
use engine::status::Board;
use maud::{Markup, html};

use super::columns::ALL;
use super::words::{grouped, said, title};

/// The top.
pub fn draw(board: &Board) -> Markup {
    let status = &board.status;
    let cancelled = status.count("cancelled");
    html! {
        p .facts {
            span { "Project " b { (title(&status.project)) } }
            span .health.good { "Store ok" }
            span { (status.agents.active) " of " (grouped(status.agents.total as u64)) " agents at work" }
        }
        nav aria-label="Items by state" {
            ul .counts {
                @for column in &ALL {
                    li { a href={ "#" (column.id) } class=(column.id) {
                        b { (grouped(status.count(column.state))) } " " (column.name)
                    } }
                }
                @if cancelled > 0 { li { span { b { (grouped(cancelled)) } " Cancelled" } } }
            }
        }
    }
}

/// The top when the store does not answer.
pub fn failed(problem: &Problem) -> Markup {
    html! {
        p .facts { span .health.bad { "Store failed" } }
        p .alarm role="alert" { (said(&problem.message)) }
    }
}
