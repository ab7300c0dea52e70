//! The Makegood sidecar: the shell around the functional core.

pub mod audit;
pub mod clock;
pub mod commands;
pub mod config;
pub mod demo;
pub mod generate;
pub mod grpc;
pub mod guard;
pub mod house;
pub mod http;
pub mod hub;
pub mod import;
pub mod ledger;
pub mod phone;
pub mod proofs;
pub mod read_model;
pub mod records;
pub mod server;
pub mod telemetry;
pub mod token;
pub mod vault;
pub mod witness;
