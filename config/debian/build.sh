#!/bin/sh
# Builds the Debian package, and prints its path: config/debian/build.sh [PROFILE [FLAGS OF CARGO-DEB]]
#
# Needs a Rust toolchain, cargo-deb (cargo install cargo-deb) and dpkg-dev. The manual and the completions
# come from the program that was just built, so they can't be others than its own. The same commit makes
# the same package: dates are that of the commit, or SOURCE_DATE_EPOCH.

set -eu
cd "$(dirname "$0")/../.."

profile=${1:-release}
if [ $# -gt 0 ]; then
    shift
fi
made=target/debian-assets
case $profile in
dev) program=target/debug/tidings ;;
*) program=target/$profile/tidings ;;
esac

unset CARGO_TARGET_DIR
cargo build --locked --bin tidings --profile "$profile" >&2

rm -rf "$made"
mkdir -p "$made"
strip -o "$made/tidings" "$program"
"$program" man --out "$made/man" >/dev/null
"$program" completions bash >"$made/tidings.bash"
"$program" completions zsh >"$made/_tidings"
"$program" completions fish >"$made/tidings.fish"

# The settings file, with the folders that the units know.
"$program" config default | sed \
    -e 's|^entries = .*|entries = "/srv/tidings/entries"|' \
    -e 's|^# state = .*|state = "/var/lib/tidings"|' >"$made/tidings.toml"
grep -q '^entries = "/srv/tidings/entries"' "$made/tidings.toml"
grep -q '^state = "/var/lib/tidings"' "$made/tidings.toml"
"$program" config check --config "$made/tidings.toml" >/dev/null

# Not before cargo: whatever is written in C would be compiled once more for it.
if [ -z "${SOURCE_DATE_EPOCH:-}" ]; then
    SOURCE_DATE_EPOCH=$(git log -1 --format=%ct 2>/dev/null || date -r Cargo.lock +%s)
fi
export SOURCE_DATE_EPOCH

# What Debian asks of a package, apart from what is new in the program.
version=$("$program" --version | cut -d ' ' -f 2)
maintainer=$(sed -n 's/^maintainer = "\(.*\)"$/\1/p' Cargo.toml)
cat >"$made/changelog" <<END
tidings ($version-1) unstable; urgency=medium

  * Version $version: see changelog.gz.

 -- $maintainer  $(LC_ALL=C date -u -R -d "@$SOURCE_DATE_EPOCH")
END

cargo deb --locked --no-build "$@"
