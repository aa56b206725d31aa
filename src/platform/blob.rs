//! The bytes of attachments: a local folder by default, an S3-like store by configuration.

pub mod sealed;

use crate::platform::config::BlobConfig;
use crate::platform::error::{AppError, Code};
use bytes::Bytes;
use futures_util::stream::{BoxStream, StreamExt, TryStreamExt};
use object_store::buffered::BufWriter;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::prefix::PrefixStore;
use object_store::{ObjectStore, ObjectStoreExt, parse_url_opts};
use secrecy::ExposeSecret;
use std::sync::Arc;

/// A store of files by key.
#[derive(Clone)]
pub struct Blobs(Arc<dyn ObjectStore>);

impl Blobs {
    /// Opens the store.
    ///
    /// # Errors
    /// When the folder can't be made or the address is not valid.
    pub fn open(config: &BlobConfig) -> anyhow::Result<Self> {
        if let Some(folder) = config.url.strip_prefix("file://") {
            std::fs::create_dir_all(folder)?;
            let store = LocalFileSystem::new_with_prefix(folder)?.with_fsync(true);
            return Ok(Self(Arc::new(store)));
        }
        let options = config
            .options
            .iter()
            .map(|(name, value)| (name.clone(), value.expose_secret().to_owned()));
        let (store, prefix) = parse_url_opts(&config.url.parse()?, options)?;
        Ok(Self(Arc::new(PrefixStore::new(store, prefix))))
    }

    /// Stores a file; durable when it answers.
    ///
    /// # Errors
    /// `Unavailable` when the store can't take it.
    pub async fn put(&self, key: &str, bytes: Bytes) -> Result<(), AppError> {
        self.0
            .put(&Path::from(key), bytes.into())
            .await
            .map(|_| ())
            .map_err(away)
    }

    /// Reads a file.
    ///
    /// # Errors
    /// `Unavailable` when the store can't give it.
    pub async fn get(&self, key: &str) -> Result<Bytes, AppError> {
        let found = self.0.get(&Path::from(key)).await.map_err(away)?;
        found.bytes().await.map_err(away)
    }

    /// Begins a file that is written piece by piece; it is there, and durable, once the writer is shut down.
    #[must_use]
    pub fn writer(&self, key: &str) -> BufWriter {
        BufWriter::new(Arc::clone(&self.0), Path::from(key))
    }

    /// Reads a file piece by piece.
    ///
    /// # Errors
    /// `Unavailable` when the store can't give it, at once or later.
    pub async fn stream(&self, key: &str) -> Result<BoxStream<'static, Result<Bytes, AppError>>, AppError> {
        let found = self.0.get(&Path::from(key)).await.map_err(away)?;
        Ok(found.into_stream().map_err(away).boxed())
    }

    /// Removes a file; one that is not there counts as removed.
    ///
    /// # Errors
    /// `Unavailable` when the store can't be reached.
    pub async fn remove(&self, key: &str) -> Result<(), AppError> {
        match self.0.delete(&Path::from(key)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(away(error)),
        }
    }
}

fn away(error: object_store::Error) -> AppError {
    AppError::new(Code::Unavailable).because(error)
}
