//! The panel frame: what an agent sees during a live call.
//!
//! `model` knows and decides what is shown, and never what is allowed: the sidecar does. `view`
//! makes a tree from it. Both are pure and tested on the host. `dom` patches the tree into the
//! document, `rpc` speaks gRPC-Web, `host` listens to the desktop around the frame, `tabs` shares
//! one stream among an agent's panels, and `app` joins them.

mod app;
mod copy;
mod dom;
mod format;
mod host;
mod intl;
mod js;
mod look;
mod model;
mod rpc;
mod store;
mod tabs;
mod view;

use wasm_bindgen::prelude::*;

#[cfg(target_arch = "wasm32")]
#[global_allocator]
static ALLOCATOR: rlsf::SmallGlobalTlsf = rlsf::SmallGlobalTlsf::new();

/// Starts the panel in the page that loaded it: greets the host, and paints into `#panel`.
#[wasm_bindgen]
pub fn start() {
    app::start();
}
