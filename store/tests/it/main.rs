//! The store as its callers see it: its verbs against the rules, its commits against crashes, its file against
//! all that can be wrong with a file.

mod activity;
mod answers;
mod budgets;
mod bulk;
mod child;
mod commit_loop;
mod copies;
mod copy;
mod database;
mod duties;
mod files;
mod gates;
mod heartbeats;
mod kit;
mod lists;
mod locks;
mod model;
mod oracle;
mod outages;
mod place;
mod reservations;
mod seals;
mod server;
mod sessions;
mod talk;
mod tls;
mod together;
mod unique;
mod workspaces_changes;
