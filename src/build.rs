//! The whole site as files, for servers that serve nothing else.
//!
//! Each file holds the very bytes that `serve` answers at its address. A folder that was built before
//! is brought up to date: only files that changed are written, each at once under its name, feeds after
//! what they name; and files of the last build that belong to nothing any more are removed. A folder
//! with files that no build made is left alone.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::io::{self, Read, Write as _};
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::Bytes;
use percent_encoding::percent_decode_str;
use rayon::prelude::*;

use crate::documents::{Documents, MakeError, PAGE_RULES, compress};
use crate::entry::FolderPath;
use crate::site::{DocumentKey, Found, Plan, Site};

/// What is built from.
pub struct Source<'a> {
    /// The snapshot.
    pub site: &'a Site,
    /// What makes its documents.
    pub documents: &'a Documents,
    /// Opens files beside entries.
    pub media: &'a (dyn Fn(&FolderPath) -> io::Result<Box<dyn Read>> + Sync),
}

/// What a build did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Built {
    /// How many files the site has, without compressed twins.
    pub files: usize,
    /// How many of them were new or different.
    pub written: usize,
    /// How many of the last build were removed.
    pub removed: usize,
}

/// Why there is no build.
#[derive(Debug, thiserror::Error)]
pub enum BuildError {
    /// Somebody else's folder.
    #[error("{0} holds files that no build made: expected an empty or a new folder")]
    NotOurs(PathBuf),
    /// A file that can't be read or written.
    #[error("{0} can't be written")]
    Write(PathBuf, #[source] io::Error),
    /// A file beside an entry.
    #[error("the file {0} beside an entry can't be read")]
    Media(FolderPath, #[source] io::Error),
    /// A document.
    #[error("/{0} can't be made")]
    Make(String, #[source] MakeError),
}

/// The list of the files that the last build may have made, one path a line. Its name is one that servers
/// hide.
const LIST: &str = ".tidings-build";

/// A folder to build into.
#[derive(Debug)]
pub struct Target {
    folder: PathBuf,
    /// The files of the last build, from the folder's root.
    before: Vec<PathBuf>,
}

impl Target {
    /// The folder `out`, which is made if it is not there. Nothing in it is changed yet.
    pub fn open(out: &Path) -> Result<Self, BuildError> {
        Ok(Self {
            before: files_before(out)?,
            folder: out.to_owned(),
        })
    }
}

/// Builds. `progress` is told how many of how many files are done.
pub fn build(
    source: &Source<'_>,
    target: Target,
    progress: impl Fn(usize, usize) + Sync,
) -> Result<Built, BuildError> {
    let Target { folder, before } = target;
    let out = &folder;
    let addresses = source.site.addresses().into_iter();
    let files: Vec<Planned> = addresses
        .filter_map(|address| Planned::at(source.site, address))
        .collect();
    let hosts = ["_redirects", "_headers"].map(PathBuf::from);
    let planned = files.iter().flat_map(Planned::files).chain(hosts);
    let planned: BTreeSet<PathBuf> = planned.collect();
    // What is begun is known to the next build, should this one break off.
    let begun: BTreeSet<&PathBuf> = before.iter().chain(&planned).collect();
    put(&out.join(LIST), list_of(begun).as_bytes())?;
    let done = AtomicUsize::new(0);
    let total = files.len();
    let write = |file: &Planned| {
        let written = file.write(source, out)?;
        progress(done.fetch_add(1, Ordering::Relaxed) + 1, total);
        Ok(written)
    };
    // What feeds name is there before they are.
    let (feeds, pages): (Vec<_>, Vec<_>) = files.into_iter().partition(Planned::is_feed);
    let mut written: Vec<Written> = pages.par_iter().map(write).collect::<Result<_, _>>()?;
    let last: Vec<Written> = feeds.par_iter().map(write).collect::<Result<_, _>>()?;
    written.extend(last);
    for (name, text) in [
        ("_redirects", redirects(source.site)),
        ("_headers", headers(source)),
    ] {
        let is_new = put(&out.join(name), text.as_bytes())?;
        written.push(Written {
            files: vec![PathBuf::from(name)],
            is_new,
        });
    }
    let files: BTreeSet<&PathBuf> = written.iter().flat_map(|it| &it.files).collect();
    let mut removed = 0;
    for file in before.iter().filter(|file| !files.contains(file)) {
        removed += usize::from(remove(out, file)?);
    }
    put(&out.join(LIST), list_of(&planned).as_bytes())?;
    Ok(Built {
        files: written.iter().filter(|it| !it.files.is_empty()).count(),
        written: written.iter().filter(|it| it.is_new).count(),
        removed,
    })
}

fn list_of<'a>(files: impl IntoIterator<Item = &'a PathBuf>) -> String {
    let mut list = String::new();
    for file in files {
        // Writing to a String can't fail.
        let _ = writeln!(list, "{}", file.display());
    }
    list
}

/// The files of the last build, from the folder's root.
fn files_before(out: &Path) -> Result<Vec<PathBuf>, BuildError> {
    let unusable = |error| BuildError::Write(out.to_owned(), error);
    match read(&out.join(LIST)) {
        Ok(Some(list)) => {
            let list = String::from_utf8_lossy(&list);
            let files = list.lines().map(PathBuf::from).filter(|it| is_below(it));
            return Ok(files.collect());
        }
        Ok(None) => {}
        Err(error) => return Err(unusable(error)),
    }
    fs::create_dir_all(out).map_err(unusable)?;
    #[expect(clippy::disallowed_methods, reason = "it is not the folder of entries")]
    let is_empty = fs::read_dir(out).map_err(unusable)?.next().is_none();
    if is_empty {
        Ok(Vec::new())
    } else {
        Err(BuildError::NotOurs(out.to_owned()))
    }
}

/// Whether a path of the list stays in the folder.
fn is_below(path: &Path) -> bool {
    path.components()
        .all(|it| matches!(it, Component::Normal(_)))
        && path != Path::new("")
}

/// What became of one address.
#[derive(Default)]
struct Written {
    /// Its file, and the compressed ones beside it.
    files: Vec<PathBuf>,
    is_new: bool,
}

/// What is at an address, and in which file.
struct Planned {
    address: String,
    file: PathBuf,
    what: What,
}

enum What {
    Document(Plan),
    Media(FolderPath),
}

impl Planned {
    /// `None` where nothing is.
    fn at(site: &Site, address: String) -> Option<Self> {
        let (file, what) = match site.find(&format!("/{address}")) {
            Found::Document(plan) => (file_of(&address, &plan.key), What::Document(plan)),
            Found::Media(path) => (PathBuf::from(format!("media/{path}")), What::Media(path)),
            _ => return None,
        };
        Some(Self {
            address,
            file,
            what,
        })
    }

    fn is_feed(&self) -> bool {
        matches!(&self.what, What::Document(plan) if matches!(plan.key, DocumentKey::Feed(..)))
    }

    fn is_compressible(&self) -> bool {
        matches!(&self.what, What::Document(plan) if compress::is_compressible(plan.content_type))
    }

    /// The file, and the compressed ones that it may have beside it.
    fn files(&self) -> impl Iterator<Item = PathBuf> {
        let endings = compress::ALL.into_iter().filter(|_| self.is_compressible());
        let twins = endings.map(|(ending, _)| self.twin(ending));
        [self.file.clone()].into_iter().chain(twins)
    }

    fn twin(&self, ending: &str) -> PathBuf {
        let mut name = self.file.clone().into_os_string();
        name.push(ending);
        PathBuf::from(name)
    }

    /// The bytes; `None` if the file beside an entry has just gone: `serve` answers 404.
    fn bytes(&self, source: &Source<'_>) -> Result<Option<Bytes>, BuildError> {
        match &self.what {
            What::Document(plan) => {
                let made = source.documents.make(source.site, plan);
                made.map(Some)
                    .map_err(|error| BuildError::Make(self.address.clone(), error))
            }
            What::Media(path) => {
                let mut bytes = Vec::new();
                let read = (source.media)(path).and_then(|mut file| file.read_to_end(&mut bytes));
                match read {
                    Ok(_) => Ok(Some(Bytes::from(bytes))),
                    Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
                    Err(error) => Err(BuildError::Media(path.clone(), error)),
                }
            }
        }
    }

    fn write(&self, source: &Source<'_>, out: &Path) -> Result<Written, BuildError> {
        let Some(bytes) = self.bytes(source)? else {
            return Ok(Written::default());
        };
        let path = out.join(&self.file);
        let is_new = !holds(&path, &bytes)?;
        let mut files = vec![self.file.clone()];
        // Compressed first: as long as the file itself is the old one, the next build makes all anew.
        if self.is_compressible() && bytes.len() >= compress::LEAST {
            for (ending, compress) in compress::ALL {
                let twin = self.twin(ending);
                let path = out.join(&twin);
                if is_new || !path.exists() {
                    let small = compress(&bytes);
                    let small = small.map_err(|error| BuildError::Write(path.clone(), error))?;
                    put(&path, &small)?;
                }
                files.push(twin);
            }
        }
        put(&path, &bytes)?;
        Ok(Written { files, is_new })
    }
}

/// The file that servers look for at an address.
fn file_of(address: &str, key: &DocumentKey) -> PathBuf {
    let plain = percent_decode_str(address).decode_utf8_lossy();
    PathBuf::from(if plain.is_empty() || plain.ends_with('/') {
        format!("{plain}index.html")
    } else if key.is_page() {
        format!("{plain}.html")
    } else {
        plain.into_owned()
    })
}

/// Writes a file, all at once, if it is not there already. Returns whether it was not.
fn put(path: &Path, bytes: &[u8]) -> Result<bool, BuildError> {
    let failed = |error| BuildError::Write(path.to_owned(), error);
    if holds(path, bytes)? {
        return Ok(false);
    }
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder).map_err(failed)?;
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".tidings-new");
    let new = folder.join(name);
    let write = || {
        fs::File::create(&new)?.write_all(bytes)?;
        fs::rename(&new, path)
    };
    write()
        .inspect_err(|_| drop(fs::remove_file(&new)))
        .map_err(failed)?;
    Ok(true)
}

/// Whether the file is there, with these bytes.
fn holds(path: &Path, bytes: &[u8]) -> Result<bool, BuildError> {
    let old = read(path).map_err(|error| BuildError::Write(path.to_owned(), error))?;
    Ok(old.is_some_and(|old| old == bytes))
}

fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    #[expect(
        clippy::disallowed_methods,
        reason = "it is a file of an earlier build"
    )]
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Removes a file of the last build, and its folders if they are empty then.
fn remove(out: &Path, file: &Path) -> Result<bool, BuildError> {
    let path = out.join(file);
    match fs::remove_file(&path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(BuildError::Write(path, error)),
    }
    let folders = file.ancestors().skip(1).filter(|it| *it != Path::new(""));
    // The first that still holds something ends it.
    let _ = folders
        .into_iter()
        .try_for_each(|it| fs::remove_dir(out.join(it)));
    Ok(true)
}

/// Where what was somewhere else is now, for hosts that read such a file (Netlify, Cloudflare Pages).
fn redirects(site: &Site) -> String {
    let root = site.root();
    let mut text = String::new();
    for (from, to) in site.moves() {
        let _ = writeln!(text, "{root}{from} {root}{to} 301");
    }
    text
}

/// The header fields that `serve` sends and a server of files can't know, for the same hosts.
fn headers(source: &Source<'_>) -> String {
    let root = source.site.root();
    // Of the site as a whole: such a file knows no documents.
    let fresh = match source.site.find(root) {
        Found::Document(plan) => plan.fresh.as_secs(),
        _ => 0,
    };
    let mut text = format!(
        "{root}*\n  Content-Security-Policy: {PAGE_RULES}\n  Access-Control-Allow-Origin: *\n  Access-Control-Expose-Headers: ETag, Last-Modified, Link\n  \
         X-Content-Type-Options: nosniff\n  Referrer-Policy: strict-origin-when-cross-origin\n  \
         Cache-Control: public, max-age={fresh}\n"
    );
    for (pattern, content_type) in [
        ("*atom.xml", "application/atom+xml"),
        ("*rss.xml", "application/rss+xml"),
        ("*feed.json", "application/feed+json"),
        ("feeds.opml", "text/x-opml"),
    ] {
        let _ = writeln!(text, "{root}{pattern}");
        let _ = writeln!(text, "  Content-Type: {content_type}; charset=utf-8");
    }
    text
}
