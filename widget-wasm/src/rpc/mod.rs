//! gRPC-Web over `fetch`: frames, faults, the calls that the panel makes, and their transport.

pub(crate) mod fault;
pub(crate) mod frame;
pub(crate) mod request;
mod tables;
#[cfg(test)]
mod tests;
pub(crate) mod transport;
pub(crate) mod wire;
