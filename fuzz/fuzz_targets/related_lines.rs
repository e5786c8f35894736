//! "Read:" lines in each kind of file.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tidings_fuzz::{check, check_body};

fuzz_target!(|text: &str| {
    for line in ["Read: ", "**Also read:** ", "<p>See also: "] {
        let text = format!("# Title\n\nText.\n\n{line}{text}");
        check_body("a.md", &text);
        check_body("a.txt", &text);
        check("a.html", text.as_bytes());
    }
});
