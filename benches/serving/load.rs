//! As many requests as the servers take, from the other core: wrk, and h2load for HTTP/2.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};

/// The core that requests come from.
pub(crate) const CORE: &str = "1";

/// What wrk prints at its end, on one line: requests, bytes, microseconds, failures.
const SCRIPT: &str = r#"
local n, at, asked = 0, 0, {}

-- Without a list, all requests are the same, and wrk makes them from its arguments.
function list(file)
  for line in io.lines(file) do
    local path, tag = line:match("^(%S+) (.*)$")
    n = n + 1
    asked[n] = { path, tag }
  end
end

function prepare()
  for i = 1, n do
    local headers = { ["Accept-Encoding"] = "gzip", ["If-None-Match"] = asked[i][2] }
    asked[i] = wrk.format("GET", asked[i][1], headers)
  end
end

function next_of_list()
  at = at % n + 1
  return asked[at]
end

function done(summary, latency, requests)
  local e = summary.errors
  local failures = e.connect + e.read + e.write + e.status + e.timeout
  io.write(string.format("\nRESULT %.0f %.0f %.0f %.0f\n", summary.requests, summary.bytes, summary.duration, failures))
end
"#;

/// What was sent and came back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Load {
    pub(crate) requests: f64,
    pub(crate) bytes: f64,
    pub(crate) seconds: f64,
}

impl Load {
    /// So many answers of one length.
    #[allow(clippy::cast_precision_loss, reason = "no load is so large")]
    pub(crate) fn of(requests: usize, length: usize, time: Duration) -> Self {
        Self {
            requests: requests as f64,
            bytes: (requests * length) as f64,
            seconds: time.as_secs_f64(),
        }
    }
}

/// What wrk is to ask for.
pub(crate) enum Asked<'a> {
    /// The same again and again, with these fields.
    One { url: &'a str, fields: &'a [String] },
    /// One after the other and then all over, from a file with a path and a tag on each line; the URL
    /// says where.
    List { url: &'a str, file: &'a Path },
}

/// Keeps `connections` busy for so many seconds. `folder` is for what wrk has to read.
pub(crate) fn wrk(asked: &Asked, connections: usize, seconds: u32, folder: &Path) -> Result<Load> {
    let script = folder.join("wrk.lua");
    let mut text = SCRIPT.to_owned();
    let mut command = pinned("wrk");
    command.args(["--threads", "1", "--timeout", "10"]);
    command.args(["--connections", &connections.to_string()]);
    command.args(["--duration", &format!("{seconds}s")]);
    let url = match asked {
        Asked::One { url, fields } => {
            for field in *fields {
                command.args(["--header", field]);
            }
            url
        }
        Asked::List { url, file } => {
            let file = file.display().to_string();
            let _ = writeln!(
                text,
                "list({file:?})\nfunction init(args) prepare() end\nrequest = next_of_list"
            );
            url
        }
    };
    fs::write(&script, text)?;
    command.arg("--script").arg(&script).arg(url);
    let said = run(command)?;
    let line = said.lines().find_map(|line| line.strip_prefix("RESULT "));
    let line = line.with_context(|| format!("wrk did not say what it did:\n{said}"))?;
    let numbers: Vec<f64> = line
        .split(' ')
        .map(str::parse)
        .collect::<Result<_, _>>()
        .with_context(|| line.to_owned())?;
    let [requests, bytes, microseconds, failures] = numbers[..] else {
        bail!("wrk said {line:?}");
    };
    ensure!(failures == 0.0, "{failures} of {requests} requests failed");
    ensure!(requests > 0.0, "no request was answered");
    Ok(Load {
        requests,
        bytes,
        seconds: microseconds / 1e6,
    })
}

/// What h2load is to do.
pub(crate) struct H2load<'a> {
    pub(crate) url: &'a str,
    pub(crate) fields: &'a [String],
    /// More options of it.
    pub(crate) options: &'a [&'a str],
    /// The only status that may come back: `"2xx"` or `"3xx"`.
    pub(crate) status: &'a str,
}

/// Has h2load send its requests.
pub(crate) fn h2load(asked: &H2load) -> Result<Load> {
    let mut command = pinned("h2load");
    command.args(["--threads", "1"]);
    for field in asked.fields {
        command.args(["--header", field]);
    }
    command.args(asked.options).arg(asked.url);
    let said = run(command)?;
    let told = |key: &str, unit: &str| told(&said, key, unit).with_context(|| said.clone());
    let requests = told("requests: ", " done")?;
    let right = told("status codes: ", &format!(" {}", asked.status))?;
    // Those that were under way when time was up are in one number and not in the other.
    ensure!(
        requests > 0.0 && right >= requests,
        "not all of {requests} answers are {}:\n{said}",
        asked.status
    );
    let traffic = told("traffic: ", ") total")?;
    let rate = told("finished in ", " req/s")?;
    Ok(Load {
        requests,
        bytes: traffic,
        seconds: requests / rate,
    })
}

/// The number before `unit` on the line that begins with `key`.
fn told(said: &str, key: &str, unit: &str) -> Option<f64> {
    let line = said.lines().find_map(|line| line.strip_prefix(key))?;
    let (before, _) = line.split_once(unit)?;
    let digits = |letter: char| letter.is_ascii_digit() || letter == '.';
    let start = before
        .rfind(|letter| !digits(letter))
        .map_or(0, |at| at + 1);
    before.get(start..)?.parse().ok()
}

fn pinned(program: &str) -> Command {
    let mut command = Command::new("taskset");
    command.args(["--cpu-list", CORE, program]);
    command
}

fn run(mut command: Command) -> Result<String> {
    let output = command.output()?;
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    if !output.status.success() {
        let wrong = String::from_utf8_lossy(&output.stderr);
        bail!("{command:?}: {}\n{said}\n{wrong}", output.status);
    }
    Ok(said)
}
