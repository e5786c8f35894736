//! What the last process left, taken up again.

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use tracing::info;

use super::clock::{self, Clock};
use super::health::Health;
use super::theme::ThemeFolder;
use super::{StartError, feeds, mending, terms};
use crate::catalogue::Catalogue;
use crate::config::Config;
use crate::entry::Digest;
use crate::ledger::{Ledger, LedgerError, Stored};
use crate::site::{Settings, Site};

/// `settings` with the id that the show had before the site's address changed. One that grew from an
/// address of this machine alone is not kept.
pub(super) fn with_kept_show(
    config: &Config,
    ledger: &Ledger,
    mut settings: Settings,
) -> Result<Settings, LedgerError> {
    if let Some(show) = &mut settings.podcast
        && config.base_url.is_some()
    {
        let stated = config.podcast.as_ref().and_then(|podcast| podcast.guid);
        show.guid = ledger.show(stated, show.guid)?;
    }
    Ok(settings)
}

/// The catalogue and first snapshot from what the ledger knows, and the time that goes on from there.
pub(super) fn restore(
    config: &Config,
    ledger: &Ledger,
    settings: Settings,
) -> Result<(Catalogue, Site, Clock), StartError> {
    let id = ledger.site(config.site.id)?;
    let settings = with_kept_show(config, ledger, settings)?;
    let Stored {
        records,
        media,
        feeds,
        settings: known,
    } = ledger.load()?;
    if records.is_empty() {
        info!(site = %id, "a new ledger; ids of entries will grow from this site id");
    }
    ledger.sweep()?;
    let catalogue = Catalogue::load(id, records, media);
    let left = feeds.departures.iter().map(|(_, moment)| *moment);
    let last = left.chain(catalogue.latest()).chain(ledger.alive()).max();
    let mut clock = Clock::from(last);
    let now = clock.now();
    // Without it a long silence may be taken for a clock that leapt: nothing that should stop a start.
    let _ = ledger.set_alive(now);
    let digest: Digest = settings.digest();
    let since = match known {
        Some((known, since)) if known == digest => since,
        _ => {
            ledger.set_settings(digest, now)?;
            now
        }
    };
    let kept = feeds::from_ledger(feeds);
    let site = Site::new(settings, since, &catalogue, &kept, now);
    Ok((catalogue, site, clock))
}

/// Shows what the last process has shown, if that is whole, in the publisher's theme: the snapshot, the theme's
/// folder; what readers see is `shown`.
pub(super) fn show_again(
    config: &Config,
    ledger: &Ledger,
    health: &Health,
    catalogue: &mut Catalogue,
    mut site: Site,
    shown: &ArcSwapOption<Site>,
) -> (Site, ThemeFolder) {
    let mut theme = ThemeFolder::new(config.theme.clone());
    if let Some(theme) = theme.look(health, clock::instant()) {
        site = site.with_theme(theme);
    }
    if catalogue.live() > 0 && mending::is_whole(ledger) {
        catalogue.set_terms(terms(config));
        shown.store(Some(Arc::new(site.clone())));
        health.is_serving(catalogue.live());
    }
    (site, theme)
}
