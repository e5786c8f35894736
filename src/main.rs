//! The program `tidings`.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// Documents of all sizes are made, kept for a while and dropped, for years. The C library's own allocator
/// keeps what they leave in pieces that the next ones don't fit into.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    tidings::cli::run()
}
