//! The wire and disk formats of Makegood: the types generated from the `.proto` files, and nothing
//! else.
//!
//! The modules follow the packages: [`v1`] is the API, [`ledger`] and [`records`] are what the two
//! journals keep. Feature `server` adds the gRPC server traits, feature `client` the clients;
//! without them the crate has no transport and compiles to WASM.
//! After a change of a `.proto` file run `cargo xtask codegen`.

#![allow(
    missing_docs,
    unreachable_pub,
    let_underscore_drop,
    rustdoc::bare_urls,
    rustdoc::invalid_html_tags,
    clippy::pedantic,
    clippy::all,
    clippy::allow_attributes_without_reason,
    clippy::unused_trait_names,
    reason = "all but these lines is generated; buf lints the comments where they are written"
)]

/// The API: package `makegood.v1`.
pub mod v1 {
    include!("gen/makegood.v1.rs");
}

/// What the ledger's journal keeps.
pub mod ledger {
    /// Package `makegood.ledger.v1`.
    pub mod v1 {
        include!("gen/makegood.ledger.v1.rs");
    }
}

/// What the records' journal keeps.
pub mod records {
    /// Package `makegood.records.v1`.
    pub mod v1 {
        include!("gen/makegood.records.v1.rs");
    }
}

/// Every package's descriptors, encoded as a `google.protobuf.FileDescriptorSet`, for gRPC
/// reflection.
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!("gen/descriptor.bin");
