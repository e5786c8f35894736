//! `tidings new`: a file to begin with.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};

use anyhow::{Context, bail};
use clap::Args;

use super::UsageError;
use super::output;
use super::settings::{Overrides, Settings};
use crate::daemon;
use crate::entry::{FolderPath, Slug, Text};
use crate::folder::names::Names;

#[derive(Debug, Args)]
#[command(after_help = HELP)]
pub(super) struct Arguments {
    /// What the article is called
    #[arg(value_name = "TITLE")]
    title: String,
    /// The section to put it in: a folder in the entries folder, made if it is not there
    #[arg(long, value_name = "NAME")]
    section: Option<String>,
}

const HELP: &str = r#"The file is a draft until its line `draft: true` is taken away. Its path is printed, so that an editor
can be given it.

Examples:
  tidings new "The lamp is lit"
  $EDITOR "$(tidings new "The lamp is lit" --section harbour)"

Exit codes: 0 done, 1 failed, 2 wrong usage or settings."#;

/// How many articles of one name and day there may be.
const MOST: u32 = 1000;

pub(super) fn run(arguments: &Arguments, overrides: Overrides) -> anyhow::Result<()> {
    let config = Settings::load(overrides)?.config;
    let title = Text::one_line(&arguments.title);
    if title.is_empty() {
        return Err(UsageError("the title is empty: expected words".to_owned()).into());
    }
    let mut folder = config.entries.clone();
    if !folder.is_dir() {
        let place = folder.display();
        return Err(UsageError(format!(
            "there is no entries folder {place}: expected it to be made first, or --entries"
        ))
        .into());
    }
    if let Some(section) = &arguments.section {
        let names = Names::new(&config.ignore).context("`ignore` holds what is no glob")?;
        let is_section = FolderPath::new(section).is_some_and(|path| {
            path.as_str() == section && !section.contains('/') && names.enters(&path)
        });
        if !is_section {
            return Err(UsageError(format!(
                "`{section}` is no section: expected the name of one folder, without `/`, that is neither \
                 hidden nor ignored"
            ))
            .into());
        }
        folder.push(section);
    }
    std::fs::create_dir_all(&folder)
        .with_context(|| format!("can't make the folder {}", folder.display()))?;
    let now = daemon::now().to_zoned(config.timezone.clone());
    let day = now.strftime("%Y-%m-%d");
    let slug =
        Slug::from_words(title.as_str()).map_or_else(|| "article".to_owned(), |it| it.to_string());
    let text = text(&title, &now.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string());
    for number in 1..=MOST {
        let name = match number {
            1 => format!("{day}-{slug}.md"),
            number => format!("{day}-{slug}-{number}.md"),
        };
        let path = folder.join(name);
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(mut file) => {
                file.write_all(text.as_bytes())
                    .with_context(|| format!("can't write {}", path.display()))?;
                return output::print(&format!("{}\n", path.display()));
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => {
                return Err(error).with_context(|| format!("can't make {}", path.display()));
            }
        }
    }
    bail!("there are {MOST} articles of this name and day already: expected another title")
}

/// A whole file, ready to be filled.
fn text(title: &Text, date: &str) -> String {
    // A JSON string is a YAML string. (YAML 1.2.2 section 1.2)
    let title = serde_json::Value::from(title.as_str()).to_string();
    format!(
        "---\ntitle: {title}\ndate: {date}\n# tags: [one, another]\n# summary: What it says, in a sentence.\n\
         # Take this line away to publish it:\ndraft: true\n---\n\n"
    )
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::entry::parse::{Conventions, Defaults, Labels, parse};

    #[test]
    fn any_title_is_read_as_it_was_given() {
        let conventions =
            Conventions::new(TimeZone::UTC, Labels::new(["Read"]), Defaults::default());
        let path = FolderPath::new("a.md").unwrap();
        for title in [
            "The lamp",
            "\"Quoted\": a 'title' \\ with / and #",
            "Straße 港 🙂 & <b>",
            "no",
            "- [x] {a: b} | > % @ `",
            "true",
        ] {
            let title = Text::one_line(title);
            let text = text(&title, "2026-01-31T10:00:00+01:00") + "Words.";
            let draft = parse(&path, text.as_bytes(), &conventions).unwrap();
            assert_eq!(draft.article.title, title);
            assert!(draft.claims.draft && draft.claims.published.is_some());
            assert!(draft.warnings.is_empty(), "{:?}", draft.warnings);
        }
    }
}
