//! What the packages are made of is there. `.ci/package` installs one.

use std::fs;
use std::process::Command;

use crate::support::repository;

/// What build.sh makes.
const MADE: &str = "target/debian-assets/";

#[test]
fn the_debian_package_is_made_of_what_is_there() {
    let manifest = fs::read_to_string(repository().join("Cargo.toml")).unwrap();
    let manifest: toml::Table = manifest.parse().unwrap();
    let deb = manifest["package"]["metadata"]["deb"].as_table().unwrap();
    let build = fs::read_to_string(repository().join("config/debian/build.sh")).unwrap();
    let assets = deb["assets"].as_array().unwrap();
    assert!(!assets.is_empty());
    let mut targets = Vec::new();
    for asset in assets {
        let source = asset[0].as_str().unwrap();
        if let Some(made) = source.strip_prefix(MADE) {
            let made = made.split('/').next().unwrap();
            assert!(
                build.contains(&format!("\"$made/{made}\"")),
                "{source} is not made"
            );
        } else {
            assert!(repository().join(source).is_file(), "{source} is not there");
        }
        targets.push(format!("/{}", asset[1].as_str().unwrap()));
    }
    for file in deb["conf-files"].as_array().unwrap() {
        let folder = file.as_str().unwrap().rsplit_once('/').unwrap().0;
        assert!(
            targets.contains(&format!("{folder}/")),
            "{file} is in no asset"
        );
    }
}

#[test]
fn scripts_have_no_slip_of_syntax() {
    for script in [
        ".ci/package",
        "config/debian/build.sh",
        "config/debian/postinst",
        "config/debian/prerm",
        "config/debian/postrm",
    ] {
        let path = repository().join(script);
        let text = fs::read_to_string(&path).unwrap();
        let shell = if text.starts_with("#!/bin/sh") {
            "sh"
        } else {
            "bash"
        };
        let output = Command::new(shell).arg("-n").arg(&path).output().unwrap();
        assert!(output.status.success(), "{script}: {output:?}");
    }
}

/// Instructions that name no file.
const OTHERS: [&str; 10] = [
    "ARG",
    "CMD",
    "ENTRYPOINT",
    "ENV",
    "EXPOSE",
    "HEALTHCHECK",
    "RUN",
    "STOPSIGNAL",
    "VOLUME",
    "WORKDIR",
];

/// The build without a network is no test for here; but a file that moved would be noticed only there.
#[test]
fn the_container_is_made_of_what_is_there() {
    let file = repository().join("config/docker/Dockerfile");
    let file = fs::read_to_string(file).unwrap().replace("\\\n", " ");
    let lines = file
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty());
    let mut made = vec![
        "/usr/share/zoneinfo".to_owned(),
        "/source/target/release/tidings".to_owned(),
    ];
    let mut stages = 0;
    let mut user = None;
    for line in lines {
        let mut words = line.split_whitespace();
        let instruction = words.next().unwrap();
        let words: Vec<&str> = words.filter(|word| !word.starts_with("--chown")).collect();
        match (instruction, words.as_slice()) {
            ("FROM", [image, ..]) => {
                stages += 1;
                let is_pinned = image
                    .rsplit_once(':')
                    .is_some_and(|(_, tag)| tag.contains('.'));
                assert!(
                    *image == "scratch" || is_pinned,
                    "{image} may be another one tomorrow"
                );
            }
            ("RUN", ["mkdir", "-p", folders @ ..]) => {
                let folders = folders.iter().take_while(|word| **word != "&&");
                made.extend(folders.map(|&folder| folder.to_owned()));
            }
            ("COPY", ["--from=build", source, _]) => {
                assert!(made.contains(&(*source).to_owned()), "{source} is not made");
            }
            ("COPY", [source, _]) => {
                assert!(repository().join(source).exists(), "{source} is not there");
            }
            ("USER", [who]) => user = Some((*who).to_owned()),
            (other, _) if OTHERS.contains(&other) => {}
            _ => panic!("no instruction: {line}"),
        }
    }
    assert_eq!((stages, user.as_deref()), (2, Some("65532:65532")));
    let ignored = fs::read_to_string(repository().join(".dockerignore")).unwrap();
    for needed in [
        "Cargo.toml",
        "Cargo.lock",
        "src",
        "config",
        "benches",
        "tests",
    ] {
        assert!(
            !ignored.lines().any(|line| line == needed),
            "{needed} is needed to build"
        );
    }
}
