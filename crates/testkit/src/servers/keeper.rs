//! The thread that starts all servers.
//!
//! The signal that a child is sent at its parent's death comes, on Linux, at the death of the *thread* that started it
//! (prctl(2), `PR_SET_PDEATHSIG`). A test's own thread, or one of a runtime's, ends before the process does; this one does not.

use std::{
    io,
    process::{Child, Command},
    sync::{
        OnceLock,
        mpsc::{Sender, channel},
    },
    thread,
};

struct Order {
    command: Command,
    started: Sender<io::Result<Child>>,
}

/// Starts `command` from a thread that lives as long as this process.
///
/// # Errors
/// Whatever the system has against it.
pub(super) fn spawn(command: Command) -> io::Result<Child> {
    static ORDERS: OnceLock<Sender<Order>> = OnceLock::new();
    let orders = ORDERS.get_or_init(|| {
        let (orders, received) = channel::<Order>();
        thread::spawn(move || {
            for Order { mut command, started } in received {
                // Whoever ordered it waits.
                started.send(command.spawn()).ok();
            }
        });
        orders
    });
    let (started, answer) = channel();
    let gone = || io::Error::other("the thread that starts servers has ended");
    orders.send(Order { command, started }).map_err(|_| gone())?;
    answer.recv().map_err(|_| gone())?
}
