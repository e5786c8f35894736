//! Other settings, on their way to the writer, and what it makes of them.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use tracing::warn;

use super::restore::with_kept_show;
use super::theme::ThemeFolder;
use super::writer::Writer;
use super::{Config, terms};
use crate::folder::scan::Folder;
use crate::page::Theme;
use crate::site::Settings;

/// Other settings, checked, with what was made of them already.
pub(super) struct Revision {
    pub(super) config: Config,
    pub(super) settings: Settings,
    /// `None`: nothing has changed of how the folder is looked at.
    pub(super) folder: Option<Folder>,
    /// Whether the theme may be another one.
    pub(super) is_theme_new: bool,
}

/// Where a revision waits for the writer. Clones share it.
#[derive(Clone, Default)]
pub(super) struct Revisions(Arc<Mutex<Option<Revision>>>);

impl Revisions {
    /// The writer takes it at its next turn. What it has not taken of the one before holds for this one, too.
    pub(super) fn put(&self, mut revision: Revision) {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(before) = waiting.take() {
            revision.folder = revision.folder.or(before.folder);
            revision.is_theme_new |= before.is_theme_new;
        }
        *waiting = Some(revision);
    }

    /// Whether the writer has taken all: what is shown is by the settings in force.
    pub(super) fn are_taken(&self) -> bool {
        let waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.is_none()
    }

    fn take(&self) -> Option<Revision> {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.take()
    }
}

impl Writer {
    /// Takes over other settings, if there are any.
    pub(super) fn revise(&mut self, now: Instant) {
        let Some(revision) = self.revisions.take() else {
            return;
        };
        let Revision {
            config,
            settings,
            folder,
            is_theme_new,
        } = revision;
        if is_theme_new {
            self.theme = ThemeFolder::new(config.theme.clone());
            self.site = self.site.with_theme(Theme::built_in());
        }
        self.say(&config, settings);
        if self.terms != terms(&config) {
            self.terms = terms(&config);
            if self.display.is_on() {
                self.catalogue.set_terms(self.terms);
            }
        }
        if let Some(folder) = folder {
            let device = self.ledger.root_device();
            let around = self.looker.surroundings(&config, folder, device);
            self.looker.move_to(around, &self.catalogue, now);
        }
        self.show_anew();
    }

    /// Has documents say what they say under these settings.
    fn say(&mut self, config: &Config, settings: Settings) {
        let kept = with_kept_show(config, &self.ledger, settings.clone());
        let settings = kept.unwrap_or_else(|error| {
            let error: &dyn std::error::Error = &error;
            warn!(
                error,
                "the show's id could not be kept: it is that of its address"
            );
            settings
        });
        if *self.site.settings() == settings {
            return;
        }
        let moment = self.time();
        // Without it the next start takes them for new: a date that moves once more, no harm else.
        if let Err(error) = self.ledger.set_settings(settings.digest(), moment) {
            let error: &dyn std::error::Error = &error;
            warn!(error, "the ledger could not note the settings");
        }
        self.site = self.site.with_settings(settings, moment, moment);
    }
}
