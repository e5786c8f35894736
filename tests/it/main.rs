//! Drives the real program, in its own folder and on a free port; one file a subject.
#![allow(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "a test may ask for the clock, open files and sockets, and fail loudly"
)]

mod active_content;
mod answers;
mod architecture;
mod archives;
mod browser;
mod build;
mod certificates;
mod check;
mod clients;
mod clock;
mod command_line;
mod delta;
mod faults;
mod feeds;
mod folder_rules;
mod golden;
mod guide;
mod habits;
mod http2;
mod kills;
mod ledger;
mod lifecycle;
mod listeners;
mod logs;
mod metrics;
mod package;
mod pages;
mod podcast;
mod progress;
mod properties;
mod proxies;
mod publish;
mod readers;
mod readme;
mod reload;
mod removal;
mod service;
mod smoke;
mod soak;
mod start_stop;
mod status;
mod support;
mod tls;
mod units;
mod validity;
mod watching;
mod wear;
