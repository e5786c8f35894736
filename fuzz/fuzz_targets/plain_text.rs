//! Plain text as people write it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tidings_fuzz::check;

fuzz_target!(|text: &str| check("a.txt", text.as_bytes()));
