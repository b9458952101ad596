//! Plays Microsoft.
