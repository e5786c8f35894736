//! The table, for people and for programs.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};
use serde_json::{Value, json};

/// One row of the table.
pub(crate) struct Row {
    pub(crate) name: &'static str,
    pub(crate) what: String,
    /// What Tidings is compared with.
    pub(crate) other: String,
    pub(crate) tidings: String,
    /// Tidings beside the other.
    pub(crate) ratio: String,
    pub(crate) goal: String,
    /// `None`: not measured, or there is no goal.
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
            other: String::new(),
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
            None if self.values.is_null() => "not measured",
            None => "",
        }
    }

    /// All of it on a line, for who waits.
    pub(crate) fn summary(&self, other: &str) -> String {
        let parts = [
            (other, &self.other),
            ("tidings", &self.tidings),
            ("ratio", &self.ratio),
            ("goal", &self.goal),
        ];
        let parts = parts.iter().filter(|(_, text)| !text.is_empty());
        let parts: Vec<String> = parts.map(|(key, text)| format!("{key} {text}")).collect();
        let mut line = parts.join(", ");
        if !self.verdict().is_empty() {
            let _ = write!(line, "; {}", self.verdict());
        }
        line
    }
}

/// What a run was made with.
pub(crate) struct Setting {
    /// What the rows compare Tidings with.
    pub(crate) other: &'static str,
    /// What people should know who read the table.
    pub(crate) note: String,
    /// The same for programs.
    pub(crate) values: Value,
    /// The foreign programs, with their versions.
    pub(crate) programs: Vec<String>,
    /// What the machine was at already.
    pub(crate) busy: String,
}

/// Writes the table below the target folder, for people and for programs, and prints it.
pub(crate) fn publish(name: &str, rows: &[Row], setting: &Setting) -> Result<()> {
    let table = markdown(rows, setting);
    let json = serde_json::to_string_pretty(&json(rows, setting))?;
    let target = target()?;
    fs::write(target.join(name).with_extension("md"), &table)?;
    fs::write(target.join(name).with_extension("json"), json + "\n")?;
    println!("\n{table}");
    Ok(())
}

/// The folder that builds are in.
pub(crate) fn target() -> Result<&'static Path> {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent();
    target.context("the target folder has no parent")
}

/// How many threads have wanted a core in the last minute, as the kernel says it.
pub(crate) fn busy() -> String {
    let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    load.split(' ').next().unwrap_or_default().to_owned()
}

/// The table as Markdown.
fn markdown(rows: &[Row], setting: &Setting) -> String {
    let mut text = format!(
        "| row | what | {} | Tidings | ratio (least–most) | goal | |\n\
         | --- | --- | --- | --- | --- | --- | --- |\n",
        setting.other
    );
    for row in rows {
        let _ = writeln!(
            text,
            "| `{}` | {} | {} | {} | {} | {} | {} |",
            row.name,
            row.what,
            row.other,
            row.tidings,
            row.ratio,
            row.goal,
            row.verdict()
        );
    }
    let _ = write!(
        text,
        "\n{} {}. Load average before: {}.\n",
        setting.note,
        machine(&setting.programs).join(", "),
        setting.busy
    );
    text
}

/// The table with every sample, as JSON.
fn json(rows: &[Row], setting: &Setting) -> Value {
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
        "machine": machine(&setting.programs),
        "load_average_before": setting.busy,
        "setting": setting.values,
        "rows": rows.collect::<Value>(),
    })
}

/// Processor, system and programs.
fn machine(programs: &[String]) -> Vec<String> {
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    let processors = read("/proc/cpuinfo");
    let models = processors.lines().filter_map(|line| {
        let (key, value) = line.split_once(':')?;
        (key.trim() == "model name").then(|| value.trim())
    });
    let models: Vec<&str> = models.collect();
    let model = models.first().copied().unwrap_or("unknown");
    let mut machine = vec![
        format!("{} cores of {model}", models.len()),
        format!("Linux {}", read("/proc/sys/kernel/osrelease").trim()),
    ];
    machine.extend_from_slice(programs);
    machine
}

/// The version that a program says it is of, with its name.
pub(crate) fn version(program: &str, option: &str) -> String {
    let said = Command::new(program).arg(option).output();
    let said = said.map(|output| [output.stdout, output.stderr].concat());
    let said = String::from_utf8_lossy(&said.unwrap_or_default()).into_owned();
    // "nginx/1.22.1", "debian/4.1.0-3", "nghttp2/1.52.0"
    let mut words = said.split_whitespace();
    let version = words.find_map(|word| word.split_once('/').filter(|(_, it)| it.contains('.')));
    let (_, version) = version.unwrap_or(("", "of unknown version"));
    format!("{program} {version}")
}
