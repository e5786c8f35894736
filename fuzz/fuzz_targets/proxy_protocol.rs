//! What a peer says before its first request.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tidings::http::proxy_protocol::{BINARY_BYTES, Parsed, parse};

fuzz_target!(|bytes: &[u8]| {
    match parse(bytes) {
        Parsed::Header { length, .. } => assert!(length <= bytes.len()),
        Parsed::Incomplete => assert!(bytes.len() < BINARY_BYTES),
        Parsed::Invalid(_) => {}
    }
});
