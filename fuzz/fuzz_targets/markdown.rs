//! Markdown, with raw HTML and without.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tidings_fuzz::check;

fuzz_target!(|text: &str| check("a.md", format!("# Title\n\n{text}").as_bytes()));
