//! "Read:" lines in each kind of file.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tidings_fuzz::check;

fuzz_target!(|text: &str| {
    for line in ["Read: ", "**Also read:** ", "<p>See also: "] {
        let text = format!("# Title\n\nText.\n\n{line}{text}");
        check("a.md", text.as_bytes());
        check("a.txt", text.as_bytes());
        check("a.html", text.as_bytes());
    }
});
