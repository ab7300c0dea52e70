//! The `makegood` command.

fn main() {}
