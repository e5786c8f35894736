//! The documents that would be published, made and judged.

use std::collections::HashMap;
use std::io;

use anyhow::Context;
use jiff::Timestamp;

use super::Looked;
use crate::check::Judging;
use crate::check::documents::Document;
use crate::daemon;
use crate::documents::{Documents, MakeError};
use crate::entry::{Bodies, Body, Digest};
use crate::feed::{FeedKey, Format};
use crate::site::{Found, Site, View};

/// The texts that were read. One that was not is that of a file that can't be published now: the last
/// good version stands, and was judged when it was good. It counts as empty.
struct Texts(HashMap<Digest, Body>);

impl Bodies for Texts {
    fn body(&self, digest: Digest) -> io::Result<Body> {
        let known = self.0.get(&digest).cloned();
        Ok(known.unwrap_or_else(|| Body::from_clean_html(String::new())))
    }
}

/// Makes the feeds as the daemon would, and tells what is wrong with them.
pub(super) fn documents(looked: &mut Looked) -> anyhow::Result<()> {
    let now = daemon::now();
    let site = looked.site(now)?;
    let config = &looked.settings.config;
    let texts = Texts(std::mem::take(&mut looked.review.bodies));
    let documents = Documents::new(texts, 0);
    let conventions = daemon::conventions(config);
    let mut judging = Judging::new(&looked.review, &looked.folder, conventions.labels());
    for format in Format::ALL {
        judge(&mut judging, &site, &documents, format, now)
            .with_context(|| format!("can't make {}", format.file_name()))?;
    }
    let findings = judging.finish();
    looked.review.add(findings);
    Ok(())
}

/// The feed of everything in `format`, with its archives, so that every entry is there once; and the
/// publisher's own feeds, which have settings of their own.
fn judge(
    judging: &mut Judging<'_>,
    site: &Site,
    documents: &Documents,
    format: Format,
    now: Timestamp,
) -> Result<(), MakeError> {
    let feeds = site.listing().feeds.iter().map(|listed| &listed.feed);
    let feeds = feeds.filter(|feed| matches!(feed, FeedKey::All | FeedKey::Named(_)));
    for feed in feeds {
        let mut view = View::newest(feed.clone());
        while let Some(window) = site.window(&view) {
            let name = view.path() + format.file_name();
            let Found::Document(plan) = site.find(&format!("/{name}")) else {
                return Err(MakeError::NoSuchDocument);
            };
            let document = Document {
                bytes: &documents.make(site, &plan)?,
                format,
                address: &site.absolute(&name),
                content_type: plan.content_type,
                now,
            };
            judging.judge(&name, &document);
            let older = window.previous.clone().filter(|_| *feed == FeedKey::All);
            let Some(part) = older else { break };
            view.part = Some(part);
        }
    }
    Ok(())
}
