//! The functional core of Makegood: pure, deterministic, no I/O.
