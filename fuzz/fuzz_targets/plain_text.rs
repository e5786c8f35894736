//! Plain text as people write it.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tidings_fuzz::check_body;

fuzz_target!(|text: &str| check_body("a.txt", text));
