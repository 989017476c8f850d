//! What runs in Nexus: services that sequence rules and store, duties under a lease, and the supervisor.

pub mod ports;
