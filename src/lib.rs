//! Tidings: a feed publisher daemon.

pub mod entry;
