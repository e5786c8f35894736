//! What `config/README.md` says works: its settings are taken, with its snippets the real proxies pass Tidings on,
//! and the lines that are to prove it print what stands behind them.
//!
//! Ports, paths and addresses are replaced by those of the test; all else is as it stands there. The proxies
//! are foreign programs: see `proxies.rs`.

use std::fmt::Write as _;
use std::fs;
use std::io::Read as _;
use std::net::SocketAddr;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

use crate::proxies::{Proxy, are_foreign_programs_here, free};
use crate::support::{PATIENCE, Setup, Tidings, bare, eventually, program, repository};
use crate::tls::{Authority, NAME};

const GUIDE: &str = "config/README.md";

/// The client's address in the guide, and where our clients come from: not from where the proxies do.
const CLIENT: [&str; 2] = ["203.0.113.7", "127.0.0.2"];

/// Where Tidings is in the guide.
const ADDRESS: &str = "127.0.0.1:7373";

/// What a heading has below it: heading, language of the fence, text.
fn blocks() -> Vec<[String; 3]> {
    let mut heading = String::new();
    let mut open: Option<[String; 3]> = None;
    let mut blocks = Vec::new();
    for line in read(GUIDE).lines() {
        match (&mut open, line.strip_prefix("```"), line.strip_prefix('#')) {
            (Some(_), Some(_), _) => blocks.extend(open.take()),
            (Some([.., text]), None, _) => writeln!(text, "{line}").unwrap(),
            (None, Some(language), _) => {
                assert!(!language.is_empty(), "a fence without a language");
                open = Some([heading.clone(), language.to_owned(), String::new()]);
            }
            (None, None, Some(title)) => {
                title
                    .trim_start_matches(['#', ' '])
                    .clone_into(&mut heading);
            }
            (None, None, None) => {}
        }
    }
    assert!(open.is_none(), "a fence is not closed");
    blocks
}

/// The first block of this language below a heading, with other words for some of its own.
fn block(heading: &str, language: &str, words: &[(&str, &str)]) -> String {
    let mut blocks = blocks().into_iter();
    let found = blocks.find(|[at, of, _]| at == heading && of == language);
    let [.., mut text] = found.unwrap_or_else(|| panic!("no {language} below {heading:?}"));
    for (here, there) in words {
        assert!(
            text.contains(here),
            "{here:?} is not below {heading:?}:\n{text}"
        );
        text = text.replace(here, there);
    }
    text
}

fn read(path: &str) -> String {
    fs::read_to_string(repository().join(path)).unwrap()
}

/// Tidings with the settings below a heading, over the sample articles. It listens where a test can have it.
fn serve(heading: &str, words: &[(&str, &str)], authority: &Authority) -> Tidings {
    let settings = block(heading, "toml", words);
    let (keys, tables) = settings.split_once("\n[").unwrap();
    // That is the harness' own, too.
    assert!(keys.contains(&format!("base_url = \"https://{NAME}/\"")));
    let setup = Setup::new()
        .with_sample_entries()
        .with("listen", "[\"127.0.0.1:0\", \"unix:http.sock\"]")
        .with_only_tables(&format!("[{tables}"));
    let issued = authority.issue(&[NAME]);
    issued.write(setup.folder(), "cert.pem", "key.pem");
    let both = format!("{}{}", issued.cert, issued.key);
    fs::write(setup.folder().join("both.pem"), both).unwrap();
    fs::write(setup.folder().join("authority.pem"), &authority.pem).unwrap();
    setup.start()
}

/// Whoever sits elsewhere and types the guide's lines: the site's name leads to the proxy.
struct Typist<'a> {
    home: TempDir,
    tidings: &'a Tidings,
}

impl<'a> Typist<'a> {
    fn new(tidings: &'a Tidings, [http, https]: [SocketAddr; 2], trusted: &Path) -> Self {
        let home = tempfile::tempdir().unwrap();
        let settings = format!(
            "connect-to = \"{NAME}:80:{http}\"\nconnect-to = \"{NAME}:443:{https}\"\n\
             cacert = \"{}\"\ninterface = \"{}\"\nmax-time = 10\n",
            trusted.display(),
            CLIENT[1],
        );
        fs::write(home.path().join(".curlrc"), settings).unwrap();
        // The journal has what the program says.
        for (name, script) in [
            ("sudo", "exec \"$@\""),
            ("journalctl", "grep client= \"$HOME/log\" | tail -n 1"),
        ] {
            let path = home.path().join(name);
            fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
            fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        Self { home, tidings }
    }

    fn types(&self, line: &str) -> Output {
        let home = self.home.path();
        fs::write(home.join("log"), self.tidings.log()).unwrap();
        let path = std::env::var("PATH").unwrap_or_default();
        let mut shell = bare("sh", home);
        shell
            .env("PATH", format!("{}:{path}", home.display()))
            .env("no_proxy", "*")
            .current_dir(home)
            .args(["-euc", line]);
        shell.output().unwrap()
    }

    /// The line works, and what it prints has this in it.
    fn sees(&self, line: &str, expected: &str) -> String {
        eventually(&format!("{line}\nprints {expected}"), PATIENCE, || {
            let output = self.types(line);
            let printed = String::from_utf8_lossy(&output.stdout).into_owned();
            (output.status.success() && printed.contains(expected)).then_some(printed)
        })
    }

    /// The lines below a heading print what stands behind them.
    fn sees_all(&self, heading: &str, words: &[(&str, &str)]) {
        let mut proven = 0;
        for line in block(heading, "sh", words).lines() {
            let (command, expected) = line.rsplit_once(" # ").unwrap_or((line, ""));
            proven += usize::from(!expected.is_empty());
            self.sees(command, expected);
        }
        assert!(proven > 0, "nothing is proven below {heading:?}");
    }

    /// Who asks without encryption is sent to where there is some.
    fn is_sent_to_https(&self) {
        let line = format!(
            "curl -s -o page -w '%{{http_code}} %{{redirect_url}}' http://{NAME}/atom.xml?a=b"
        );
        let seen = self.sees(&line, &format!(" https://{NAME}/atom.xml?a=b"));
        assert!(
            seen.starts_with("301 ") || seen.starts_with("308 "),
            "{seen}"
        );
    }

    /// What readers need comes through, and nobody can pass for another.
    fn is_served_well(&self) {
        let url = format!("https://{NAME}/atom.xml");
        let plain = self.sees(&format!("curl -s {url}"), "</feed>");
        let head = self.sees(
            &format!("curl -s -D - -o coded -H 'Accept-Encoding: gzip' {url}"),
            " 200",
        );
        assert_eq!(fields(&head, "content-encoding"), ["gzip"], "{head}");
        let coded = fs::read(self.home.path().join("coded")).unwrap();
        let mut bytes = String::new();
        flate2::read::GzDecoder::new(&coded[..])
            .read_to_string(&mut bytes)
            .unwrap();
        assert!(bytes == plain, "compressed once, it is the same");

        let tag = fields(&head, "etag").concat();
        for coding in ["gzip", "identity"] {
            let line = format!(
                "curl -s -D - -o page -H 'Accept-Encoding: {coding}' -H 'If-None-Match: {tag}' {url}"
            );
            let again = self.sees(&line, " 304");
            assert_eq!(fields(&again, "etag"), [tag.as_str()], "{again}");
            assert_eq!(fields(&again, "vary"), ["Accept-Encoding"], "{again}");
        }

        let nobody = "X-Forwarded-For: 192.0.2.200";
        self.sees(
            &format!("curl -s -H '{nobody}' https://{NAME}/no-such-page"),
            "",
        );
        let line = eventually("it is logged", PATIENCE, || {
            let log = self.tidings.log();
            let line = log.lines().find(|line| line.contains("path=/no-such-page"));
            line.map(str::to_owned)
        });
        assert!(
            line.contains(&format!("client=\"{}\"", CLIENT[1])),
            "{line}"
        );
    }
}

/// The values of a field in a head.
fn fields<'a>(head: &'a str, name: &str) -> Vec<&'a str> {
    let fields = head.lines().filter_map(|line| line.split_once(": "));
    let fields = fields.filter(|(it, _)| it.eq_ignore_ascii_case(name));
    fields.map(|(_, value)| value.trim()).collect()
}

/// Where Tidings is to the proxy: the port, then the socket, each with the heading of its settings.
fn places(socket: &str) -> [(&'static str, String); 2] {
    [
        ("First, Tidings itself", ADDRESS.to_owned()),
        ("By a Unix socket", in_the_table(socket)),
    ]
}

/// The proxy's address for a socket, as the table has it.
fn in_the_table(proxy: &str) -> String {
    let guide = read(GUIDE);
    let row = guide.lines().find(|line| {
        line.starts_with(&format!("| {proxy} ")) && line.contains("/run/tidings/http.sock")
    });
    row.unwrap().split('`').nth(1).unwrap().to_owned()
}

/// That address, where the test has it.
fn there(place: &str, tidings: &Tidings) -> String {
    let socket = tidings.folder().join("http.sock").display().to_string();
    place
        .replace(ADDRESS, &tidings.address().to_string())
        .replace("/run/tidings/http.sock", &socket)
}

fn in_folder(tidings: &Tidings, file: &str) -> String {
    tidings.folder().join(file).display().to_string()
}

#[test]
fn caddy_is_set_up_in_three_lines() {
    if !are_foreign_programs_here() {
        return;
    }
    for (settings, place) in places("Caddy") {
        let tidings = serve(settings, &[], &Authority::new());
        let site = block("Caddy", "caddyfile", &[(ADDRESS, &there(&place, &tidings))]);
        let ports = free();
        let caddy = Proxy::caddy(&site, ports);
        let trusted = caddy
            .folder()
            .join("storage/pki/authorities/local/root.crt");
        let typist = Typist::new(&tidings, ports, &trusted);
        typist.sees_all("Caddy", &[CLIENT.into()]);
        typist.is_sent_to_https();
        typist.is_served_well();
    }
}

#[test]
fn nginx_is_set_up() {
    if !are_foreign_programs_here() {
        return;
    }
    for (settings, place) in places("nginx") {
        let tidings = serve(settings, &[], &Authority::new());
        let ports: [SocketAddr; 2] = free();
        let live = "/etc/letsencrypt/live/news.example.org";
        let site = block(
            "nginx",
            "nginx",
            &[
                (ADDRESS, &there(&place, &tidings)),
                // Not every machine has it.
                ("    listen [::]:80;\n", ""),
                ("    listen [::]:443 ssl http2;\n", ""),
                ("listen 80;", &format!("listen {};", ports[0])),
                ("listen 443 ", &format!("listen {} ", ports[1])),
                (
                    &format!("{live}/fullchain.pem"),
                    &in_folder(&tidings, "cert.pem"),
                ),
                (
                    &format!("{live}/privkey.pem"),
                    &in_folder(&tidings, "key.pem"),
                ),
            ],
        );
        // As Debian's nginx.conf has it.
        let _nginx = Proxy::nginx(&format!("gzip on;\n{site}"), &ports);
        let typist = Typist::new(&tidings, ports, &tidings.folder().join("authority.pem"));
        typist.sees_all("nginx", &[CLIENT.into()]);
        typist.is_sent_to_https();
        typist.is_served_well();
    }
}

#[test]
fn haproxy_is_set_up() {
    if !are_foreign_programs_here() {
        return;
    }
    for (settings, place) in places("HAProxy") {
        let tidings = serve(settings, &[], &Authority::new());
        let ports: [SocketAddr; 2] = free();
        let site = block(
            "HAProxy",
            "haproxy",
            &[
                (ADDRESS, &there(&place, &tidings)),
                (":::80 v4v6", &ports[0].to_string()),
                (":::443 v4v6", &ports[1].to_string()),
                (
                    "/etc/haproxy/certs/news.example.org.pem",
                    &in_folder(&tidings, "both.pem"),
                ),
            ],
        );
        let _haproxy = Proxy::haproxy(&site, &ports);
        let typist = Typist::new(&tidings, ports, &tidings.folder().join("authority.pem"));
        typist.sees_all("HAProxy", &[CLIENT.into()]);
        typist.is_sent_to_https();
        typist.is_served_well();
    }
}

/// The certificate, where the settings have it.
const CERTIFICATE: [(&str, &str); 2] = [
    ("/etc/tidings/fullchain.pem", "cert.pem"),
    ("/etc/tidings/privkey.pem", "key.pem"),
];

#[test]
fn connections_can_be_passed_on_as_they_are() {
    if !are_foreign_programs_here() {
        return;
    }
    let heading = "By the PROXY protocol";
    let tidings = serve(heading, &CERTIFICATE, &Authority::new());
    let ports: [SocketAddr; 2] = free();
    let site = block(
        heading,
        "haproxy",
        &[
            ("127.0.0.1:7443", &tidings.address().to_string()),
            (":::443 v4v6", &ports[1].to_string()),
        ],
    );
    let _haproxy = Proxy::haproxy(&site, &ports[1..]);
    let typist = Typist::new(&tidings, ports, &tidings.folder().join("authority.pem"));
    // As the guide says, those of HAProxy hold here, too.
    typist.sees_all("HAProxy", &[CLIENT.into()]);
    typist.is_served_well();
}

/// In its place stands a cache of nginx that does what the guide asks of one: it obeys Tidings, and its key has
/// no query string.
#[test]
fn a_cdn_may_stand_before_it() {
    if !are_foreign_programs_here() {
        return;
    }
    let mut words = CERTIFICATE.to_vec();
    words.push(("192.0.2.0/24", "127.0.0.1/32"));
    let tidings = serve("A CDN", &words, &Authority::new());
    let ports: [SocketAddr; 2] = free();
    let [cert, key, trusted] =
        ["cert.pem", "key.pem", "authority.pem"].map(|file| in_folder(&tidings, file));
    let origin = tidings.address().to_string();
    let cdn = format!(
        "proxy_cache_path cache keys_zone=cdn:1m;\n\
         server {{ listen {}; return 301 https://$host$request_uri; }}\n\
         server {{ listen {} ssl http2; ssl_certificate {cert}; ssl_certificate_key {key};\n\
         location / {{ proxy_pass https://{origin}; proxy_http_version 1.1;\n\
         proxy_ssl_server_name on; proxy_ssl_name {NAME}; proxy_ssl_verify on;\n\
         proxy_ssl_trusted_certificate {trusted};\n\
         proxy_set_header Host $host; proxy_set_header Connection \"\";\n\
         proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;\n\
         proxy_cache cdn; proxy_cache_key $host$uri; proxy_cache_revalidate on;\n\
         add_header X-Cache $upstream_cache_status always; }} }}\n",
        ports[0], ports[1],
    );
    let _cdn = Proxy::nginx(&cdn, &ports);
    let typist = Typist::new(&tidings, ports, &tidings.folder().join("authority.pem"));
    let direct = format!("-q --cacert {trusted} --connect-to ::{origin}");
    typist.sees_all(
        "A CDN",
        &[
            CLIENT.into(),
            (
                "-s --connect-to ::origin.example.net:443",
                &format!("{direct} -s"),
            ),
        ],
    );
    typist.is_sent_to_https();
    typist.is_served_well();
    let url = format!("https://{NAME}/rss.xml");
    typist.sees(&format!("curl -sI '{url}?_=1'"), " 200");
    typist.sees(&format!("curl -sI '{url}?_=2'"), "x-cache: HIT");
}

#[test]
fn its_figures_can_be_read() {
    if !are_foreign_programs_here() {
        return;
    }
    let tidings = Setup::new().with_sample_entries().start();
    let nobody: [SocketAddr; 2] = free();
    let heading = "How it is doing";
    let scraped = block(heading, "yaml", &[]);
    let at = scraped.split_once("targets: [\"").unwrap().1;
    let at = at.split_once('"').unwrap().0;
    let admin = tidings.admin_address().to_string();
    let typist = Typist::new(&tidings, nobody, Path::new("/dev/null"));
    typist.sees_all(heading, &[(at, &admin)]);
    typist.sees(&format!("curl -sI http://{admin}/status"), " 200");
    assert!(
        read("config/tidings.toml").contains(at),
        "the default is another"
    );
}

#[test]
fn all_its_settings_are_right() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("tidings.toml");
    let mut checked = 0;
    for [heading, language, text] in blocks() {
        if language != "toml" {
            continue;
        }
        fs::write(&file, &text).unwrap();
        let mut command = Command::new(program());
        command.args(["config", "check", "--config"]).arg(&file);
        let output = command.current_dir(&folder).output().unwrap();
        assert!(output.status.success(), "{heading}: {output:?}\n{text}");
        checked += 1;
    }
    assert!(checked > 0);
}

/// A Markdown heading's anchor.
fn anchor(heading: &str) -> String {
    let kept = heading.trim_start_matches(['#', ' ']).chars();
    let kept = kept.filter(|it| it.is_alphanumeric() || " -_".contains(*it));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

#[test]
fn all_links_lead_somewhere() {
    for document in [GUIDE, "README.md"] {
        let text = read(document);
        let text: String = text.split("```").step_by(2).collect();
        let folder = Path::new(document).parent().unwrap();
        let links = text.match_indices("](");
        let links = links.map(|(at, _)| text[at + 2..].split(')').next().unwrap());
        for link in links.filter(|link| !link.contains("://")) {
            let (path, part) = link.split_once('#').unwrap_or((link, ""));
            let target = if path.is_empty() {
                document.into()
            } else {
                folder.join(path)
            };
            assert!(repository().join(&target).exists(), "{document}: {link}");
            if !part.is_empty() {
                let target = read(target.to_str().unwrap());
                let mut headings = target.lines().filter(|line| line.starts_with('#'));
                assert!(headings.any(|it| anchor(it) == part), "{document}: {link}");
            }
        }
    }
}
