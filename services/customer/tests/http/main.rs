//! The service from outside: HTTP in, answers, events and refused tokens out.

mod accounts;
mod addresses;
mod passwords;
mod profile;
mod questions;
mod rotation;
mod sessions;
mod staff;

// Said once more, so that clippy takes the whole file for a test.
#[cfg(test)]
mod service;
