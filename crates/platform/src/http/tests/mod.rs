//! The layer as a client sees it: a small shop of test routes behind a [`Server`], without a socket.

mod bodies;
mod callers;
mod hostile;
mod paths;
mod running;
mod shop;
