//! Any bytes as any kind of file: the first says which.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tidings_fuzz::check;

fuzz_target!(|bytes: &[u8]| {
    const NAMES: [&str; 4] = ["a.md", "a.txt", "a.html", "2026-01-31-story-17.md"];
    if let Some((first, rest)) = bytes.split_first() {
        check(NAMES[usize::from(*first) % NAMES.len()], rest);
    }
});
