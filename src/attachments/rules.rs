//! What a file is, by its content; and pictures without the place where they were taken. Pure.

use bytes::Bytes;
use img_parts::{DynImage, ImageEXIF};

/// Types that are taken, and the extension that they get.
const TYPES: &[(&str, &str)] = &[
    ("image/jpeg", "jpg"),
    ("image/png", "png"),
    ("image/webp", "webp"),
    ("application/pdf", "pdf"),
    ("audio/mpeg", "mp3"),
    ("audio/x-wav", "wav"),
    ("audio/m4a", "m4a"),
    ("audio/amr", "amr"),
    ("video/mp4", "mp4"),
    (
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "docx",
    ),
    (
        "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        "xlsx",
    ),
];

/// A file that may be kept.
#[derive(Debug, PartialEq, Eq)]
pub struct Accepted {
    /// Its media type, by its content.
    pub media_type: &'static str,
    /// The bytes to keep.
    pub bytes: Bytes,
}

/// Why a file is not kept.
#[derive(Debug, PartialEq, Eq)]
pub enum Refused {
    /// Nothing in it.
    Empty,
    /// A type that is not taken, or none that can be told.
    Type(Option<&'static str>),
    /// It says that it is something else.
    SaysOtherwise {
        /// What it is.
        is: &'static str,
    },
    /// A picture that can't be read.
    Broken,
}

/// Judges a file by its content; `claimed` is what the client says it is.
///
/// # Errors
/// Why it is not kept.
pub fn accept(claimed: Option<&str>, bytes: Bytes) -> Result<Accepted, Refused> {
    if bytes.is_empty() {
        return Err(Refused::Empty);
    }
    let found = infer::get(&bytes).map(|kind| kind.mime_type());
    let (media_type, _) = TYPES
        .iter()
        .find(|(known, _)| Some(*known) == found)
        .ok_or(Refused::Type(found))?;
    if claimed.is_some_and(|claimed| !agrees(claimed, media_type)) {
        return Err(Refused::SaysOtherwise { is: media_type });
    }
    let bytes = if media_type.starts_with("image/") {
        without_place(bytes).ok_or(Refused::Broken)?
    } else {
        bytes
    };
    Ok(Accepted { media_type, bytes })
}

fn agrees(claimed: &str, is: &str) -> bool {
    let claimed = claimed
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    let class = |text: &str| text.split('/').next().unwrap_or_default().to_owned();
    // Audio and video have many names for one thing; the class must fit. Unsaid is no lie.
    claimed == is
        || claimed == "application/octet-stream"
        || (claimed == "image/jpg" && is == "image/jpeg")
        || (matches!(class(is).as_str(), "audio" | "video") && class(&claimed) == class(is))
}

/// The extension of a media type.
#[must_use]
pub fn extension(media_type: &str) -> &'static str {
    TYPES
        .iter()
        .find(|(known, _)| *known == media_type)
        .map_or("bin", |(_, extension)| extension)
}

/// A name without folders and control characters, of at most 120 characters.
#[must_use]
pub fn safe_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let clean: String = last
        .chars()
        .filter(|c| !c.is_control() && !"\"<>|:*?".contains(*c))
        .take(120)
        .collect();
    if clean.trim().is_empty() {
        "file".to_owned()
    } else {
        clean.trim().to_owned()
    }
}

/// Takes all metadata (EXIF, and with it the position) out of a picture; only its orientation is kept, so that it
/// still stands upright.
fn without_place(bytes: Bytes) -> Option<Bytes> {
    let mut image = DynImage::from_bytes(bytes).ok()??;
    let orientation = image.exif().and_then(|exif| orientation(&exif));
    image.set_exif(orientation.map(only_orientation));
    drop_xmp(&mut image);
    Some(image.encoder().bytes())
}

/// XMP can hold a position too: JPEG keeps it in another APP1 segment, PNG in a text chunk, WebP in its own chunk.
fn drop_xmp(image: &mut DynImage) {
    match image {
        DynImage::Jpeg(jpeg) => jpeg.segments_mut().retain(|segment| {
            segment.marker() != img_parts::jpeg::markers::APP1 || segment.contents().starts_with(b"Exif\0\0")
        }),
        DynImage::Png(png) => png
            .chunks_mut()
            .retain(|chunk| !matches!(&chunk.kind(), b"iTXt" | b"tEXt" | b"zTXt")),
        DynImage::WebP(webp) => webp.remove_chunks_by_id(*b"XMP "),
    }
}

/// The orientation (tag 0x0112 of the first directory) of a TIFF block.
fn orientation(exif: &[u8]) -> Option<u8> {
    let little = exif.get(..2)? == b"II";
    let short = |at: usize| -> Option<u16> {
        let pair: [u8; 2] = exif.get(at..at + 2)?.try_into().ok()?;
        Some(if little {
            u16::from_le_bytes(pair)
        } else {
            u16::from_be_bytes(pair)
        })
    };
    let long = |at: usize| -> Option<usize> {
        let four: [u8; 4] = exif.get(at..at + 4)?.try_into().ok()?;
        usize::try_from(if little {
            u32::from_le_bytes(four)
        } else {
            u32::from_be_bytes(four)
        })
        .ok()
    };
    let directory = long(4)?;
    let entries = usize::from(short(directory)?);
    (0..entries.min(200))
        .find_map(|n| {
            let at = directory.checked_add(2 + n * 12)?;
            (short(at)? == 0x0112).then(|| short(at + 8)).flatten()
        })
        .and_then(|value| u8::try_from(value).ok())
        .filter(|value| (1..=8).contains(value))
}

/// A TIFF block with one entry.
fn only_orientation(orientation: u8) -> Bytes {
    let mut block = vec![b'M', b'M', 0, 42, 0, 0, 0, 8, 0, 1];
    block.extend_from_slice(&[0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, orientation, 0, 0]);
    block.extend_from_slice(&[0, 0, 0, 0]);
    block.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use img_parts::jpeg::{Jpeg, JpegSegment, markers};
    use proptest::prelude::*;

    /// A JPEG with an orientation, a position and an XMP packet; its picture data does not matter here.
    fn picture() -> Bytes {
        let mut exif = b"Exif\0\0II*\0\x08\0\0\0\x02\0".to_vec();
        exif.extend_from_slice(&[0x12, 0x01, 3, 0, 1, 0, 0, 0, 6, 0, 0, 0]);
        exif.extend_from_slice(&[0x25, 0x88, 4, 0, 1, 0, 0, 0, 38, 0, 0, 0, 0, 0, 0, 0]);
        exif.extend_from_slice(b"GPSPOSITION");
        let mut jpeg = Jpeg::from_bytes(Bytes::from_static(&[
            0xFF, 0xD8, 0xFF, 0xE0, 0, 16, b'J', b'F', b'I', b'F', 0, 1, 1, 0, 0, 1, 0, 1, 0, 0, 0xFF, 0xDA,
            0, 8, 1, 1, 0, 0, 63, 0, 1, 2, 3, 0xFF, 0xD9,
        ]))
        .unwrap();
        jpeg.segments_mut()
            .insert(1, JpegSegment::new_with_contents(markers::APP1, exif.into()));
        let xmp = Bytes::from_static(b"http://ns.adobe.com/xap/1.0/\0<x>GPSLatitude</x>");
        jpeg.segments_mut()
            .insert(2, JpegSegment::new_with_contents(markers::APP1, xmp));
        jpeg.encoder().bytes()
    }

    #[test]
    fn the_place_goes_and_the_orientation_stays() {
        let kept = accept(Some("image/jpeg"), picture()).unwrap().bytes;
        let text = String::from_utf8_lossy(&kept).into_owned();
        assert!(!text.contains("GPS"), "position and XMP are gone");
        let exif = DynImage::from_bytes(kept).unwrap().unwrap().exif().unwrap();
        assert_eq!(orientation(&exif), Some(6));
    }

    #[test]
    fn a_file_is_what_its_content_says() {
        assert_eq!(accept(None, Bytes::new()), Err(Refused::Empty));
        assert_eq!(
            accept(Some("image/png"), picture()),
            Err(Refused::SaysOtherwise { is: "image/jpeg" })
        );
        assert!(matches!(
            accept(None, Bytes::from_static(b"<html><script>")),
            Err(Refused::Type(_))
        ));
        assert!(matches!(
            accept(None, Bytes::from_static(b"MZ\x90\0")),
            Err(Refused::Type(_))
        ));
        assert_eq!(
            accept(None, Bytes::from_static(b"%PDF-1.7 x"))
                .unwrap()
                .media_type,
            "application/pdf"
        );
    }

    #[test]
    fn names_lose_folders_and_what_shells_dislike() {
        assert_eq!(safe_name("../../etc/pass\nwd"), "passwd");
        assert_eq!(safe_name("C:\\照片\\现场 1.jpg"), "现场 1.jpg");
        assert_eq!(safe_name("///"), "file");
    }

    proptest! {
        #[test]
        fn judging_never_panics(mut bytes in prop::collection::vec(any::<u8>(), 0..400), picture_like in any::<bool>()) {
            if picture_like {
                let mut start = vec![0xFF, 0xD8, 0xFF, 0xE1];
                start.append(&mut bytes);
                bytes = start;
            }
            let _ = accept(None, bytes.clone().into());
            let _ = orientation(&bytes);
        }
    }
}
