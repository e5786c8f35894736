use std::io::Write;

use super::*;

/// An open file of these bytes.
fn file(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    file
}

fn synchsafe(size: usize) -> [u8; 4] {
    [21, 14, 7, 0].map(|shift| u8::try_from((size >> shift) & 0x7F).unwrap())
}

/// A frame of ID3v2.4.
fn frame(name: &str, content: &[u8]) -> Vec<u8> {
    let size = synchsafe(content.len());
    [name.as_bytes(), &size, &[0, 0], content].concat()
}

fn text(name: &str, text: &str) -> Vec<u8> {
    frame(name, &[&[3], text.as_bytes()].concat())
}

fn picture(media_type: &str, kind: u8, bytes: &[u8]) -> Vec<u8> {
    let head = [&[3], media_type.as_bytes(), &[0, kind, 0]].concat();
    frame("APIC", &[&head, bytes].concat())
}

fn chapter(number: u8, start: u32, inside: &[Vec<u8>]) -> Vec<u8> {
    let times = [start, start + 1000, u32::MAX, u32::MAX].map(u32::to_be_bytes);
    let name = [b'c', b'0' + number, 0];
    frame(
        "CHAP",
        &[&name, &times.concat()[..], &inside.concat()].concat(),
    )
}

/// An MP3 file with these frames, and a second or so of silence.
fn mp3(frames: &[Vec<u8>]) -> Vec<u8> {
    let frames = frames.concat();
    let mut file = [b"ID3\x04\x00\x00", &synchsafe(frames.len())[..], &frames].concat();
    for _ in 0..38 {
        file.extend([0xFF, 0xFB, 0x90, 0x64]);
        file.extend([0; 413]);
    }
    file
}

const JPEG: &[u8] = b"\xFF\xD8\xFF\xE0 a picture";
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n another";

#[test]
fn the_cover_is_the_front_cover_that_browsers_can_show() {
    let check = |frames: &[Vec<u8>], expected: Option<(Inlay, &[u8])>| {
        let mut file = file(&mp3(frames));
        let said = probe(&mut file);
        assert_eq!(said.title.as_deref(), Some("Fog"));
        assert_eq!(said.seconds, Some(1));
        let sizes: Vec<_> = expected
            .iter()
            .map(|(inlay, bytes)| (*inlay, bytes.len() as u64))
            .collect();
        assert_eq!(said.inlays, sizes);
        for wanted in Inlay::ALL {
            let bytes = expected
                .filter(|(inlay, _)| *inlay == wanted)
                .map(|it| it.1);
            assert_eq!(inlay(&mut file, wanted).as_deref(), bytes, "{wanted:?}");
        }
    };
    let title = text("TIT2", "Fog");
    check(std::slice::from_ref(&title), None);
    check(
        &[title.clone(), picture("image/jpeg", 3, JPEG)],
        Some((Inlay::Jpeg, JPEG)),
    );
    // What it is, its own first bytes say, whatever the tag does.
    check(
        &[title.clone(), picture("image/gif", 3, PNG)],
        Some((Inlay::Png, PNG)),
    );
    check(
        &[title.clone(), picture("image/png", 3, b"<svg onload='x'>")],
        None,
    );
    let (back, front) = (picture("image/png", 4, PNG), picture("image/jpeg", 3, JPEG));
    check(&[title, back, front], Some((Inlay::Jpeg, JPEG)));
}

#[test]
fn too_large_a_cover_is_passed_over_and_the_rest_is_not() {
    let inlays = |frames: &[Vec<u8>]| {
        let said = probe(&mut file(&mp3(frames)));
        assert_eq!(said.title.as_deref(), Some("Fog"));
        said.inlays
    };
    let sized = |size: usize| {
        let mut bytes = JPEG.to_vec();
        bytes.resize(size, 0);
        picture("image/jpeg", 3, &bytes)
    };
    let title = text("TIT2", "Fog");
    let largest = (Inlay::Jpeg, MAX_COVER as u64);
    assert_eq!(inlays(&[sized(MAX_COVER), title.clone()]), [largest]);
    assert_eq!(inlays(&[sized(MAX_COVER + 1), title.clone()]), []);
    // Many that are small enough each are too much together.
    let chapters = chapter(1, 0, &[text("TIT2", "One")]);
    let many = vec![sized(MAX_COVER); 3];
    let frames = [many, vec![title, chapters]].concat();
    let found = inlays(&frames);
    assert!(matches!(found[..], [(Inlay::Chapters, _)]), "{found:?}");
}

#[test]
fn chapters_of_an_mp3_are_its_frames() {
    let link = frame("WXXX", b"\x03\x00https://example.org/two");
    let hostile = frame("WXXX", b"\x03\x00javascript:alert(1)");
    let mut file = file(&mp3(&[
        text("TIT2", "Fog"),
        chapter(2, 61_500, &[text("TIT2", "Two"), link]),
        chapter(1, 0, &[text("TIT2", "One"), hostile]),
    ]));
    let json = inlay(&mut file, Inlay::Chapters).unwrap();
    assert_eq!(
        probe(&mut file).inlays,
        [(Inlay::Chapters, json.len() as u64)]
    );
    assert_eq!(
        String::from_utf8(json).unwrap(),
        "{\"version\":\"1.2.0\",\"chapters\":[{\"startTime\":0,\"title\":\"One\"},\
         {\"startTime\":61.5,\"title\":\"Two\",\"url\":\"https://example.org/two\"}]}"
    );
}

/// One page of an Ogg stream; the sum is right, since readers may check it. (RFC 3533 section 6)
fn page(kind: u8, number: u32, packet: &[u8]) -> Vec<u8> {
    let mut segments = vec![255_u8; packet.len() / 255];
    segments.push(u8::try_from(packet.len() % 255).unwrap());
    let count = u8::try_from(segments.len()).unwrap();
    let mut page = [b"OggS\0", &[kind][..], &[0; 8], &[1, 0, 0, 0]].concat();
    page.extend(number.to_le_bytes());
    page.extend([0; 4]);
    page.push(count);
    page.extend(segments);
    page.extend(packet);
    let mut sum = 0_u32;
    for byte in &page {
        sum ^= u32::from(*byte) << 24;
        for _ in 0..8 {
            let carry = sum >> 31 == 1;
            sum = (sum << 1) ^ if carry { 0x04C1_1DB7 } else { 0 };
        }
    }
    page[22..26].copy_from_slice(&sum.to_le_bytes());
    page
}

#[test]
fn chapters_of_an_ogg_file_are_its_comments() {
    let comments = [
        "TITLE=Fog",
        "CHAPTER001=00:01:01.500",
        "chapter001name=Two",
        "CHAPTER000=00:00:00.000",
        "CHAPTER000NAME=One",
        "CHAPTER000URL=https://example.org/one",
        "CHAPTER002NAME=Never",
        "CHAPTERS=3",
    ];
    let mut tags = b"OpusTags\0\0\0\0".to_vec();
    tags.extend(u32::try_from(comments.len()).unwrap().to_le_bytes());
    for comment in comments {
        tags.extend(u32::try_from(comment.len()).unwrap().to_le_bytes());
        tags.extend(comment.as_bytes());
    }
    let head = b"OpusHead\x01\x01\x00\x00\x80\xBB\x00\x00\x00\x00\x00";
    let stream = [page(2, 0, head), page(0, 1, &tags), page(4, 2, &[0; 20])].concat();
    let mut file = file(&stream);
    assert_eq!(probe(&mut file).title.as_deref(), Some("Fog"));
    assert_eq!(
        String::from_utf8(inlay(&mut file, Inlay::Chapters).unwrap()).unwrap(),
        "{\"version\":\"1.2.0\",\"chapters\":[\
         {\"startTime\":0,\"title\":\"One\",\"url\":\"https://example.org/one\"},\
         {\"startTime\":61.5,\"title\":\"Two\"}]}"
    );
}
