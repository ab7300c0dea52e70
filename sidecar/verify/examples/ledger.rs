//! Writes a ledger to measure on: `ledger DIR ENTRIES` makes a tenant's folder with so many entries.

#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a tool of the developer loop")]

#[allow(dead_code, reason = "the tests use the rest")]
#[path = "../tests/support/house.rs"]
mod house;

use std::path::Path;

use house::{House, USUAL};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let (dir, entries) = (arguments.next().unwrap(), arguments.next().unwrap());
    let mut house = House::open(Path::new(&dir), 1, USUAL);
    house.grow_to(entries.parse().unwrap());
    let (key, witness) = house.keys();
    println!("{} entries\n{key}\n{witness}", house.entry_count());
}
