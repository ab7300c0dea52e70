//! The wire and disk formats of Makegood.
