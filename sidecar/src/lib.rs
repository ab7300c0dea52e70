//! The Makegood sidecar: the shell around the functional core.

pub mod clock;
pub mod config;
pub mod grpc;
pub mod house;
pub mod hub;
pub mod import;
pub mod journal;
pub mod ledger;
pub mod phone;
pub mod read_model;
pub mod records;
pub mod token;
pub mod vault;
pub mod zones;
