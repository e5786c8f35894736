//! What an event of the system says → hints.

use std::path::{Path, PathBuf};

use notify::event::{AccessKind, AccessMode, ModifyKind, RenameMode};
use notify::{ErrorKind, Event, EventKind};

use super::{Fault, Hints};
use crate::entry::FolderPath;
use crate::folder::settle::Sign;

/// See the module's text.
pub(super) struct Translator {
    pub(super) root: PathBuf,
    pub(super) real: PathBuf,
    pub(super) echo: Option<PathBuf>,
    pub(super) hints: Hints,
}

impl Translator {
    pub(super) fn take(&self, event: notify::Result<Event>) {
        let event = match event {
            Ok(event) => event,
            Err(error) => return self.fail(&error),
        };
        if event.need_rescan() {
            return self.hints.everything();
        }
        let is_opening = matches!(event.kind, EventKind::Access(AccessKind::Open(_)));
        if is_opening && self.echo.is_some() && event.paths.first() == self.echo.as_ref() {
            return self.hints.echoed();
        }
        self.note_rename(&event);
        let last = event.paths.len().saturating_sub(1);
        for (number, path) in event.paths.iter().enumerate() {
            let Some(sign) = sign(event.kind, number == last) else {
                continue;
            };
            match self.place(path) {
                Place::Inside(path) => self.hints.path(path, sign),
                Place::Root if sign == Sign::Touched && event.kind.is_modify() => {}
                Place::Root => self.hints.fault(Fault::Stale),
                Place::Unreadable => self.hints.everything(),
                Place::Outside => {}
            }
        }
    }

    fn fail(&self, error: &notify::Error) {
        let is_about_the_root = || error.paths.contains(&self.real);
        match error.kind {
            ErrorKind::MaxFilesWatch => self.hints.fault(Fault::UsedUp),
            // A folder was gone before it could be watched.
            ErrorKind::PathNotFound | ErrorKind::WatchNotFound if !is_about_the_root() => {
                self.hints.everything();
            }
            _ => self.hints.fault(Fault::Stale),
        }
    }

    fn note_rename(&self, event: &Event) {
        let inside = |path: &PathBuf| match self.place(path) {
            Place::Inside(path) => Some(path),
            _ => None,
        };
        match (event.kind, event.paths.as_slice()) {
            (EventKind::Modify(ModifyKind::Name(RenameMode::Both)), [from, to]) => {
                if let (Some(from), Some(to)) = (inside(from), inside(to)) {
                    self.hints.renamed(&from, &to);
                }
            }
            (EventKind::Remove(_), paths) => {
                for path in paths.iter().filter_map(inside) {
                    self.hints.removed(&path);
                }
            }
            _ => {}
        }
    }

    fn place(&self, path: &Path) -> Place {
        if path == self.root || path == self.real {
            return Place::Root;
        }
        let Ok(below) = path
            .strip_prefix(&self.real)
            .or_else(|_| path.strip_prefix(&self.root))
        else {
            return Place::Outside;
        };
        let slashed = below
            .to_str()
            .map(|text| text.replace(std::path::MAIN_SEPARATOR, "/"));
        slashed
            .and_then(|text| FolderPath::new(&text))
            .map_or(Place::Unreadable, Place::Inside)
    }
}

enum Place {
    Inside(FolderPath),
    Root,
    Outside,
    /// A name that is not UTF-8.
    Unreadable,
}

/// What an event says of one of its paths; `None` for what a mere reader does.
fn sign(kind: EventKind, is_last: bool) -> Option<Sign> {
    match kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => Some(Sign::Closed),
        EventKind::Access(_) => None,
        EventKind::Modify(ModifyKind::Name(RenameMode::To)) => Some(Sign::Arrived),
        EventKind::Modify(ModifyKind::Name(RenameMode::Both)) => {
            Some(if is_last { Sign::Arrived } else { Sign::Left })
        }
        // Only Linux tells when a file is closed; elsewhere a write is no promise of a close.
        EventKind::Modify(ModifyKind::Data(_)) if cfg!(target_os = "linux") => Some(Sign::Writing),
        EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(RenameMode::From)) => {
            Some(Sign::Left)
        }
        EventKind::Create(_) | EventKind::Modify(_) | EventKind::Any | EventKind::Other => {
            Some(Sign::Touched)
        }
    }
}
