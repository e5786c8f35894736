//! An audio or video file that no entry names: an entry made of its own tags.

use super::episode::SaidEpisode;
use super::head::Head;
use super::keys::{Author, File, Said};
use super::{Conventions, Kind, Refusal, Source, Work, dates, worked_out};
use crate::entry::{Draft, Episode, FolderPath, Language, Person, Recording, Text};

/// The longest description that is taken from tags, in bytes.
const MAX_DESCRIPTION: usize = 64 * 1024;

/// The entry that the recording at `path` is. What its tags do not say is worked out from its name.
pub fn recording(
    path: &FolderPath,
    recording: &Recording,
    conventions: &Conventions,
) -> Result<Draft, Refusal> {
    let line = |text: &Option<String>| {
        let text = text.as_deref().map(Text::one_line);
        text.filter(|text| !text.is_empty())
    };
    let (named, name) = dates::of_name(worked_out::base_name(path), &conventions.zone);
    let title =
        line(&recording.title).unwrap_or_else(|| Text::one_line(&worked_out::title_of_name(name)));
    let artist = line(&recording.artist).map(|name| Author {
        person: Person {
            name,
            email: None,
            uri: None,
            avatar: None,
        },
        avatar: None,
    });
    let tagged = recording.date.as_deref();
    let tagged = tagged.and_then(|date| dates::parse(date, &conventions.zone));
    let mut said = Said {
        title: Some(title).filter(|title| !title.is_empty()),
        authors: artist.into_iter().collect(),
        language: recording.language.as_deref().and_then(Language::parse),
        enclosures: vec![File {
            // From the root, and as an address is written.
            target: format!("/{}", path.to_url_path()),
            ..File::default()
        }],
        seconds: recording.seconds,
        episode: SaidEpisode {
            plain: Episode {
                // Zero is how some programs write that there is none.
                number: recording.track.filter(|number| *number > 0),
                season: recording.disk.filter(|number| *number > 0),
                ..Episode::default()
            },
            ..SaidEpisode::default()
        },
        ..Said::default()
    };
    said.claims.published = named.or(tagged);
    let description = recording.description.as_deref().unwrap_or_default();
    let end = description.floor_char_boundary(MAX_DESCRIPTION);
    let description = Text::clean(&description[..end]);
    let source = Source {
        kind: Kind::Plain,
        text: &description,
        start: 0,
    };
    let (nodes, _) = source.tree(&conventions.labels);
    Work::new(path, source, conventions)
        .draft(said, nodes, &Head::default())
        .map_err(Refusal::Rejected)
}
