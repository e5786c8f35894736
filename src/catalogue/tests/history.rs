//! Random histories: whatever happened, in whatever order, every line means what a plain reading of the
//! rules says it means.

use std::cmp::Reverse;

use super::*;
use crate::catalogue::links::opening_words;
use crate::catalogue::sample::recording;
use crate::entry::{Enclosure, Episode, Media, Reference, RelatedLine, Target, Wanted};

/// Few, so that titles are often equal, former ones of others, shortened or continued.
const TITLES: [&str; 9] = [
    "Minutes",
    "Harbour bridge closes",
    "Harbour bridge closes for repairs",
    "Harbour bridge closes for repairs: a second crossing",
    "“Harbour BRIDGE closes for repairs”.",
    "Night market on the quay opens",
    "Night market on the quay opens in the rain – pictures",
    "f2",
    "The same words in one two three four five six seven eight nine ten",
];

const LINES: [&str; 8] = [
    "minutes!",
    "Harbour bridge closes for repairs, LIVE updates here",
    "Harbour bridge closes for",
    "Night market on the quay",
    "f2",
    "/news/f1.md",
    "/news/f4.mp3",
    "The same words in one two three four five six seven eight nine ten and more",
];

const FILES: [&str; 6] = [
    "news/f0.md",
    "news/f1.md",
    "news/f2.md",
    "f3.txt",
    "news/f4.mp3",
    "f3.mp3",
];

const MEDIA: [&str; 10] = [
    "news/f0.jpg",
    "news/f4.mp3",
    "f3.mp3",
    "news/f2.png",
    "f3.vtt",
    "f3.jpg",
    "f3.mp3.cover.jpg",
    "news/f4.chapters.json",
    "news/f4.mp3.chapters.json",
    "news/f2.srt",
];

/// A small generator (xorshift); a failing seed is named and can be run again.
struct Chance(u64);

impl Chance {
    fn below(&mut self, count: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % count
    }

    fn one<'a>(&mut self, of: &[&'a str]) -> &'a str {
        of[self.below(of.len())]
    }

    fn draft(&mut self, now: i64) -> Draft {
        let file = self.one(&FILES);
        let lines: Vec<&str> = (0..self.below(4))
            .map(|_| {
                let of: &[&str] = if self.below(2) == 0 { &LINES } else { &TITLES };
                self.one(of)
            })
            .collect();
        let title = self.one(&TITLES);
        let mut made = if path(file).is_recording() {
            recording(file, title)
        } else {
            draft(file, title, &lines)
        };
        if made.path.is_recording() {
            made.article.episode = Some(Episode {
                number: Some(u32::try_from(self.below(3)).unwrap()),
                ..Episode::default()
            });
        } else if self.below(4) == 0 {
            let file = self.one(&["news/f4.mp3", "f3.mp3"]);
            let named = recording(file, title).article;
            made.article.enclosures = vec![Enclosure {
                target: Target::Reference(made.article.references.len()),
                ..named.enclosures[0].clone()
            }];
            made.article.references.extend(named.references);
        }
        if self.below(3) == 0 {
            let seconds = i64::try_from(self.below(1200)).unwrap();
            made.claims.published = Some(StatedDate::At(at(now - 600 + seconds)));
        }
        if self.below(5) == 0 {
            made.claims.slug = Slug::from_path(self.one(&["f2", "f9", "minutes"]));
        }
        if self.below(6) == 0 {
            let seconds = i64::try_from(self.below(900)).unwrap();
            made.claims.expires = Some(StatedDate::At(at(now + seconds)));
        }
        made.claims.draft = self.below(8) == 0;
        made
    }
}

fn step(world: &mut World, chance: &mut Chance) -> String {
    match chance.below(10) {
        0..=4 => {
            let mut drafts: Vec<Draft> = (0..=chance.below(2))
                .map(|_| chance.draft(world.seconds))
                .collect();
            // A look finds one file at a path.
            drafts.dedup_by(|one, other| one.path == other.path);
            let told = drafts
                .iter()
                .map(|it| format!("{} {:?}", it.path, it.article.title));
            let told = told.collect::<Vec<_>>().join(", ");
            // A recording is looked at as a file whenever it is as an entry.
            let recordings = drafts.iter().filter(|it| it.path.is_recording());
            let media = recordings.map(|it| (it.path.clone(), Some(Media::of_bytes(7))));
            world.turn(Observation {
                media: media.collect(),
                ..found(drafts)
            });
            told
        }
        5 => {
            let file = chance.one(&FILES);
            world.turn(Observation {
                media: vec![(path(file), None)],
                ..gone(file)
            });
            format!("remove {file}")
        }
        6 => {
            // A move: the same text elsewhere, while the old file is gone.
            let from = chance.one(&FILES[..4]);
            let Some(record) = world.catalogue.at_path(&path(from)).cloned() else {
                return "nothing".to_owned();
            };
            let mut moved = chance.draft(world.seconds);
            moved.path = path(chance.one(&FILES[..4]));
            moved.article = record.entry.article.clone();
            world.turn(Observation {
                absent: vec![path(from)],
                ..found(vec![moved])
            });
            format!("move {from}")
        }
        7 => {
            let file = chance.one(&MEDIA);
            let least = usize::from(path(file).is_recording());
            let size = u64::try_from(least + chance.below(3)).unwrap();
            world.turn(Observation {
                media: vec![(path(file), (size > 0).then(|| Media::of_bytes(size)))],
                ..Observation::default()
            });
            format!("{file} has {size} bytes")
        }
        8 => {
            world.seconds += i64::try_from(chance.below(600)).unwrap();
            world.turn(Observation::default());
            "time passes".to_owned()
        }
        _ => {
            let records = world.catalogue.records().map(|record| (**record).clone());
            let media = world.catalogue.media.iter();
            world.catalogue = Catalogue::load(
                world.catalogue.site,
                records.collect(),
                media.map(|(path, media)| (path.clone(), *media)).collect(),
            );
            "restart".to_owned()
        }
    }
}

/// What `reference` of `asker` means, by a pass over everything.
fn meant(catalogue: &Catalogue, asker: &Record, reference: &Reference) -> Resolved {
    let live = || catalogue.records().filter(|record| record.is_live());
    let media = |path: &FolderPath| match catalogue.media.get(path) {
        Some(media) => Resolved::Media(*media),
        None => Resolved::Pending,
    };
    let (text, local) = match reference {
        Reference::Fragment(_) => return Resolved::Plain,
        Reference::Local(local) => return media(&local.path),
        Reference::Related(RelatedLine { text, wanted }) => match wanted {
            Wanted::Address(_) => return Resolved::Plain,
            Wanted::Local(local) => (text, Some(&local.path)),
            Wanted::Title => (text, None),
        },
    };
    let name = title_name(text.as_str());
    let rules: [&dyn Fn(&Record) -> bool; 4] = [
        &|it| local.is_some_and(|path| it.entry.path == *path),
        &|it| title_name(it.entry.article.title.as_str()) == name,
        &|it| {
            let mut former = it.former_titles.iter();
            former.any(|title| title_name(title.as_str()) == name)
        },
        &|it| local.is_none() && it.entry.slug.as_str() == text.as_str(),
    ];
    let mut is_itself = false;
    for rule in rules {
        let mut holders: Vec<_> = live().filter(|record| rule(record)).collect();
        is_itself |= holders.iter().any(|record| record.key == asker.key);
        holders.retain(|record| record.key != asker.key);
        holders.sort_by_key(|record| {
            let published = record.entry.published;
            let newest = Reverse((published < asker.entry.published, published));
            (newest, record.entry.slug.clone())
        });
        if let Some(first) = holders.first() {
            return Resolved::Entry(Arc::clone(&first.card));
        }
    }
    if is_itself {
        return Resolved::Itself;
    }
    if let Some(path) = local {
        return media(path);
    }
    let words = opening_words(text.as_str());
    let mut alike = live().filter(|record| {
        let title = opening_words(record.entry.article.title.as_str());
        let common = title.iter().zip(&words).take_while(|(a, b)| a == b).count();
        record.key != asker.key && common >= 4 && common == title.len().min(words.len())
    });
    match (alike.next(), alike.next()) {
        (Some(only), None) => Resolved::Entry(Arc::clone(&only.card)),
        _ => Resolved::Pending,
    }
}

/// Whether a text that is live names the recording, or has its name.
fn is_enclosed(catalogue: &Catalogue, recording: &FolderPath) -> bool {
    let mut texts = catalogue
        .records()
        .filter(|record| record.is_live() && !record.entry.path.is_recording());
    texts.any(|record| {
        let path = &record.entry.path;
        let mut references = record.entry.article.references.iter();
        let names_it =
            references.any(|it| matches!(it, Reference::Local(local) if local.path == *recording));
        let is_near = path.parent() == recording.parent();
        names_it
            || is_near
                && (path.stem() == recording.stem()
                    || record.entry.slug.as_str() == recording.stem())
    })
}

#[test]
fn after_any_history_every_line_means_what_the_rules_say() {
    let (mut linked, mut by_former, mut enclosed) = (0, 0, 0);
    // `TIDINGS_HISTORIES=1000 cargo test --release --lib any_history` runs as many as asked.
    let asked = std::env::var("TIDINGS_HISTORIES").ok();
    let histories = asked.map_or(16, |count| count.parse().unwrap());
    for seed in 1..=histories {
        let mut world = World::new();
        let mut chance = Chance(0x9E37_79B9_7F4A_7C15_u64.wrapping_mul(seed));
        let mut told = Vec::new();
        for _ in 0..100 {
            told.push(step(&mut world, &mut chance));
            let history = || format!("seed {seed}: {:#?}", &told[told.len().saturating_sub(6)..]);
            // That they equal those of a resolution from nothing, `World::check` has seen.
            for record in world.catalogue.records() {
                let references = &record.entry.article.references;
                for (reference, resolved) in references.iter().zip(&*record.resolved) {
                    let expected = meant(&world.catalogue, record, reference);
                    assert_eq!(*resolved, expected, "{reference:?}\n{}", history());
                    let candidates = world.catalogue.candidates(record, reference);
                    linked += usize::from(candidates.meant().is_some());
                    by_former += usize::from(candidates.by == Some(By::FormerTitle));
                }
                let path = &record.entry.path;
                let stands = matches!(
                    record.standing,
                    Standing::Live | Standing::Scheduled | Standing::Enclosed
                );
                if path.is_recording() && stands {
                    let is_hidden = record.standing == Standing::Enclosed;
                    let expected = is_enclosed(&world.catalogue, path);
                    assert_eq!(is_hidden, expected, "{path}\n{}", history());
                    enclosed += usize::from(is_hidden);
                }
            }
        }
    }
    // Histories in which nothing happens would prove nothing.
    assert!(
        linked > 1000 && by_former > 100 && enclosed > 100,
        "{linked} {by_former} {enclosed}"
    );
}
