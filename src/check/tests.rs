use std::cell::RefCell;
use std::fs;

use jiff::tz::TimeZone;

use super::*;
use crate::entry::parse::Defaults;
use crate::folder::names::Names;

#[test]
fn it_is_told_how_far_a_review_is() {
    const FILES: usize = 1100;
    let place = tempfile::tempdir().unwrap();
    for number in 0..FILES {
        let text = format!("# Tide {number}\n\nIt comes and goes.\n");
        fs::write(place.path().join(format!("{number}.md")), text).unwrap();
    }
    let folder = Folder::new(place.path().to_owned(), Names::new(&[]).unwrap(), 1000);
    let told = RefCell::new(Vec::new());
    let tell = |step, done, all| told.borrow_mut().push((step, done, all));
    let conventions = Conventions::new(TimeZone::UTC, Labels::new(["Read"]), Defaults::default());
    let review = review(&folder, conventions, None, Timestamp::UNIX_EPOCH, &tell).unwrap();
    assert_eq!(review.files, FILES);
    let told = told.take();
    let read = [0, 1024, FILES].map(|read| (Step::Reading, read, FILES));
    let expected = [
        &[(Step::Walk, 0, 0)],
        &read[..],
        &[(Step::Publishing, 0, 0)],
    ]
    .concat();
    assert_eq!(told[..5], expected);
    let entries = (0..FILES).map(|done| (Step::Entries, done, FILES));
    assert!(told[5..].iter().copied().eq(entries), "{:?}", &told[5..]);
}
