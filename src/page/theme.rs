//! The templates and the style sheet: the built-in ones, or a publisher's in their place.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use bytes::Bytes;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Value;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};

use super::PageError;
use super::proof;
use super::values::escape;
use crate::entry::{Digest, Digester};

/// The style sheet's name, here and in a publisher's folder.
pub const STYLE: &str = "style.css";

/// The built-in templates. A theme may bring others under the same names, and more to include.
const TEMPLATES: [(&str, &str); 8] = [
    ("base.html", include_str!("templates/base.html")),
    ("front.html", include_str!("templates/front.html")),
    ("feed.html", include_str!("templates/feed.html")),
    ("entries.html", include_str!("templates/entries.html")),
    ("entry.html", include_str!("templates/entry.html")),
    ("files.html", include_str!("templates/files.html")),
    ("subscribe.html", include_str!("templates/subscribe.html")),
    ("gone.html", include_str!("templates/gone.html")),
];

/// Templates and a style sheet, ready for use. A clone is cheap.
#[derive(Clone, Debug)]
pub struct Theme(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    environment: Environment<'static>,
    style: Bytes,
    version: Digest,
}

static BUILT_IN: LazyLock<Theme> = LazyLock::new(|| {
    #[expect(
        clippy::expect_used,
        reason = "they are part of the program, and a test says that they are right"
    )]
    Theme::compile(&BTreeMap::new()).expect("the built-in templates")
});

impl Theme {
    /// The one that is part of the program.
    pub fn built_in() -> Self {
        BUILT_IN.clone()
    }

    /// The built-in one, with these files, by their names, in the place of its own. Each page is tried
    /// with a sample of everything that may be on it: a theme that can't be used is refused.
    pub fn with(files: &BTreeMap<String, String>) -> Result<Self, PageError> {
        let theme = Self::compile(files)?;
        proof::try_all(&theme)?;
        Ok(theme)
    }

    fn compile(files: &BTreeMap<String, String>) -> Result<Self, PageError> {
        let mut environment = environment()?;
        let mut texts: BTreeMap<&str, &str> = TEMPLATES.into();
        texts.insert(STYLE, include_str!("style.css"));
        texts.extend(files.iter().map(|(name, text)| (&**name, &**text)));
        let mut digester = Digester::new();
        for (name, text) in &texts {
            digester = digester.field(name).field(text);
            if *name != STYLE {
                environment.add_template_owned((*name).to_owned(), (*text).to_owned())?;
            }
        }
        let style = texts.get(STYLE).copied().unwrap_or_default();
        Ok(Self(Arc::new(Parts {
            style: Bytes::copy_from_slice(style.as_bytes()),
            version: digester.finish(),
            environment,
        })))
    }

    /// The style sheet.
    pub fn style(&self) -> Bytes {
        self.0.style.clone()
    }

    /// The digest of all of it: a page is another one when its template is.
    pub fn version(&self) -> Digest {
        self.0.version
    }

    /// Whether it is the one that is part of the program.
    pub fn is_built_in(&self) -> bool {
        Arc::ptr_eq(&self.0, &BUILT_IN.0)
    }

    pub(super) fn render(&self, name: &str, context: Value) -> Result<String, PageError> {
        let template = self.0.environment.get_template(name)?;
        Ok(template.render(context)?)
    }
}

pub(super) fn environment() -> Result<Environment<'static>, PageError> {
    let mut environment = Environment::new();
    // A name that is not there is a slip, and would leave a hole in the page.
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_formatter(|out, state, value| match value.as_str() {
        // The engine's own escaping also turns every slash of every address into `&#x2f;`.
        Some(text) if !value.is_safe() => Ok(escape(out, text)?),
        _ => minijinja::escape_formatter(out, state, value),
    });
    environment.set_syntax(
        SyntaxConfig::builder()
            .trim_blocks(true)
            .lstrip_blocks(true)
            .build()?,
    );
    Ok(environment)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(files: &[(&str, &str)]) -> Result<Theme, PageError> {
        let owned = |(name, text): &(&str, &str)| ((*name).to_owned(), (*text).to_owned());
        Theme::with(&files.iter().map(owned).collect())
    }

    #[test]
    fn the_built_in_theme_shows_every_sample() {
        let theme = with(&[]).unwrap();
        assert_eq!(theme.version(), Theme::built_in().version());
        assert!(!theme.is_built_in() && Theme::built_in().is_built_in());
    }

    #[test]
    fn a_file_takes_the_place_of_the_built_in_one() {
        let theme = with(&[
            ("gone.html", "{% include \"mine.html\" %}"),
            ("mine.html", "<p>{{ site.title }} had it</p>"),
            (STYLE, "p { color: red }"),
        ])
        .unwrap();
        let gone = theme
            .render(
                "gone.html",
                minijinja::context! { site => minijinja::context! { title => "A & B" } },
            )
            .unwrap();
        assert_eq!(gone, "<p>A &amp; B had it</p>");
        assert_eq!(theme.style(), "p { color: red }");
        assert_ne!(theme.version(), Theme::built_in().version());
    }

    #[test]
    fn what_is_wrong_is_told_with_its_place() {
        let check = |name: &str, text: &str, expected: &str| {
            let error = with(&[(name, text)]).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
        };
        // It can't be read.
        check(
            "front.html",
            "<p>\n{% for %}",
            "front.html:2: syntax error (",
        );
        check("mine.html", "\n\n{{ 1 +", "mine.html:3: syntax error (");
        // It names what is not there: on every page, on some, only where there is something.
        check(
            "base.html",
            "<p>\n{{ site.titel }}",
            "base.html:2: undefined value",
        );
        check(
            "feed.html",
            "{{ feed.label }}\n\n{{ count.x.y }}",
            "feed.html:3: ",
        );
        check(
            "entry.html",
            "{% for it in files %}\n{{ it.nmae }}{% endfor %}",
            "entry.html:2: undefined value",
        );
        check(
            "entries.html",
            "{% for it in entries %}{% else %}\n{{ nothing }}{% endfor %}",
            "entries.html:2: undefined value",
        );
        check(
            "gone.html",
            "{% include 'mine.html' %}",
            "gone.html:1: template not found",
        );
        // It never ends.
        check("gone.html", "{% include 'gone.html' %}", "gone.html:1: ");
    }
}
