//! The asynchronous face that all repositories have in common.

use async_trait::async_trait;
use base::{Digest, Error, File, Kind};
use tokio::io::AsyncReadExt;

use super::{BlobWriter, FileRepository};
use crate::repository::{Reader, Repository};

/// Bytes handed to the writing thread at once.
const CHUNK: usize = 1 << 20;

#[async_trait]
impl Repository for FileRepository {
    async fn stat(&self, digest: &Digest) -> Result<File, Error> {
        let (repository, digest) = (self.clone(), *digest);
        blocking(move || {
            let size = FileRepository::stat(&repository, &digest)?;
            let absent =
                || Error::new(Kind::NotExist, format!("blob {digest} is not in {}", repository.root().display()));
            size.map(|size| File::resolved(digest, size)).ok_or_else(absent)
        })
        .await
    }

    async fn stat_many(&self, digests: &[Digest]) -> Result<Vec<Option<File>>, Error> {
        let (repository, digests) = (self.clone(), digests.to_vec());
        blocking(move || {
            let stat = |digest: &Digest| {
                let size = FileRepository::stat(&repository, digest)?;
                Ok(size.map(|size| File::resolved(*digest, size)))
            };
            digests.iter().map(stat).collect()
        })
        .await
    }

    async fn get(&self, digest: &Digest) -> Result<Reader, Error> {
        let (repository, digest) = (self.clone(), *digest);
        let blob = blocking(move || repository.open_blob(&digest)).await?;
        Ok(Box::new(tokio::fs::File::from_std(blob)))
    }

    async fn put(&self, mut reader: Reader) -> Result<File, Error> {
        let repository = self.clone();
        let mut writer: BlobWriter = blocking(move || repository.writer()).await?;
        let mut chunk = Vec::with_capacity(CHUNK);
        loop {
            while chunk.len() < CHUNK {
                let read = (&mut reader).take((CHUNK - chunk.len()) as u64).read_buf(&mut chunk).await;
                if read.map_err(|error| Error::from(error).during("read the stream to store"))? == 0 {
                    break;
                }
            }
            let is_last = chunk.len() < CHUNK;
            (writer, chunk) = blocking(move || {
                writer.append(&chunk)?;
                chunk.clear();
                Ok((writer, chunk))
            })
            .await?;
            if is_last {
                break;
            }
        }
        let repository = self.clone();
        blocking(move || {
            let file = writer.finish()?;
            repository.sync(&[file.digest()])?;
            Ok(file)
        })
        .await
    }

    async fn remove(&self, digest: &Digest) -> Result<(), Error> {
        let (repository, digest) = (self.clone(), *digest);
        blocking(move || FileRepository::remove(&repository, &digest).map(drop)).await
    }

    fn url(&self) -> Option<String> {
        None
    }
}

/// Runs `work` where it may block.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T, Error> + Send + 'static) -> Result<T, Error> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(Error::new(Kind::Fatal, format!("a thread of the repository ended: {error}"))),
    }
}
