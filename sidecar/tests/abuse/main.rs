//! What strangers and broken clients do to the port, against the real process, on loopback alone.
//!
//! Every loop is bounded, and the whole takes less than a minute; `MAKEGOOD_ABUSE_FULL=1` takes the
//! full counts. An honest agent calls all along, and each of its calls has to be answered right;
//! in the end no handler has panicked, memory is what it was, and no connection is left.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that cannot go on says so by panicking"
)]

mod floods;
mod frames;
mod honest;
mod http1;
mod messages;
mod slow;
#[path = "../it/support/mod.rs"]
#[allow(dead_code, unused_imports, reason = "shared with the other tests from outside")]
mod support;

use std::net::SocketAddr;

use makegood_sidecar::token::Access;

use honest::Honest;
use support::{Makegood, Place, Rules, until};

/// What the abuse may cost in memory, once it is over.
const GROWTH_MAX_KB: u64 = 64 * 1024;

/// How often each thing is done.
#[derive(Debug, Clone, Copy)]
struct Counts {
    /// Frames of a flood.
    frames: u32,
    /// Sockets that say nothing.
    sockets: usize,
    /// Messages of random bytes to each method.
    messages: usize,
}

impl Counts {
    const USUAL: Self = Self { frames: 4_000, sockets: 400, messages: 4 };
    const FULL: Self = Self { frames: 20_000, sockets: 2_000, messages: 64 };

    fn chosen() -> Self {
        match std::env::var_os("MAKEGOOD_ABUSE_FULL") {
            Some(_) => Self::FULL,
            None => Self::USUAL,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn serves_honest_agents_through_abuse_and_keeps_nothing_of_it() {
    let counts = Counts::chosen();
    let place = Place::new(Rules::STANDARD);
    place.fill().await;
    let flags = ["--limits-read-deadline-ms", "10000", "--limits-write-deadline-ms", "10000"];
    let sidecar = Makegood::serve_with(&place, &flags);
    let address = sidecar.address;
    let honest = Honest::start(sidecar.ring("A-1", "call-1", "C-1").await).await;
    let before_kb = resident_kb(sidecar.pid());

    let token = place.token("A-2", Access::Agent, None);
    // These wait for the sidecar's own limits, so they go on beside the others.
    let slow = tokio::spawn(slow::all(address, token.clone(), counts));
    floods::all(address, counts).await;
    messages::all(address, &token, counts).await;
    slow.await.unwrap();

    let latencies = honest.stop().await;
    println!("{latencies}");
    until("no connection is left", async || connections(address).await <= 2).await;
    let after_kb = resident_kb(sidecar.pid());
    println!("resident: {before_kb} kB before, {after_kb} kB after");
    assert!(after_kb < before_kb + GROWTH_MAX_KB, "{before_kb} kB grew to {after_kb} kB");
    let log = sidecar.log();
    assert!(!log.contains("panicked"), "{log}");
    sidecar.end().await;
}

/// The memory of a process that is in use.
fn resident_kb(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

/// Connections that are open, the one that asks among them.
async fn connections(address: SocketAddr) -> u32 {
    let answer = http1::Request::get("/metrics").send(address).await;
    let line = answer.text.lines().find_map(|line| line.strip_prefix("makegood_connections "));
    line.unwrap_or_else(|| panic!("{}", answer.text)).trim().parse().unwrap()
}
