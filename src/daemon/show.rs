//! What the settings say of the site as a podcast, in the words of feeds.

use crate::config::{Config, PodcastConfig, ShowPerson};
use crate::entry::{Address, Link, Participant, Person, Target, Text};
use crate::feed::{FeedKey, Format, Podcast, RemoteFeed, podcast_guid};

/// The show that a site at `base` is, if the settings say that it is one.
pub(super) fn podcast(config: &Config, base: &Address) -> Option<Podcast> {
    let PodcastConfig {
        category,
        explicit,
        kind,
        image,
        author,
        owner,
        complete,
        block,
        new_feed_url,
        guid,
        locked,
        medium,
        funding,
        person,
        podroll,
    } = config.podcast.as_ref()?;
    let feed = format!("{base}{}{}", FeedKey::All.path(), Format::Rss.file_name());
    let author = author.as_ref().unwrap_or(&config.site.author.name);
    let categories = category.iter().map(|category| {
        let sub = category.sub.map(Text::one_line);
        (Text::one_line(category.name), sub)
    });
    let owner = owner.as_ref().map(|owner| Person {
        name: owner.name.as_ref().unwrap_or(author).clone(),
        email: Some(owner.email.clone()),
        uri: None,
        avatar: None,
    });
    let funding = funding.iter().map(|funding| Link {
        address: funding.url.clone(),
        title: Some(funding.title.clone()),
    });
    let podroll = podroll.iter().filter_map(|show| {
        let worked_out = || show.url.as_ref().map(|url| podcast_guid(url.as_str()));
        Some(RemoteFeed {
            guid: show.guid.or_else(worked_out)?,
            address: show.url.clone(),
            title: show.title.clone(),
        })
    });
    Some(Podcast {
        guid: guid.unwrap_or_else(|| podcast_guid(&feed)),
        categories: categories.collect(),
        is_explicit: *explicit,
        kind: kind.word(),
        cover: image.clone(),
        author: author.clone(),
        owner,
        is_complete: *complete,
        is_blocked: *block,
        new_address: new_feed_url.clone(),
        locked: *locked,
        medium: medium.word(),
        funding: funding.collect(),
        people: person.iter().map(participant).collect(),
        podroll: podroll.collect(),
    })
}

fn participant(person: &ShowPerson) -> Participant {
    Participant {
        name: person.name.clone(),
        role: person.role.clone(),
        group: person.group.clone(),
        image: person.img.clone().map(Target::Address),
        page: person.href.clone(),
    }
}
