//! What is done to the machine, step by step; each step is told, and a rehearsal only tells.

use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use anyhow::{Context, bail};

use super::units::{File, MARK};
use crate::cli::UsageError;

/// Whose systemd it is about.
#[derive(Debug, Default)]
pub(super) struct Machine {
    /// That of the user who asks, not of the machine.
    pub(super) is_user: bool,
    /// Not this machine, but the one whose files lie below this folder.
    pub(super) root: Option<PathBuf>,
    /// Nothing is done.
    pub(super) is_rehearsal: bool,
}

impl Machine {
    /// That systemd is there. Elsewhere nothing can be installed.
    pub(super) fn has_systemd(&self) -> anyhow::Result<()> {
        if self.root.is_some() || self.is_rehearsal {
            return Ok(());
        }
        let mut version = self.systemctl(&["show", "--property=Version", "--value"]);
        let whose = if self.is_user { " for this user" } else { "" };
        let reason = match version.output() {
            Ok(Output { status, .. }) if status.success() => return Ok(()),
            Ok(Output { stderr, .. }) => {
                let said = String::from_utf8_lossy(&stderr);
                said.lines().next().unwrap_or_default().trim().to_owned()
            }
            Err(error) => format!("systemctl: {error}"),
        };
        Err(UsageError(format!(
            "no systemd runs{whose} here ({reason}): expected one, or that `tidings serve` is started by \
             whatever starts services here"
        ))
        .into())
    }

    /// Writes a file, in place of one that was written before. Returns whether that changed anything.
    pub(super) fn write(&self, file: &File) -> anyhow::Result<bool> {
        let path = self.place(&file.path);
        let shown = path.display();
        match self.read(&file.path)? {
            Some(text) if text == file.text => {
                say(format_args!("{shown} is as it should be"))?;
                return Ok(false);
            }
            Some(text) if !text.starts_with(MARK) => {
                return Err(UsageError(format!(
                    "{shown} is there, and not from `tidings service install`: expected it to be \
                     moved away first"
                ))
                .into());
            }
            _ => {}
        }
        if self.is_rehearsal {
            say(format_args!("would write {shown}:"))?;
            for line in file.text.lines() {
                say(format_args!("    {line}"))?;
            }
            return Ok(true);
        }
        self.create(&path, &file.text)?;
        say(format_args!("wrote {shown}"))?;
        Ok(true)
    }

    /// Writes a file that people edit, if it is not there.
    pub(super) fn begin(&self, path: &str, text: &str) -> anyhow::Result<()> {
        let path = self.place(Path::new(path));
        if path.exists() {
            return Ok(());
        }
        if self.is_rehearsal {
            return say(format_args!("would write {}", path.display()));
        }
        self.create(&path, text)?;
        say(format_args!("wrote {}", path.display()))
    }

    fn create(&self, path: &Path, text: &str) -> anyhow::Result<()> {
        let made = path.parent().map_or(Ok(()), std::fs::create_dir_all);
        let written = made.and_then(|()| std::fs::write(path, text));
        let hint = |error: &io::Error| match error.kind() {
            ErrorKind::PermissionDenied if !self.is_user && self.root.is_none() => {
                " (expected to be root, or --user)"
            }
            _ => "",
        };
        written.map_err(|error| {
            let text = format!("can't write {}{}", path.display(), hint(&error));
            anyhow::Error::new(error).context(text)
        })
    }

    /// Whether a file is there, and was written before.
    pub(super) fn is_ours(&self, path: &Path) -> anyhow::Result<bool> {
        let text = self.read(path)?;
        Ok(text.is_some_and(|text| text.starts_with(MARK)))
    }

    /// Removes a file that was written before.
    pub(super) fn remove(&self, path: &Path) -> anyhow::Result<()> {
        if !self.is_ours(path)? {
            return Ok(());
        }
        let path = self.place(path);
        let shown = path.display();
        if self.is_rehearsal {
            return say(format_args!("would remove {shown}"));
        }
        std::fs::remove_file(&path).with_context(|| format!("can't remove {shown}"))?;
        say(format_args!("removed {shown}"))
    }

    /// What is in a file; `None` if there is none.
    pub(super) fn read(&self, path: &Path) -> anyhow::Result<Option<String>> {
        let path = self.place(path);
        #[expect(clippy::disallowed_methods, reason = "units are read here")]
        match std::fs::read(&path) {
            Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error).with_context(|| format!("can't read {}", path.display())),
        }
    }

    /// Runs `systemctl` with these arguments, to its end.
    pub(super) fn control(&self, arguments: &[&str]) -> anyhow::Result<()> {
        self.run(self.systemctl(arguments))
    }

    /// Runs a command of systemd's, to its end.
    pub(super) fn command(&self, program: &str, arguments: &[&str]) -> anyhow::Result<()> {
        let mut command = Command::new(program);
        command.args(arguments);
        self.run(command)
    }

    fn run(&self, mut command: Command) -> anyhow::Result<()> {
        let words = std::iter::once(command.get_program()).chain(command.get_args());
        let words: Vec<_> = words.map(|word| word.to_string_lossy()).collect();
        let line = words.join(" ");
        if self.is_rehearsal {
            return say(format_args!("would run {line}"));
        }
        let status = command.stdin(Stdio::null()).status();
        let status = status.with_context(|| format!("can't run {line}"))?;
        if !status.success() {
            bail!("{line}: {status}");
        }
        say(format_args!("ran {line}"))
    }

    /// `systemctl`, for who it is about.
    pub(super) fn systemctl(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("systemctl");
        if self.is_user {
            command.arg("--user");
        }
        if let Some(root) = &self.root {
            command.arg("--root").arg(root);
        }
        command.args(arguments).stdin(Stdio::null());
        command
    }

    /// Where a file of the machine is from here.
    pub(super) fn place(&self, path: &Path) -> PathBuf {
        match (&self.root, path.strip_prefix("/")) {
            (Some(root), Ok(below)) => root.join(below),
            _ => path.to_owned(),
        }
    }
}

/// One line to standard output.
pub(super) fn say(line: std::fmt::Arguments<'_>) -> anyhow::Result<()> {
    writeln!(io::stdout(), "{line}").context("can't write to standard output")
}
