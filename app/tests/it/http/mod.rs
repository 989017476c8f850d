//! The HTTP door, through the program: a real `nexus up`, asked over a socket, with commits from other processes.

mod api;
mod client;
mod deeds;
mod health;
mod page;
mod server;
mod sockets;
mod streams;
mod waits;
mod work;

pub use client::{ask, get};
pub use server::up;
