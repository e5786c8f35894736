//! Tidings: a feed publisher daemon.
//!
//! A writer drops an article file into a folder; seconds later every feed reader can have it, as
//! RSS 2.0, Atom 1.0 and JSON Feed 1.1, with its "Read:" lines turned into related links.
//!
//! # The way of the data
//!
//! ```text
//! folder ~hint~> folder::watch ──> daemon ──> folder::scan ──> entry::parse ──> catalogue.plan() ──> Changes
//!                                                                                                      │
//!                                                         1 Site::with(changes)   2 ledger.commit(changes)
//!                                                                                                      │
//! reader <── http <── documents <── current Arc<Site> <── 4 shown <── 3 catalogue.apply(changes) <─────┘
//!                         └── full texts, by their digests, from the ledger
//! ```
//!
//! # The rules
//!
//! 1. One writer, many readers: a single thread owns all that changes; readers hold an immutable
//!    [`site::Site`], and nothing they do waits for it or makes it wait.
//! 2. Events are hints, the folder is the truth: an event says where to look, never what happened.
//! 3. A good version is never replaced by a worse one: a file that can't be published leaves its last
//!    good version standing, a snapshot that can't be stored is not shown.
//!    So many files gone at once are an accident until somebody says otherwise.
//! 4. An entry is the same entry for ever: its id outlives its name, title, address, host and this
//!    process.
//! 5. Same folder, same settings, same ledger: same bytes and same validators, on any host.
//! 6. Every limit has a number, and every number has a test.
//! 7. Time is an argument: below [`daemon`] nobody asks for the clock.
//!
//! # The rooms, in reading order
//!
//! | room | lives here | must never know |
//! | --- | --- | --- |
//! | [`entry`] | the vocabulary, and (in `entry::parse`) bytes of a file → draft | disk, clock, other entries |
//! | [`catalogue`] | who is who, what is live, what links where; `plan` and `apply` | formats, disk, clock |
//! | [`feed`] | which entries, in which order; RSS, Atom, JSON | HTTP, clock |
//! | [`page`] | HTML for people | requests |
//! | [`site`] | the snapshot: address → plan, with validators | sockets, disk, bytes |
//! | [`documents`] | plan → bytes, made once and kept in bounds | sockets, requests |
//! | [`build`] | the whole site as files | sockets, requests |
//! | [`http`] | connections, limits, and the pure answer to a request | entries, catalogue |
//! | [`audience`] | who reads: programs, and how many people, of whom nothing is kept | HTTP, addresses, clock |
//! | [`folder`] | names, stamps, safe reads, hints, and when to look | what a change means |
//! | [`ledger`] | what must outlive the process | HTTP, XML |
//! | [`metrics`] | what is counted, and how it is told to Prometheus | disk, clock, sockets |
//! | [`daemon`] | order of start and stop, the writer's turn, the clock | parsing, formats |
//! | [`check`] | what a writer should know of a folder | HTTP, the daemon |
//! | [`config`] | text → checked settings | sockets, disk |
//! | [`cli`] | arguments, environment, logs, bars, exit codes | how a part does its work |
//!
//! `tests/it/architecture.rs` holds every `use` line to this.

pub mod entry;

pub mod catalogue;
pub mod feed;
pub mod page;
pub mod site;

pub mod build;
pub mod documents;
pub mod http;
pub mod metrics;

pub mod audience;

pub mod folder;
pub mod ledger;

pub mod check;
pub mod config;
pub mod daemon;

pub mod cli;
