//! The one tool of the developer loop, as a library: the binary calls [`cli::run`], and
//! `proto/tests/bootstrap.rs` calls [`codegen`].

pub mod bench;
mod ci;
pub mod cli;
pub mod codegen;
mod demo;
mod files;
mod process;
mod progress;
mod setup;
mod sim;
mod tidy;
mod verifier;
mod wasm;
mod workspace;
