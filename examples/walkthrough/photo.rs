//! A photo as a telephone takes it: a JPEG that tells in its metadata where it was taken.

/// The metadata's words that must not survive.
pub const POSITION: &[u8] = b"GPS-22.5931N-113.0712E";

/// A very small picture: no more of a JPEG than its frame, with an EXIF block in it.
pub fn taken_at_the_door() -> Vec<u8> {
    let mut exif = b"Exif\0\0II*\0\x08\0\0\0\x01\0".to_vec();
    // One entry of the directory: the pointer to the position (tag 0x8825).
    exif.extend_from_slice(&[0x25, 0x88, 4, 0, 1, 0, 0, 0, 26, 0, 0, 0, 0, 0, 0, 0]);
    exif.extend_from_slice(POSITION);
    let mut photo = vec![0xFF, 0xD8, 0xFF, 0xE0, 0, 16];
    photo.extend_from_slice(b"JFIF\0\x01\x01\0\0\x01\0\x01\0\0");
    let length = u16::try_from(exif.len() + 2).unwrap_or(u16::MAX).to_be_bytes();
    photo.extend_from_slice(&[0xFF, 0xE1]);
    photo.extend_from_slice(&length);
    photo.extend_from_slice(&exif);
    photo.extend_from_slice(&[0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0, 1, 2, 3, 0xFF, 0xD9]);
    photo
}

/// Whether bytes hold the position.
pub fn tells_where(bytes: &[u8]) -> bool {
    bytes.windows(POSITION.len()).any(|window| window == POSITION)
}
