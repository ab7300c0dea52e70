//! The one tool of the developer loop.

fn main() {}
