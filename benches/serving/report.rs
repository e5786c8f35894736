//! The table, for people and for programs.

use std::fmt::Write as _;
use std::fs;
use std::process::Command;

use serde_json::{Value, json};

/// One row of the table.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) what: String,
    pub(crate) nginx: String,
    pub(crate) tidings: String,
    /// How much better Tidings is.
    pub(crate) ratio: String,
    pub(crate) goal: String,
    /// `None`: not measured.
    pub(crate) is_met: Option<bool>,
    /// Every sample.
    pub(crate) values: Value,
}

impl Row {
    /// A row that can't be measured, and why.
    pub(crate) fn not_measured(name: &'static str, what: &str, reason: &str) -> Self {
        Self {
            name,
            what: what.to_owned(),
            nginx: String::new(),
            tidings: reason.to_owned(),
            ratio: String::new(),
            goal: String::new(),
            is_met: None,
            values: Value::Null,
        }
    }

    fn verdict(&self) -> &'static str {
        match self.is_met {
            Some(true) => "reached",
            Some(false) => "missed",
            None => "not measured",
        }
    }

    /// All of it on a line, for who waits.
    pub(crate) fn summary(&self) -> String {
        let parts = [
            ("nginx ", &self.nginx),
            ("tidings ", &self.tidings),
            ("ratio ", &self.ratio),
            ("goal ", &self.goal),
        ];
        let parts = parts.iter().filter(|(_, text)| !text.is_empty());
        let parts: Vec<String> = parts.map(|(key, text)| format!("{key}{text}")).collect();
        format!("{}; {}", parts.join(", "), self.verdict())
    }
}

/// What a run was made with.
pub(crate) struct Setting {
    pub(crate) articles: usize,
    pub(crate) repeats: usize,
    pub(crate) seconds: u32,
    /// What the machine was at already.
    pub(crate) busy: String,
}

/// How many threads have wanted a core in the last minute, as the kernel says it.
pub(crate) fn busy() -> String {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split(' ').next().unwrap_or_default().to_owned()
}

/// The table as Markdown.
pub(crate) fn markdown(rows: &[Row], setting: &Setting) -> String {
    let mut text = String::from(
        "| row | what | nginx | Tidings | ratio (least–most) | goal | |\n\
         | --- | --- | --- | --- | --- | --- | --- |\n",
    );
    for row in rows {
        let _ = writeln!(
            text,
            "| `{}` | {} | {} | {} | {} | {} | {} |",
            row.name,
            row.what,
            row.nginx,
            row.tidings,
            row.ratio,
            row.goal,
            row.verdict()
        );
    }
    let _ = write!(
        text,
        "\nSeconds are those of the server's CPU for 100,000 requests; the ratio is that of nginx to Tidings.\n\
         {} articles, medians of {} pairs of {} s each. {}. Load average before: {}.\n",
        setting.articles,
        setting.repeats,
        setting.seconds,
        machine().join(", "),
        setting.busy
    );
    text
}

/// The table with every sample, as JSON.
pub(crate) fn json(rows: &[Row], setting: &Setting) -> Value {
    let rows = rows.iter().map(|row| {
        json!({
            "row": row.name,
            "what": row.what,
            "goal": row.goal,
            "is_met": row.is_met,
            "values": row.values,
        })
    });
    json!({
        "machine": machine(),
        "load_average_before": setting.busy,
        "articles": setting.articles,
        "repeats": setting.repeats,
        "seconds": setting.seconds,
        "rows": rows.collect::<Value>(),
    })
}

/// Processor, system and programs.
fn machine() -> Vec<String> {
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    let processors = read("/proc/cpuinfo");
    let models = processors.lines().filter_map(|line| {
        let (key, value) = line.split_once(':')?;
        (key.trim() == "model name").then(|| value.trim())
    });
    let models: Vec<&str> = models.collect();
    let model = models.first().copied().unwrap_or("unknown");
    vec![
        format!("{} cores of {model}", models.len()),
        format!("Linux {}", read("/proc/sys/kernel/osrelease").trim()),
        version("nginx", "-v"),
        version("wrk", "-v"),
        version("h2load", "--version"),
    ]
}

/// The version that a program says it is of, with its name.
fn version(program: &str, option: &str) -> String {
    let said = Command::new(program).arg(option).output();
    let said = said.map(|output| [output.stdout, output.stderr].concat());
    let said = String::from_utf8_lossy(&said.unwrap_or_default()).into_owned();
    // "nginx/1.22.1", "debian/4.1.0-3", "nghttp2/1.52.0"
    let mut words = said.split_whitespace();
    let version = words.find_map(|word| word.split_once('/').filter(|(_, it)| it.contains('.')));
    let (_, version) = version.unwrap_or(("", "of unknown version"));
    format!("{program} {version}")
}
