//! Front matter in each of its notations, and what a folder says.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tidings_fuzz::{check, check_defaults};

fuzz_target!(|text: &str| {
    check("a.md", format!("---\n{text}\n---\nText.").as_bytes());
    check("a.md", format!("+++\n{text}\n+++\nText.").as_bytes());
    check("a.md", format!("{{{text}}}\nText.").as_bytes());
    check("a.md", format!("{text}\n\nText.").as_bytes());
    check_defaults(text.as_bytes());
});
