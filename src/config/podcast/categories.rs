//! Apple's categories, as its directory has them. (podcasters.apple.com/support/1691-apple-podcasts-categories)

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::config::values;

/// The names, each with those below it.
const CATEGORIES: [(&str, &[&str]); 19] = [
    (
        "Arts",
        &[
            "Books",
            "Design",
            "Fashion & Beauty",
            "Food",
            "Performing Arts",
            "Visual Arts",
        ],
    ),
    (
        "Business",
        &[
            "Careers",
            "Entrepreneurship",
            "Investing",
            "Management",
            "Marketing",
            "Non-Profit",
        ],
    ),
    ("Comedy", &["Comedy Interviews", "Improv", "Stand-Up"]),
    (
        "Education",
        &["Courses", "How To", "Language Learning", "Self-Improvement"],
    ),
    ("Fiction", &["Comedy Fiction", "Drama", "Science Fiction"]),
    ("Government", &[]),
    (
        "Health & Fitness",
        &[
            "Alternative Health",
            "Fitness",
            "Medicine",
            "Mental Health",
            "Nutrition",
            "Sexuality",
        ],
    ),
    ("History", &[]),
    (
        "Kids & Family",
        &[
            "Education for Kids",
            "Parenting",
            "Pets & Animals",
            "Stories for Kids",
        ],
    ),
    (
        "Leisure",
        &[
            "Animation & Manga",
            "Automotive",
            "Aviation",
            "Crafts",
            "Games",
            "Hobbies",
            "Home & Garden",
            "Video Games",
        ],
    ),
    (
        "Music",
        &["Music Commentary", "Music History", "Music Interviews"],
    ),
    (
        "News",
        &[
            "Business News",
            "Daily News",
            "Entertainment News",
            "News Commentary",
            "Politics",
            "Sports News",
            "Tech News",
        ],
    ),
    (
        "Religion & Spirituality",
        &[
            "Buddhism",
            "Christianity",
            "Hinduism",
            "Islam",
            "Judaism",
            "Religion",
            "Spirituality",
        ],
    ),
    (
        "Science",
        &[
            "Astronomy",
            "Chemistry",
            "Earth Sciences",
            "Life Sciences",
            "Mathematics",
            "Natural Sciences",
            "Nature",
            "Physics",
            "Social Sciences",
        ],
    ),
    (
        "Society & Culture",
        &[
            "Documentary",
            "Personal Journals",
            "Philosophy",
            "Places & Travel",
            "Relationships",
        ],
    ),
    (
        "Sports",
        &[
            "Baseball",
            "Basketball",
            "Cricket",
            "Fantasy Sports",
            "Football",
            "Golf",
            "Hockey",
            "Rugby",
            "Running",
            "Soccer",
            "Swimming",
            "Tennis",
            "Volleyball",
            "Wilderness",
            "Wrestling",
        ],
    ),
    ("Technology", &[]),
    ("True Crime", &[]),
    (
        "TV & Film",
        &[
            "After Shows",
            "Film History",
            "Film Interviews",
            "Film Reviews",
            "TV Reviews",
        ],
    ),
];

/// One of Apple's categories: `News`, or `News > Daily News`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Category {
    /// The upper name.
    pub name: &'static str,
    /// The one below it.
    pub sub: Option<&'static str>,
}

impl Category {
    /// Every category there is.
    fn all() -> impl Iterator<Item = Self> {
        CATEGORIES.into_iter().flat_map(|(name, subs)| {
            let subs = subs.iter().map(|sub| Some(*sub));
            let names = std::iter::once(None).chain(subs);
            names.map(move |sub| Self { name, sub })
        })
    }

    /// Upper and lower name with `>` between them, or either alone; in any case, and with `and` for `&`.
    fn parse(raw: &str) -> Result<Self, String> {
        let even = |text: &str| {
            let text = text.to_lowercase().replace('&', " and ");
            text.split_whitespace().collect::<Vec<_>>().join(" ")
        };
        let wanted: Vec<String> = raw.split('>').map(even).collect();
        let is_meant = |category: &Self| {
            let (name, sub) = (even(category.name), category.sub.map(even));
            match &wanted[..] {
                [one] => (sub.as_ref().unwrap_or(&name)) == one,
                [upper, lower] => name == *upper && sub.as_ref() == Some(lower),
                _ => false,
            }
        };
        if let Some(category) = Self::all().find(is_meant) {
            return Ok(category);
        }
        let last = wanted.last().map_or("", String::as_str);
        let distance = |category: &Self| {
            let name = even(category.sub.unwrap_or(category.name));
            strsim::osa_distance(last, &name)
        };
        let nearest = Self::all().map(|category| (distance(&category), category));
        let nearest = nearest
            .min_by_key(|(distance, _)| *distance)
            .filter(|(distance, _)| *distance <= last.chars().count().div_ceil(3));
        Err(match nearest {
            Some((_, category)) => {
                format!("`{raw}` is not one of Apple's categories: did you mean `{category}`?")
            }
            None => format!(
                "`{raw}` is not one of Apple's categories: expected for example `News > Daily News`, \
                 or one of {}",
                CATEGORIES.map(|(name, _)| name).join(", ")
            ),
        })
    }
}

impl std::fmt::Display for Category {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.sub {
            Some(sub) => write!(f, "{} > {sub}", self.name),
            None => f.write_str(self.name),
        }
    }
}

impl Serialize for Category {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Category {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        values::read_text(
            deserializer,
            "a category such as \"News > Daily News\"",
            Self::parse,
        )
    }
}
