//! The publisher's theme: read at the start, and again whenever its folder has changed.
//!
//! A theme that can't be used is told of, and the last good one stays. The folder is looked at every
//! [`LOOK`], and read when two looks agree, so that nothing is read that is still being written.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use tracing::{error, info};

use super::health::{Health, Trouble};
use crate::page::{PageError, STYLE, Theme};

/// How often the folder is looked at.
const LOOK: Duration = Duration::from_secs(1);

/// The most bytes of one file: twenty times what the built-in style sheet has.
const MOST_BYTES: u64 = 256 << 10;

/// The most files.
const MOST_FILES: usize = 64;

/// Why a theme can't be used.
#[derive(Debug, thiserror::Error)]
enum ThemeError {
    #[error("{0} can't be read: {1}")]
    Read(String, #[source] io::Error),
    #[error("{0} is larger than {MOST_BYTES} bytes")]
    TooLarge(String),
    #[error("{0} is not UTF-8: expected text in UTF-8")]
    NotText(String),
    #[error("it has more than {MOST_FILES} files")]
    TooMany,
    #[error(transparent)]
    Page(#[from] PageError),
}

/// Of each file that counts, its size and when it was written.
type Stamps = BTreeMap<String, (u64, Option<SystemTime>)>;

/// See the module's text.
#[derive(Debug, Default)]
pub(super) struct ThemeFolder {
    /// `None`: the built-in theme is all there is.
    folder: Option<PathBuf>,
    next: Option<Instant>,
    /// What the last look found, or why it found nothing.
    seen: Option<Result<Stamps, String>>,
    /// What was there when it was read last.
    read: Option<Result<Stamps, String>>,
}

impl ThemeFolder {
    /// A theme in `folder`, if there is one; to be looked at, at once.
    pub(super) fn new(folder: Option<PathBuf>) -> Self {
        Self {
            folder,
            ..Self::default()
        }
    }

    /// When to look next.
    pub(super) fn next_look(&self) -> Option<Instant> {
        self.next
    }

    /// Looks, if it is time to; another theme, if there is one and it can be used.
    pub(super) fn look(&mut self, health: &Health, now: Instant) -> Option<Theme> {
        let folder = self.folder.as_deref()?;
        if self.next.is_some_and(|next| now < next) {
            return None;
        }
        let is_first = self.next.is_none();
        self.next = Some(now + LOOK);
        let found = stamps(folder);
        let stamps = Some(
            found
                .as_ref()
                .map(Stamps::clone)
                .map_err(ToString::to_string),
        );
        let is_settled = is_first || self.seen == stamps;
        self.seen.clone_from(&stamps);
        if !is_settled || self.read == stamps {
            return None;
        }
        self.read = stamps;
        let theme = found.and_then(|stamps| {
            let files = read(folder, stamps.into_keys())?;
            Ok((Theme::with(&files)?, files.len()))
        });
        match theme {
            Ok((theme, files)) => {
                health.set(Trouble::Theme, false);
                info!(folder = %folder.display(), files, "the theme is in use");
                Some(theme)
            }
            Err(reason) => {
                let stays = if is_first {
                    "the built-in one is used"
                } else {
                    "the last good one stays"
                };
                error!(folder = %folder.display(), %reason, "the theme can't be used: {stays}");
                let reason = format!("the theme can't be used, {stays}: {reason}");
                health.set_because(Trouble::Theme, Some(reason));
                None
            }
        }
    }
}

/// Templates and the style sheet; whatever else is in the folder is passed over.
fn stamps(folder: &Path) -> Result<Stamps, ThemeError> {
    let failed = |error| ThemeError::Read("the folder".to_owned(), error);
    let mut stamps = Stamps::new();
    #[expect(
        clippy::disallowed_methods,
        reason = "the theme's folder is walked here"
    )]
    for item in std::fs::read_dir(folder).map_err(failed)? {
        let item = item.map_err(failed)?;
        let Ok(name) = item.file_name().into_string() else {
            continue;
        };
        let is_template = Path::new(&name).extension().is_some_and(|it| it == "html");
        if name.starts_with('.') || !(is_template || name == STYLE) {
            continue;
        }
        // Through a symbolic link.
        let metadata = std::fs::metadata(item.path());
        let metadata = metadata.map_err(|error| ThemeError::Read(name.clone(), error))?;
        if metadata.is_file() {
            stamps.insert(name, (metadata.len(), metadata.modified().ok()));
        }
        if stamps.len() > MOST_FILES {
            return Err(ThemeError::TooMany);
        }
    }
    Ok(stamps)
}

fn read(
    folder: &Path,
    names: impl Iterator<Item = String>,
) -> Result<BTreeMap<String, String>, ThemeError> {
    names
        .map(|name| {
            let text = read_one(&folder.join(&name), &name)?;
            Ok((name, text))
        })
        .collect()
}

fn read_one(path: &Path, name: &str) -> Result<String, ThemeError> {
    let failed = |error| ThemeError::Read(name.to_owned(), error);
    #[expect(clippy::disallowed_methods, reason = "the theme's files are read here")]
    let file = std::fs::File::open(path).map_err(failed)?;
    let mut bytes = Vec::new();
    let mut file = io::Read::take(file, MOST_BYTES + 1);
    io::Read::read_to_end(&mut file, &mut bytes).map_err(failed)?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(ThemeError::TooLarge(name.to_owned()));
    }
    String::from_utf8(bytes).map_err(|_| ThemeError::NotText(name.to_owned()))
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::super::clock;
    use super::*;

    struct Bench {
        place: tempfile::TempDir,
        theme: ThemeFolder,
        health: Health,
        now: Instant,
    }

    impl Bench {
        fn new() -> Self {
            let place = tempfile::tempdir().unwrap();
            let theme = ThemeFolder::new(Some(place.path().join("theme")));
            fs::create_dir(place.path().join("theme")).unwrap();
            let health = Health::new();
            health.is_serving(0);
            Self {
                place,
                theme,
                health,
                now: clock::instant(),
            }
        }

        fn write(&self, name: &str, text: impl AsRef<[u8]>) {
            fs::write(self.place.path().join("theme").join(name), text).unwrap();
        }

        fn look(&mut self) -> Option<Theme> {
            self.now += LOOK;
            self.theme.look(&self.health, self.now)
        }

        fn reasons(&self) -> String {
            self.health.admin().reasons().join("\n")
        }
    }

    #[test]
    fn a_theme_is_read_at_once_and_then_when_it_has_come_to_rest() {
        let mut bench = Bench::new();
        bench.write(STYLE, "p {}");
        bench.write("notes.txt", "not a template");
        bench.write(".hidden.html", "{% nonsense %}");
        assert_eq!(bench.look().unwrap().style(), "p {}");
        assert!(bench.look().is_none());
        bench.write(STYLE, "p { color: red }");
        assert!(bench.look().is_none());
        assert_eq!(bench.look().unwrap().style(), "p { color: red }");
        assert!(bench.look().is_none());
        // Too early for another look.
        bench.write(STYLE, "p { color: blue; }");
        assert!(bench.theme.look(&bench.health, bench.now).is_none());
        assert_eq!(bench.reasons(), "");
    }

    #[test]
    fn a_theme_that_is_wrong_is_told_of_as_long_as_it_is() {
        let mut bench = Bench::new();
        bench.write("gone.html", "<p>\n{{ site.titel }}");
        assert!(bench.look().is_none());
        let expected =
            "the theme can't be used, the built-in one is used: gone.html:2: undefined value";
        assert!(bench.reasons().starts_with(expected), "{}", bench.reasons());
        bench.write("gone.html", "<p>\n{{ site.title }}");
        assert!(bench.look().is_none());
        assert!(bench.look().is_some());
        assert_eq!(bench.reasons(), "");
        fs::remove_dir_all(bench.place.path().join("theme")).unwrap();
        assert!(bench.look().is_none());
        assert!(bench.look().is_none());
        let expected = "the theme can't be used, the last good one stays: the folder can't be read";
        assert!(bench.reasons().starts_with(expected), "{}", bench.reasons());
    }

    #[test]
    fn a_theme_has_limits() {
        let check = |prepare: &dyn Fn(&Bench), expected: &str| {
            let mut bench = Bench::new();
            prepare(&bench);
            assert!(bench.look().is_none());
            assert!(bench.reasons().contains(expected), "{}", bench.reasons());
        };
        let most = usize::try_from(MOST_BYTES).unwrap();
        check(
            &|bench| bench.write(STYLE, vec![b' '; most + 1]),
            "style.css is larger than 262144 bytes",
        );
        check(
            &|bench| bench.write("base.html", b"\xff"),
            "base.html is not UTF-8",
        );
        check(
            &|bench| {
                for number in 0..=MOST_FILES {
                    bench.write(&format!("{number}.html"), "");
                }
            },
            "it has more than 64 files",
        );
        let mut bench = Bench::new();
        bench.write(STYLE, vec![b' '; most]);
        for number in 1..MOST_FILES {
            bench.write(&format!("{number}.html"), "");
        }
        assert!(bench.look().is_some(), "{}", bench.reasons());
    }

    #[test]
    fn without_a_folder_nobody_looks() {
        let mut theme = ThemeFolder::new(None);
        let now = clock::instant();
        assert!(theme.look(&Health::new(), now).is_none());
        assert_eq!(theme.next_look(), None);
    }
}
