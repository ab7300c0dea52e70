//! Preferences: what a customer likes.
