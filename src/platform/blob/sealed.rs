//! Files that are sealed as they are written, piece by piece: they may be large, and hold what is about persons.
//!
//! A piece is its length (4 bytes, big-endian), whether it is the last (1 byte), and the sealed bytes. Its number and
//! whether it is the last are bound to the seal: a file whose pieces were moved, left out or cut off does not open.

use crate::platform::blob::Blobs;
use crate::platform::crypto::vault::Vault;
use crate::platform::error::{AppError, Code};
use aws_lc_rs::digest;
use bytes::{Buf, Bytes, BytesMut};
use futures_util::stream::{self, BoxStream, Stream, StreamExt};
use object_store::buffered::BufWriter;
use std::sync::Arc;
use tokio::io::AsyncWriteExt;

/// Bytes of a piece before it is sealed.
const PIECE: usize = 256 * 1024;
/// What stands before the sealed bytes of a piece.
const HEAD: usize = 5;
/// What sealing adds at most: a longer piece is none of ours.
const MORE: usize = 256;

/// Writes a sealed file.
pub struct SealedWriter {
    out: BufWriter,
    vault: Arc<Vault>,
    label: String,
    piece: BytesMut,
    number: u64,
    size: u64,
    digest: digest::Context,
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// Bytes of the plain file.
    pub size: u64,
    /// SHA-256 of the plain file.
    pub sha256: Vec<u8>,
}

impl SealedWriter {
    /// Begins a file. The label is bound to it, as a column's is to its values.
    #[must_use]
    pub fn new(blobs: &Blobs, vault: &Arc<Vault>, key: &str, label: String) -> Self {
        Self {
            out: blobs.writer(key),
            vault: Arc::clone(vault),
            label,
            piece: BytesMut::with_capacity(PIECE),
            number: 0,
            size: 0,
            digest: digest::Context::new(&digest::SHA256),
        }
    }

    /// Bytes that were written so far.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Writes on.
    ///
    /// # Errors
    /// `Unavailable` when the store does not take it.
    pub async fn write(&mut self, mut bytes: &[u8]) -> Result<(), AppError> {
        self.digest.update(bytes);
        self.size += u64::try_from(bytes.len()).unwrap_or(0);
        while !bytes.is_empty() {
            let room = PIECE - self.piece.len();
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            self.piece.extend_from_slice(now);
            bytes = later;
            if self.piece.len() == PIECE {
                self.seal(false).await?;
            }
        }
        Ok(())
    }

    async fn seal(&mut self, last: bool) -> Result<(), AppError> {
        let sealed = self
            .vault
            .seal(&piece_label(&self.label, self.number, last), &self.piece)?;
        let length = u32::try_from(sealed.len()).unwrap_or(u32::MAX);
        let mut head = length.to_be_bytes().to_vec();
        head.push(u8::from(last));
        self.out.write_all(&head).await.map_err(away)?;
        self.out.write_all(&sealed).await.map_err(away)?;
        self.number += 1;
        self.piece.clear();
        Ok(())
    }

    /// Ends the file; it is durable when this answers.
    ///
    /// # Errors
    /// `Unavailable` when the store does not take it.
    pub async fn finish(mut self) -> Result<Written, AppError> {
        self.seal(true).await?;
        self.out.shutdown().await.map_err(away)?;
        Ok(Written {
            size: self.size,
            sha256: self.digest.finish().as_ref().to_vec(),
        })
    }

    /// Gives the file up: nothing of it stays.
    pub async fn give_up(mut self) {
        // What can't be taken back now is swept by the store's own rules for uploads that were broken off.
        let _ = self.out.abort().await;
    }
}

fn piece_label(label: &str, number: u64, last: bool) -> String {
    format!("{label}\n{number}\n{last}")
}

fn away(error: std::io::Error) -> AppError {
    AppError::new(Code::Unavailable).because(error)
}

fn broken() -> AppError {
    AppError::new(Code::Internal).because(anyhow::anyhow!("a sealed file is broken"))
}

struct Reading<S> {
    from: S,
    got: BytesMut,
    number: u64,
    done: bool,
}

/// Reads a sealed file piece by piece, plain.
///
/// # Errors
/// When the store can't give it, or it is not as it was written.
pub async fn read(
    blobs: &Blobs,
    vault: &Arc<Vault>,
    key: &str,
    label: String,
) -> Result<BoxStream<'static, Result<Bytes, AppError>>, AppError> {
    Ok(opened(blobs.stream(key).await?, Arc::clone(vault), label).boxed())
}

fn opened<S>(from: S, vault: Arc<Vault>, label: String) -> impl Stream<Item = Result<Bytes, AppError>>
where
    S: Stream<Item = Result<Bytes, AppError>> + Unpin,
{
    let reading = Reading {
        from,
        got: BytesMut::new(),
        number: 0,
        done: false,
    };
    stream::try_unfold(reading, move |mut reading| {
        let (vault, label) = (Arc::clone(&vault), label.clone());
        async move {
            if reading.done {
                return Ok(None);
            }
            reading.fill(HEAD).await?;
            let length = usize::try_from(reading.got.get_u32()).unwrap_or(usize::MAX);
            let last = reading.got.get_u8() == 1;
            if length > PIECE + MORE {
                return Err(broken());
            }
            reading.fill(length).await?;
            let sealed = reading.got.split_to(length);
            let plain = vault.open(&piece_label(&label, reading.number, last), &sealed)?;
            reading.number += 1;
            reading.done = last;
            Ok(Some((Bytes::from(plain), reading)))
        }
    })
}

impl<S: Stream<Item = Result<Bytes, AppError>> + Unpin> Reading<S> {
    /// Reads until so many bytes are there.
    async fn fill(&mut self, bytes: usize) -> Result<(), AppError> {
        while self.got.len() < bytes {
            let more = self.from.next().await.ok_or_else(broken)??;
            self.got.extend_from_slice(&more);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::config::BlobConfig;
    use futures_util::TryStreamExt;

    fn opened_folder() -> (tempfile::TempDir, Blobs, Arc<Vault>) {
        let folder = tempfile::tempdir().unwrap();
        let config = BlobConfig {
            url: format!("file://{}", folder.path().display()),
            max_file_bytes: 1,
            options: std::collections::BTreeMap::default(),
        };
        let vault = Arc::new(Vault::new(&[1; 32], &[], &[2; 32]).unwrap());
        (folder, Blobs::open(&config).unwrap(), vault)
    }

    async fn whole(blobs: &Blobs, vault: &Arc<Vault>, label: &str) -> Result<Vec<u8>, AppError> {
        let pieces = read(blobs, vault, "a/b", label.to_owned()).await?;
        Ok(pieces.try_collect::<Vec<_>>().await?.concat())
    }

    #[tokio::test]
    async fn what_was_written_is_read_again_and_nothing_else() {
        let (folder, blobs, vault) = opened_folder();
        for size in [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE + 7] {
            let plain: Vec<u8> = (0..size).map(|at| u8::try_from(at % 251).unwrap()).collect();
            let mut writer = SealedWriter::new(&blobs, &vault, "a/b", "test".into());
            for part in plain.chunks(70_001) {
                writer.write(part).await.unwrap();
            }
            let written = writer.finish().await.unwrap();
            assert_eq!(written.size, u64::try_from(size).unwrap());
            assert_eq!(written.sha256, crate::platform::crypto::sha256(&[&plain]));
            assert_eq!(whole(&blobs, &vault, "test").await.unwrap(), plain);
            assert!(whole(&blobs, &vault, "another").await.is_err());
        }
        // Cut off behind a piece, it lacks its end; with two pieces turned around, their numbers.
        let file = folder.path().join("a/b");
        let sealed = std::fs::read(&file).unwrap();
        let one = HEAD + usize::try_from(u32::from_be_bytes(sealed[..4].try_into().unwrap())).unwrap();
        for changed in [
            sealed[..3 * one].to_vec(),
            [&sealed[one..2 * one], &sealed[..one], &sealed[2 * one..]].concat(),
            [&sealed[..one], &sealed[2 * one..]].concat(),
        ] {
            std::fs::write(&file, changed).unwrap();
            assert!(whole(&blobs, &vault, "test").await.is_err());
        }
    }

    #[tokio::test]
    async fn what_is_given_up_is_not_there() {
        let (_folder, blobs, vault) = opened_folder();
        let mut writer = SealedWriter::new(&blobs, &vault, "a/b", "test".into());
        writer.write(&vec![7; 12_000_000]).await.unwrap();
        writer.give_up().await;
        assert!(blobs.get("a/b").await.is_err());
    }
}
