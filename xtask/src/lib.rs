//! The one tool of the developer loop, as a library: the binary calls [`cli::run`], and
//! `proto/tests/bootstrap.rs` calls [`codegen`].

pub mod codegen;
