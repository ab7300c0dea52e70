//! What must always hold; shared by tests, start-up and whoever audits.
