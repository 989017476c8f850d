//! The words that scripts rely on: names of commands, fields, codes and exit codes.

mod help;
mod lists;
mod output;
mod places;
mod settings;
mod streams;
mod ways;
mod words;
