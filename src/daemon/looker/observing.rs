//! The reading of what was found, and what else has to be looked at for it.

use std::collections::BTreeMap;
use std::time::Instant;

use tracing::debug;

use super::{Known, Looker, SECOND_LOOK, Surroundings, UNFINISHED_PATIENCE};
use crate::catalogue::{Catalogue, Observation, named_files};
use crate::daemon::clock;
use crate::daemon::finding::Finding;
use crate::entry::{Digest, Draft, FolderPath, Media, Stamp};
use crate::folder::names::Role;
use crate::folder::reading::{Read, Reading, read_all};
use crate::folder::scan::Look;

/// Up to so many entries of one turn, it is looked for the files of their names one by one; more come from
/// a walk, which saw all such files, or have theirs at the next one.
const FEW: usize = 64;

impl Looker {
    /// Reads what was found; tells the writer what can't be published.
    pub(super) fn observe(
        &mut self,
        finding: Finding,
        catalogue: &Catalogue,
        now: Instant,
    ) -> Observation {
        let Finding {
            read,
            absent,
            named,
            mut media,
            saw_all: _,
            saw_nothing: _,
        } = finding;
        let mut drafts = self.read(&read, &mut media, now);
        self.look_after_kin(&mut drafts, &mut media, catalogue, now);
        let folder = &self.around.folder;
        let paths = drafts.iter().flat_map(|(draft, _)| draft.article.paths());
        for path in paths.filter(|path| folder.names().role(path) == Role::Beside) {
            if !media.contains_key(path)
                && let Ok(Look::File(stamp)) = folder.look(path)
            {
                media.insert(path.clone(), Some(Media::of_bytes(stamp.size)));
            }
        }
        let is_few = drafts.len() <= FEW;
        for file in drafts.iter().flat_map(|(draft, _)| named_files(draft)) {
            let look = || match (is_few && folder.has(&file)).then(|| folder.look(&file)) {
                Some(Ok(Look::File(stamp))) => Some(stamp.size),
                _ => None,
            };
            if let Some(bytes) = named.get(&file).copied().or_else(look) {
                media.insert(file, Some(Media::of_bytes(bytes)));
            }
        }
        let paths = drafts.iter().map(|(draft, _)| &draft.path);
        let returned = paths.filter_map(|path| self.returned.take(path)).collect();
        let missing = self.missing.keys().cloned().collect();
        let renamed = self.renamed(&drafts, catalogue);
        Observation {
            drafts,
            missing,
            absent,
            returned,
            renamed,
            media: media.into_iter().collect(),
        }
    }

    /// Reads entry files in the versions that were found whole.
    pub(super) fn read(
        &mut self,
        files: &BTreeMap<FolderPath, Stamp>,
        media: &mut BTreeMap<FolderPath, Option<Media>>,
        now: Instant,
    ) -> Vec<(Draft, Stamp)> {
        let Surroundings {
            folder,
            conventions,
            health,
            hints,
            pulse,
            ..
        } = &self.around;
        let paths: Vec<&FolderPath> = files.keys().collect();
        let mut drafts: Vec<(Draft, Stamp)> = Vec::new();
        let tell = |read| {
            pulse.beat();
            health.has_read(read, paths.len());
        };
        let readings = read_all(folder, conventions, &paths, tell);
        // Somebody may have begun to write since a file was found whole. Who writes leaves a fresh file,
        // and tells; only the news of it may be late.
        let is_fresh = |read: &Read| {
            let stamp = read.stamp();
            stamp.is_some_and(|stamp| clock::age(stamp.modified) < SECOND_LOOK)
        };
        let is_told = !readings.iter().any(|it| is_fresh(&it.read)) || hints.catch_up();
        for Reading { path, text, read } in readings {
            let is_other = read
                .stamp()
                .is_some_and(|stamp| files.get(&path) != Some(stamp));
            let is_written = hints.tells_of_writing(&path) || !is_told && is_fresh(&read);
            if is_other || is_written {
                self.settling.look_later(path, SECOND_LOOK, now);
                continue;
            }
            let (stamp, is_unfinished) = match read {
                Read::Draft(draft, stamp) => {
                    for problem in &draft.warnings {
                        debug!(place = %format_args!("{path}:{problem}"), "note");
                    }
                    drafts.push((*draft, stamp));
                    (stamp, false)
                }
                Read::Recording(draft, stamp, files) => {
                    media.extend(files);
                    drafts.push((*draft, stamp));
                    (stamp, false)
                }
                Read::Waiting => continue,
                Read::Unfinished(stamp, _) => {
                    self.settling
                        .look_again(path.clone(), stamp, UNFINISHED_PATIENCE, now);
                    (stamp, true)
                }
                Read::Rejected(stamp, problem) => {
                    health.rejected(&path, &problem);
                    (stamp, false)
                }
                Read::Unreadable(reason) => {
                    health.report(path.as_str(), &reason);
                    continue;
                }
                Read::Again => {
                    self.settling.look_later(path, SECOND_LOOK, now);
                    continue;
                }
            };
            let Some(conventions) = conventions.of(&path) else {
                continue;
            };
            self.known.insert(
                path,
                Known {
                    stamp,
                    conventions: conventions.digest(),
                    is_unfinished,
                    is_stale: false,
                    racy: text.and_then(|text| racy(stamp, text, now)),
                },
            );
        }
        drafts
    }

    /// Which of these drafts lie where nothing lay before, and were renamed from where nothing is now.
    fn renamed(
        &self,
        drafts: &[(Draft, Stamp)],
        catalogue: &Catalogue,
    ) -> Vec<(FolderPath, FolderPath)> {
        let (renames, _) = &self.renames;
        if renames.is_empty() {
            return Vec::new();
        }
        let paths = drafts.iter().map(|(draft, _)| &draft.path);
        let new = paths.filter(|path| catalogue.at_path(path).is_none());
        let pairs = new.filter_map(|to| Some((renames.origin(to)?, to.clone())));
        pairs
            .filter(|(from, _)| self.missing.contains_key(from))
            .collect()
    }
}

/// What is to be kept of a file that was read at `now`, if it was fresh then.
fn racy(stamp: Stamp, text: Digest, now: Instant) -> Option<(Instant, Digest)> {
    let is_fresh = clock::age(stamp.modified.max(stamp.changed)) < SECOND_LOOK;
    is_fresh.then_some((now, text))
}
