//! Scores: what customers say of an interaction.
