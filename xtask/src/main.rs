//! The one tool of the developer loop: `cargo xtask help` lists what it does.

use std::process::ExitCode;

fn main() -> ExitCode {
    xtask::cli::run()
}
