//! Tidings: a feed publisher daemon.
