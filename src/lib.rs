//! Tidings: a feed publisher daemon.

pub mod entry;
pub mod config;
pub mod catalogue;
pub mod feed;
pub mod page;
pub mod site;
pub mod documents;
pub mod http;
pub mod folder;
pub mod ledger;
pub mod daemon;
pub mod cli;
