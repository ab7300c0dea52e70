//! The Makegood sidecar: the shell around the functional core.
