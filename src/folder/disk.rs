//! On which file systems the system does not tell of every change.

use std::path::Path;

/// File systems whose files can be changed by another machine, or below the system's feet, so that no
/// event comes: their numbers (linux/magic.h, statfs(2)), and what people call them. virtiofs goes by
/// the number of FUSE.
#[cfg(target_os = "linux")]
const MUTE: [(u32, &str); 15] = [
    (0x0000_6969, "nfs"),
    (0x0000_517b, "smb"),
    (0xfe53_4d42, "smb2"),
    (0xff53_4d42, "cifs"),
    (0x6573_5546, "fuse"),
    (0x794c_7630, "overlay"),
    (0x0102_1997, "9p"),
    (0x6a65_6a63, "fakeowner"),
    (0x5346_414f, "afs"),
    (0x6b41_4653, "afs"),
    (0x00c3_6400, "ceph"),
    (0x7375_7245, "coda"),
    (0x0000_564c, "ncp"),
    (0x786f_4256, "vboxsf"),
    (0xbacb_acbc, "vmhgfs"),
];

/// The name of the file system at `path`, if it does not tell of every change.
#[cfg(target_os = "linux")]
pub fn mute_file_system(path: &Path) -> Option<&'static str> {
    let kind = rustix::fs::statfs(path).ok()?.f_type;
    // A number of 32 bits, which some machines keep in a wider type with a sign.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the upper half says nothing"
    )]
    named(kind as u32)
}

/// Elsewhere nothing is known of it: the slow look at everything has to do.
#[cfg(not(target_os = "linux"))]
pub fn mute_file_system(_: &Path) -> Option<&'static str> {
    None
}

#[cfg(target_os = "linux")]
fn named(kind: u32) -> Option<&'static str> {
    let known = MUTE.iter().find(|(number, _)| *number == kind);
    known.map(|(_, name)| *name)
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn disks_of_this_machine_tell_and_those_of_others_do_not() {
        let check = |kind: u32, expected: Option<&str>| assert_eq!(named(kind), expected);
        check(0x6969, Some("nfs"));
        check(0xff53_4d42, Some("cifs"));
        check(0x6573_5546, Some("fuse"));
        check(0x0000_ef53, None); // ext4
        check(0x9123_683e, None); // btrfs
        check(0x5846_5342, None); // xfs
        check(0x0102_1994, None); // tmpfs
        assert_eq!(mute_file_system(Path::new("/proc")), None);
        assert_eq!(mute_file_system(Path::new("/nowhere/at/all")), None);
    }

    #[test]
    fn each_number_stands_once() {
        for (at, (number, name)) in MUTE.iter().enumerate() {
            assert_eq!(named(*number), Some(*name), "row {at}");
        }
    }
}
