//! The model gateway: a real server, a fake provider behind it, callers with tokens.

mod budgets;
mod stage;
mod wires;
