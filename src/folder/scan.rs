//! The only opener of entry and media files: what is there, with its stamps, safely read.
//!
//! - A file is opened below the folder and nowhere else: the kernel refuses a path that a symbolic link
//!   leads out of it (`openat2` with `RESOLVE_BENEATH`), also when the link is put there between our
//!   look and our read.
//! - Only regular files are read; a FIFO or device does not block us (`O_NONBLOCK`).
//! - A read is good only if the file's stamp was the same before and after it.
//! - Bytes are limited before memory is taken.

mod recordings;

use std::collections::HashSet;
use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use super::names::{Names, Role};
use super::stamp::{FolderIdentity, stamp};
use crate::entry::{FolderPath, Stamp};

/// How deep folders may lie in each other.
const MAX_DEPTH: usize = 64;

/// The entries folder.
#[derive(Clone, Debug)]
pub struct Folder {
    root: PathBuf,
    names: Names,
    entry_bytes: u64,
}

/// Why a file can't be read, although it is there.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The system says no.
    #[error("can't be read: {0}")]
    Io(#[from] io::Error),
    /// More than an entry may have.
    #[error("has {size} bytes: expected at most {limit}")]
    TooLarge {
        /// Its bytes.
        size: u64,
        /// The limit.
        limit: u64,
    },
    /// A folder, FIFO, socket or device.
    #[error("is not a regular file")]
    NotRegular,
    /// Somebody wrote to it while we read.
    #[error("changed while it was read")]
    Changed,
}

/// What a walk found.
#[derive(Debug, Default)]
pub struct Listing {
    /// Files that are, or may be, entries by their names: texts and recordings.
    pub entries: Vec<(FolderPath, Stamp)>,
    /// Files that say what holds for the entries of their folders; outer folders come first.
    pub defaults: Vec<(FolderPath, Stamp)>,
    /// Other files that count: path and bytes.
    pub beside: Vec<(FolderPath, u64)>,
    /// Places that could not be looked at, with the reason. What lies there is not absent.
    pub troubles: Vec<(String, String)>,
}

/// What is at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// Nothing.
    Nothing,
    /// A regular file.
    File(Stamp),
    /// A folder.
    Folder,
    /// Something else, or a link out of the folder: never ours.
    Other,
}

impl Folder {
    /// The folder at `root`, which need not exist yet.
    pub fn new(root: PathBuf, names: Names, entry_bytes: u64) -> Self {
        Self {
            root,
            names,
            entry_bytes,
        }
    }

    /// Where it is.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Which names count.
    pub fn names(&self) -> &Names {
        &self.names
    }

    /// Which folder this is, to notice when another one is put in its place.
    pub fn identity(&self) -> io::Result<FolderIdentity> {
        let metadata = std::fs::metadata(&self.root)?;
        if !metadata.is_dir() {
            return Err(io::Error::from(io::ErrorKind::NotADirectory));
        }
        Ok(FolderIdentity::of(&metadata))
    }

    /// Everything that counts in the folder, or below one of its folders.
    pub fn walk(&self, below: Option<&FolderPath>) -> io::Result<Listing> {
        self.identity()?;
        let start = below.map_or_else(|| self.root.clone(), |below| self.root.join(below.as_str()));
        let root = self.root.canonicalize()?;
        let mut listing = Listing::default();
        let mut links = Vec::new();
        let mut linked_folders: Vec<PathBuf> = Vec::new();
        let walk = WalkDir::new(start)
            .follow_links(true)
            .max_depth(MAX_DEPTH)
            .sort_by_file_name();
        let entered = walk.into_iter().filter_entry(|found| {
            found.depth() == 0
                || !found.file_type().is_dir()
                || self
                    .relative(found.path())
                    .is_ok_and(|path| self.names.enters(&path))
        });
        for found in entered {
            let found = match found {
                Ok(found) => found,
                Err(error) => {
                    self.note_trouble(&mut listing, &error);
                    continue;
                }
            };
            if !found.file_type().is_file() {
                if found.path_is_symlink() {
                    linked_folders.push(found.into_path());
                }
                continue;
            }
            let path = match self.relative(found.path()) {
                Ok(path) => path,
                Err(name) => {
                    listing.troubles.push((
                        name,
                        "its name is not UTF-8: expected a name in UTF-8".to_owned(),
                    ));
                    continue;
                }
            };
            let role = self.names.role(&path);
            let Ok(metadata) = found.metadata() else {
                continue;
            };
            if role == Role::Ignored {
                continue;
            }
            let is_linked = found.path_is_symlink()
                || linked_folders
                    .iter()
                    .any(|folder| found.path().starts_with(folder));
            if !is_linked {
                listing.add(path, role, &metadata);
            } else if found
                .path()
                .canonicalize()
                .is_ok_and(|target| target.starts_with(&root))
            {
                links.push((path, role, metadata));
            }
        }
        listing.add_links(links);
        Ok(listing)
    }

    fn note_trouble(&self, listing: &mut Listing, error: &walkdir::Error) {
        let is_gone = error
            .io_error()
            .is_some_and(|error| error.kind() == io::ErrorKind::NotFound);
        if is_gone || error.loop_ancestor().is_some() {
            return; // Left while we looked, a link to nothing, or a loop that we do not enter.
        }
        let place = error.path().map_or_else(String::new, |path| {
            path.strip_prefix(&self.root)
                .unwrap_or(path)
                .to_string_lossy()
                .into_owned()
        });
        let reason = error
            .io_error()
            .map_or_else(|| error.to_string(), ToString::to_string);
        listing.troubles.push((place, reason));
    }

    fn relative(&self, path: &Path) -> Result<FolderPath, String> {
        let below = path.strip_prefix(&self.root).unwrap_or(path);
        let slashed = below
            .to_str()
            .map(|text| text.replace(std::path::MAIN_SEPARATOR, "/"));
        slashed
            .and_then(|text| FolderPath::new(&text))
            .ok_or_else(|| below.to_string_lossy().into_owned())
    }

    /// What is at `path`, whatever its name says.
    pub fn look(&self, path: &FolderPath) -> io::Result<Look> {
        match self.open(path, Purpose::Look) {
            Ok(file) => {
                let metadata = file.metadata()?;
                Ok(if metadata.is_file() {
                    Look::File(stamp(&metadata))
                } else if metadata.is_dir() {
                    Look::Folder
                } else {
                    Look::Other
                })
            }
            Err(error) if is_nothing(&error) => Ok(Look::Nothing),
            Err(error) if is_outside(&error) => Ok(Look::Other),
            Err(error) => Err(error),
        }
    }

    /// Whether there is anything at `path`. It takes a third of a look, which says what.
    pub fn has(&self, path: &FolderPath) -> bool {
        std::fs::symlink_metadata(self.root.join(path.as_str())).is_ok()
    }

    /// Whether there is a symbolic link at `path` that leads to a folder. Links that count may lead
    /// through it although its own name does not count, as those of a Kubernetes `ConfigMap` lead through
    /// `..data`: when it changes, so may any of them.
    pub fn leads_to_a_folder(&self, path: &FolderPath) -> bool {
        let place = self.root.join(path.as_str());
        let is_link = std::fs::symlink_metadata(&place).is_ok_and(|it| it.is_symlink());
        is_link && std::fs::metadata(&place).is_ok_and(|it| it.is_dir())
    }

    /// The bytes of the entry file at `path`, with the stamp of what was read.
    pub fn read(&self, path: &FolderPath) -> Result<(Vec<u8>, Stamp), ReadError> {
        let mut file = self.open(path, Purpose::Read)?;
        let before = file.metadata()?;
        if !before.is_file() {
            return Err(ReadError::NotRegular);
        }
        let limit = self.entry_bytes;
        if before.len() > limit {
            return Err(ReadError::TooLarge {
                size: before.len(),
                limit,
            });
        }
        let mut bytes = Vec::with_capacity(usize::try_from(before.len()).unwrap_or(0) + 1);
        (&mut file).take(limit + 1).read_to_end(&mut bytes)?;
        let (before, after) = (stamp(&before), stamp(&file.metadata()?));
        if before != after || bytes.len() as u64 != after.size {
            return Err(ReadError::Changed);
        }
        Ok((bytes, after))
    }

    /// Opens a file that lies beside entries, with its stamp. Never an entry's own source.
    pub fn open_beside(&self, path: &FolderPath) -> io::Result<(File, Stamp)> {
        if !matches!(self.names.role(path), Role::Beside | Role::Recording) {
            return Err(io::Error::from(io::ErrorKind::NotFound));
        }
        let nothing = |error| {
            if is_outside(&error) {
                io::Error::from(io::ErrorKind::NotFound)
            } else {
                error
            }
        };
        let file = self.open(path, Purpose::Read).map_err(nothing)?;
        let metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(io::Error::from(io::ErrorKind::NotFound));
        }
        Ok((file, stamp(&metadata)))
    }

    #[cfg(target_os = "linux")]
    fn open(&self, path: &FolderPath, purpose: Purpose) -> io::Result<File> {
        use rustix::fs::{CWD, Mode, OFlags, ResolveFlags, openat, openat2};
        let root = openat(
            CWD,
            &self.root,
            OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC,
            Mode::empty(),
        )?;
        let flags = match purpose {
            Purpose::Look => OFlags::PATH | OFlags::CLOEXEC,
            Purpose::Read => OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC,
        };
        let beneath = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
        match openat2(root, path.as_str(), flags, Mode::empty(), beneath) {
            Ok(file) => Ok(File::from(file)),
            // An old kernel, or a sandbox that does not know the call.
            Err(rustix::io::Errno::NOSYS | rustix::io::Errno::PERM) => {
                self.open_checked(path, purpose)
            }
            Err(error) => Err(error.into()),
        }
    }

    #[cfg(not(target_os = "linux"))]
    fn open(&self, path: &FolderPath, purpose: Purpose) -> io::Result<File> {
        self.open_checked(path, purpose)
    }

    /// Where the kernel can't check the way, we do: the real place must be inside.
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the room that opens entry files"
    )]
    fn open_checked(&self, path: &FolderPath, purpose: Purpose) -> io::Result<File> {
        let real = self.root.join(path.as_str()).canonicalize()?;
        if !real.starts_with(self.root.canonicalize()?) {
            return Err(io::Error::from(io::ErrorKind::CrossesDevices));
        }
        let metadata = std::fs::metadata(&real)?;
        if !(metadata.is_file() || purpose == Purpose::Look && metadata.is_dir()) {
            // Never open what may block.
            return Err(io::Error::from(io::ErrorKind::CrossesDevices));
        }
        File::open(real)
    }
}

/// What a file is opened for. A mere look needs no permission to read, and causes no event.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Purpose {
    Look,
    Read,
}

impl Listing {
    fn add(&mut self, path: FolderPath, role: Role, metadata: &Metadata) {
        match role {
            Role::Entry | Role::Recording => self.entries.push((path, stamp(metadata))),
            Role::Defaults => self.defaults.push((path, stamp(metadata))),
            Role::Beside => self.beside.push((path, metadata.len())),
            Role::Ignored => {}
        }
    }

    /// Links count once per file, and not at all where the file itself was found.
    fn add_links(&mut self, links: Vec<(FolderPath, Role, Metadata)>) {
        let mut known: HashSet<(u64, u64)> = self
            .entries
            .iter()
            .map(|(_, stamp)| (stamp.device, stamp.inode))
            .collect();
        for (path, role, metadata) in links {
            let target = stamp(&metadata);
            let is_read = matches!(role, Role::Entry | Role::Recording);
            if !is_read || known.insert((target.device, target.inode)) {
                self.add(path, role, &metadata);
            }
        }
    }
}

fn is_nothing(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}

/// What the kernel says of a way out of the folder, of too many links, and of a socket.
fn is_outside(error: &io::Error) -> bool {
    #[cfg(target_os = "linux")]
    {
        use rustix::io::Errno;
        let outside = [Errno::XDEV, Errno::LOOP, Errno::NXIO].map(Errno::raw_os_error);
        error
            .raw_os_error()
            .is_some_and(|code| outside.contains(&code))
    }
    #[cfg(not(target_os = "linux"))]
    {
        error.kind() == io::ErrorKind::CrossesDevices
    }
}

#[cfg(test)]
mod tests;
