//! gRPC-Web over `fetch`: frames, faults, the calls that the panel makes, and their transport.

pub(crate) mod fault;
pub(crate) mod frame;
pub(crate) mod request;
pub(crate) mod transport;
