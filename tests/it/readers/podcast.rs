//! Readers of podcasts, against the running program: each sees the show and every episode, with all that it
//! has words for. Neither knows related links; those of the full text they show as part of it.

use std::fs;

use serde_json::{Value, json};

use super::{POLL, glue};
use crate::podcast::{COVER, SHOW, recording};
use crate::support::{Recorder, Setup, Tidings, bare, repository, run, tools_are_required};

const MEDIA: &str = "https://news.example.org/media";

/// A recording alone, and one that an article of the same name goes with; `None` without the tools.
fn show() -> Option<(Tidings, Vec<u8>)> {
    if !tools_are_required() {
        eprintln!("skipped: readers are foreign programs; TIDINGS_TOOLS=required runs them");
        return None;
    }
    let setup = Setup::new().with_tables(SHOW);
    let file = recording("The fog horn", 12, 3, COVER);
    let entries = setup.entries();
    fs::write(entries.join("2026-10-01-horn.mp3"), &file).unwrap();
    let second = recording("Take 4", 13, 2, COVER);
    fs::write(entries.join("2026-10-08-fog.mp3"), second).unwrap();
    fs::write(entries.join("2026-10-08-fog.vtt"), "WEBVTT\n").unwrap();
    fs::write(
        entries.join("2026-10-08-fog.md"),
        "---\ntitle: Fog & other <weather>\nlang: pt\nauthors: [Bo]\npodcast:\n  type: bonus\n  explicit: true\n  \
         person: [{name: Bo, role: guest}]\n---\n\nIt was thick.\n\nRead: The fog horn\n",
    )
    .unwrap();
    let tidings = setup.start();
    tidings.has_titles(&["The fog horn", "Fog & other <weather>"]);
    Some((tidings, file))
}

/// The last line that a script printed, which is what its reader saw.
fn last_line(printed: &str) -> Value {
    serde_json::from_str(printed.trim_end().lines().last().unwrap()).unwrap()
}

/// Of `seen`, what has a name in `expected`.
fn same(seen: &Value, expected: &Value) {
    for (name, value) in expected.as_object().unwrap() {
        assert_eq!(&seen[name], value, "{name}: {seen:#}");
    }
}

fn id_of(tidings: &Tidings, title: &str) -> String {
    let titles = tidings.titles();
    let known = titles.into_iter().find(|(known, _)| known == title);
    known.unwrap().1
}

#[test]
fn podcastparser() {
    let Some((tidings, file)) = show() else {
        return;
    };
    let recorder = Recorder::before(tidings.address());
    let home = tempfile::tempdir().unwrap();
    let python = std::env::var_os("TIDINGS_PYTHON").unwrap_or_else(|| "python3".into());
    let printed = run(
        bare(python, home.path())
            .arg(glue("read_podcastparser.py"))
            .arg(recorder.url("/rss.xml")),
        POLL,
    );
    let show = last_line(&printed);
    same(
        &show,
        &json!({
            "title": "Tidings",
            "language": "en",
            "itunes_author": "The Saltmere Lantern",
            "itunes_categories": [["News", "Daily News"], ["True Crime"]],
            "itunes_owner": {"name": "Ana Reis", "email": "ana@example.org"},
            "cover_url": "https://news.example.org/cover.jpg",
            "explicit": false,
            "type": "episodic",
        }),
    );
    let episodes = show["episodes"].as_array().unwrap();
    assert_eq!(episodes.len(), 2, "{show:#}");
    // It knows Podcasting 2.0 only by a former address of its namespace, and so none of its words.
    same(
        &episodes[0],
        &json!({
            "guid": id_of(&tidings, "Fog & other <weather>"),
            "title": "Fog & other <weather>",
            "link": "https://news.example.org/entries/fog",
            "total_time": 2,
            "number": 13,
            "season": 2,
            "type": "bonus",
            "explicit": true,
            "itunes_author": "Bo",
            "episode_art_url": format!("{MEDIA}/2026-10-08-fog.mp3.cover.jpg"),
        }),
    );
    let text = episodes[0]["description_html"].as_str().unwrap();
    assert!(
        text.contains("<a href=\"https://news.example.org/entries/"),
        "{text}"
    );
    same(
        &episodes[1],
        &json!({
            "guid": id_of(&tidings, "The fog horn"),
            "title": "The fog horn",
            "total_time": 3,
            "number": 12,
            "itunes_author": "Ana Reis",
        }),
    );
    assert_eq!(
        episodes[1]["enclosures"][0],
        json!({
            "url": format!("{MEDIA}/2026-10-01-horn.mp3"),
            "file_size": file.len(),
            "mime_type": "audio/mpeg",
        })
    );
}

#[test]
fn podcast_partytime() {
    let Some((tidings, file)) = show() else {
        return;
    };
    let recorder = Recorder::before(tidings.address());
    let home = tempfile::tempdir().unwrap();
    let modules = std::env::var_os("NODE_PATH")
        .unwrap_or_else(|| repository().join("target/tools/node_modules").into());
    let printed = run(
        bare("node", home.path())
            .env("NODE_PATH", modules)
            .arg(glue("read_partytime.js"))
            .arg(recorder.url("/rss.xml")),
        POLL,
    );
    let show = last_line(&printed);
    same(
        &show,
        &json!({
            "title": "Tidings",
            "language": "en",
            "author": "The Saltmere Lantern",
            "itunesCategory": ["News > Daily News", "True Crime"],
            "owner": {"name": "Ana Reis", "email": "ana@example.org"},
            "itunesImage": "https://news.example.org/cover.jpg",
            "itunesType": "episodic",
            "explicit": false,
            "guid": "7079c77f-0738-5638-90d8-b2f13dc13aad",
            "medium": "podcast",
            "locked": true,
            "podcastOwner": "ana@example.org",
            "podcastFunding": [{
                "message": "Support the lantern",
                "url": "https://news.example.org/give",
            }],
            "podcastPeople": [{
                "name": "Ana Reis",
                "role": "Host",
                "group": "Cast",
                "href": "https://ana.example/",
            }],
            "podroll": [{
                "feedGuid": "9b024349-ccf0-5f69-a609-6b82873eab3c",
                "feedUrl": "https://podnews.net/rss",
            }],
        }),
    );
    let episodes = show["items"].as_array().unwrap();
    assert_eq!(episodes.len(), 2, "{show:#}");
    same(
        &episodes[0],
        &json!({
            "guid": id_of(&tidings, "Fog & other <weather>"),
            "title": "Fog & other <weather>",
            "link": "https://news.example.org/entries/fog",
            "author": "Bo",
            "duration": 2,
            "itunesEpisode": 13,
            "itunesSeason": 2,
            "itunesEpisodeType": "bonus",
            "explicit": true,
            "itunesImage": format!("{MEDIA}/2026-10-08-fog.mp3.cover.jpg"),
            "podcastChapters": {
                "url": format!("{MEDIA}/2026-10-08-fog.mp3.chapters.json"),
                "type": "application/json+chapters",
            },
            "podcastTranscripts": [{
                "url": format!("{MEDIA}/2026-10-08-fog.vtt"),
                "type": "text/vtt",
                "language": "pt",
            }],
            "podcastPeople": [{"name": "Bo", "role": "Guest", "group": "Cast"}],
        }),
    );
    same(
        &episodes[1],
        &json!({
            "guid": id_of(&tidings, "The fog horn"),
            "author": "Ana Reis",
            "enclosure": {
                "url": format!("{MEDIA}/2026-10-01-horn.mp3"),
                "length": file.len(),
                "type": "audio/mpeg",
            },
            "duration": 3,
            "itunesEpisode": 12,
        }),
    );
}
