//! What every repository and every association must do. The functions are generic: the tests of another
//! store include this file by its path and call [`repository`] and [`assoc`] with a store of theirs.

use std::collections::BTreeMap;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use base::digest::PartialDigest;
use base::{Digest, Kind};
use reflow_store::repository::Reader;
use reflow_store::{Assoc, AssocKind, Repository};
use tokio::io::{AsyncRead, AsyncReadExt, ReadBuf};

/// Runs every check of repositories on one that is empty.
pub(crate) async fn repository(repository: &impl Repository) {
    absent_blobs_are_reported_as_such(repository).await;
    content_comes_back_as_it_was_stored(repository).await;
    stat_many_answers_in_the_order_asked(repository).await;
    the_same_content_may_be_stored_at_once(repository).await;
    a_failing_stream_stores_nothing(repository).await;
    removed_blobs_are_gone(repository).await;
    direct_transfers_work_or_are_not_supported(repository).await;
}

/// Runs every check of associations on one that is empty.
pub(crate) async fn assoc(assoc: &impl Assoc) {
    rt_141_values_are_kept_by_key_and_kind(assoc).await;
    rt_142_abbreviated_keys_are_expanded(assoc).await;
    rt_143_many_keys_are_answered_in_the_order_asked(assoc).await;
    rt_141_labels_are_added_up(assoc).await;
    deleted_keys_are_gone(assoc).await;
}

fn stream(bytes: &[u8]) -> Reader {
    Box::new(io::Cursor::new(bytes.to_vec()))
}

async fn read(repository: &impl Repository, digest: &Digest) -> Vec<u8> {
    let mut bytes = Vec::new();
    repository.get(digest).await.unwrap().read_to_end(&mut bytes).await.unwrap();
    bytes
}

async fn absent_blobs_are_reported_as_such(repository: &impl Repository) {
    let absent = Digest::of("absent");
    assert_eq!(repository.stat(&absent).await.unwrap_err().kind(), Kind::NotExist);
    assert_eq!(repository.get(&absent).await.err().map(|error| error.kind()), Some(Kind::NotExist));
    assert_eq!(repository.stat_many(&[absent]).await, Ok(vec![None]));
    assert_eq!(repository.remove(&absent).await, Ok(()));
}

async fn content_comes_back_as_it_was_stored(repository: &impl Repository) {
    for size in [0, 1, 1000, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 5_000_000] {
        let content: Vec<u8> = (0..size).map(|i| (i * 31 % 251) as u8).collect();
        for _ in 0..2 {
            let file = repository.put(stream(&content)).await.unwrap();
            assert_eq!(file.id, Some(Digest::of(&content)), "{size} bytes");
            assert_eq!(file.size, size as u64);
            let found = repository.stat(&file.digest()).await.unwrap();
            assert_eq!((found.id, found.size), (file.id, file.size));
            assert!(read(repository, &file.digest()).await == content, "{size} bytes come back");
        }
    }
}

async fn stat_many_answers_in_the_order_asked(repository: &impl Repository) {
    let one = repository.put(stream(b"one")).await.unwrap();
    let four = repository.put(stream(b"four")).await.unwrap();
    let wanted = [four.digest(), Digest::of("absent"), one.digest(), four.digest()];
    let sizes: Vec<_> =
        repository.stat_many(&wanted).await.unwrap().into_iter().map(|file| file.map(|file| file.size)).collect();
    assert_eq!(sizes, [Some(4), None, Some(3), Some(4)]);
}

async fn the_same_content_may_be_stored_at_once(repository: &impl Repository) {
    let content = vec![7; 3 << 20];
    let puts = (0..8).map(|_| repository.put(stream(&content)));
    for file in futures_util::future::join_all(puts).await {
        assert_eq!(file.unwrap().id, Some(Digest::of(&content)));
    }
    assert!(read(repository, &Digest::of(&content)).await == content);
}

/// A stream that breaks off with an error.
struct Broken(usize);

impl AsyncRead for Broken {
    fn poll_read(mut self: Pin<&mut Self>, _: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let count = out.remaining().min(self.0);
        self.0 -= count;
        out.put_slice(&vec![b'x'; count]);
        Poll::Ready(if count == 0 { Err(io::Error::other("the line went dead")) } else { Ok(()) })
    }
}

async fn a_failing_stream_stores_nothing(repository: &impl Repository) {
    let error = repository.put(Box::new(Broken(2_000_000))).await.unwrap_err();
    assert!(error.to_string().contains("the line went dead"), "{error}");
    let digest = Digest::of(vec![b'x'; 2_000_000]);
    assert_eq!(repository.stat(&digest).await.unwrap_err().kind(), Kind::NotExist);
}

async fn removed_blobs_are_gone(repository: &impl Repository) {
    let file = repository.put(stream(b"to be removed")).await.unwrap();
    repository.remove(&file.digest()).await.unwrap();
    assert_eq!(repository.stat(&file.digest()).await.unwrap_err().kind(), Kind::NotExist);
    repository.put(stream(b"to be removed")).await.unwrap();
    assert_eq!(read(repository, &file.digest()).await, b"to be removed");
}

async fn direct_transfers_work_or_are_not_supported(repository: &impl Repository) {
    let file = repository.put(stream(b"to be sent")).await.unwrap();
    for result in [
        repository.write_to(&file.digest(), "unknown://elsewhere").await,
        repository.read_from(&Digest::of("absent"), "unknown://elsewhere").await,
    ] {
        assert_eq!(result.unwrap_err().kind(), Kind::NotSupported);
    }
}

fn partial(text: &str) -> PartialDigest {
    PartialDigest::parse(text).unwrap()
}

async fn rt_141_values_are_kept_by_key_and_kind(assoc: &impl Assoc) {
    let (key, v1, v2, newer) = (Digest::of("key"), Digest::of("v1"), Digest::of("v2"), Digest::of("newer"));
    let whole = partial(&key.hex());
    assert_eq!(assoc.get(AssocKind::Fileset, &whole).await.unwrap_err().kind(), Kind::NotExist);
    assoc.store(AssocKind::Fileset, &key, Some(&v1), &[]).await.unwrap();
    assoc.store(AssocKind::FilesetV2, &key, Some(&v2), &[]).await.unwrap();
    assert_eq!(assoc.get(AssocKind::Fileset, &whole).await, Ok((key, v1)));
    assert_eq!(assoc.get(AssocKind::FilesetV2, &whole).await, Ok((key, v2)));
    assoc.store(AssocKind::FilesetV2, &key, Some(&newer), &[]).await.unwrap();
    assert_eq!(assoc.get(AssocKind::FilesetV2, &whole).await, Ok((key, newer)));
    assoc.store(AssocKind::FilesetV2, &key, None, &[]).await.unwrap();
    assert_eq!(assoc.get(AssocKind::FilesetV2, &whole).await.unwrap_err().kind(), Kind::NotExist);
    assert_eq!(assoc.get(AssocKind::Fileset, &whole).await, Ok((key, v1)));
}

async fn rt_142_abbreviated_keys_are_expanded(assoc: &impl Assoc) {
    let value = Digest::of("value");
    let mut bytes = [0xab; 32];
    let first = Digest::from_bytes(bytes);
    bytes[31] = 0xff;
    let second = Digest::from_bytes(bytes);
    assoc.store(AssocKind::FilesetV2, &first, Some(&value), &[]).await.unwrap();
    assert_eq!(assoc.get(AssocKind::FilesetV2, &partial("abab")).await, Ok((first, value)));
    assoc.store(AssocKind::FilesetV2, &second, Some(&value), &[]).await.unwrap();
    assert_eq!(assoc.get(AssocKind::FilesetV2, &partial("abab")).await.unwrap_err().kind(), Kind::Invalid);
    assert_eq!(assoc.get(AssocKind::FilesetV2, &partial(&second.hex())).await, Ok((second, value)));
    assert_eq!(assoc.get(AssocKind::Fileset, &partial("abab")).await.unwrap_err().kind(), Kind::NotExist);
}

async fn rt_143_many_keys_are_answered_in_the_order_asked(assoc: &impl Assoc) {
    let key = |i: usize| Digest::of(format!("many {i}"));
    let value = |i: usize| Digest::of(format!("value {i}"));
    for i in (0..700).step_by(2) {
        assoc.store(AssocKind::FilesetV2, &key(i), Some(&value(i)), &[]).await.unwrap();
    }
    let wanted: Vec<_> = (0..700).rev().map(|i| (AssocKind::FilesetV2, key(i))).collect();
    let found = assoc.get_many(&wanted).await.unwrap();
    for (i, found) in (0..700).rev().zip(found) {
        assert_eq!(found, (i % 2 == 0).then(|| value(i)), "key {i}");
    }
    let mut seen = BTreeMap::new();
    assoc
        .scan(&[AssocKind::FilesetV2], &mut |entry| {
            assert!(seen.insert(entry.key, entry.values).is_none(), "each key is visited once");
            Ok(())
        })
        .await
        .unwrap();
    for i in (0..700).step_by(2) {
        assert_eq!(seen.get(&key(i)), Some(&vec![(AssocKind::FilesetV2, value(i))]));
    }
    assert!(assoc.count().await.unwrap() >= 350);
    let stop = |_| Err(base::Error::new(Kind::Canceled, "enough"));
    assert_eq!(assoc.scan(&AssocKind::ALL, &mut { stop }).await.unwrap_err().kind(), Kind::Canceled);
}

async fn rt_141_labels_are_added_up(assoc: &impl Assoc) {
    let (key, value) = (Digest::of("labelled"), Digest::of("value"));
    for labels in [&["b=2", "a=1"][..], &[], &["c=3", "a=1"]] {
        let labels: Vec<String> = labels.iter().map(|label| (*label).to_owned()).collect();
        assoc.store(AssocKind::FilesetV2, &key, Some(&value), &labels).await.unwrap();
    }
    let mut found = None;
    assoc
        .scan(&AssocKind::ALL, &mut |entry| {
            if entry.key == key {
                found = Some(entry);
            }
            Ok(())
        })
        .await
        .unwrap();
    let entry = found.unwrap();
    assert_eq!(entry.labels, ["a=1", "b=2", "c=3"]);
    assert!(entry.last_access.elapsed().unwrap().as_secs() < 3600);
}

async fn deleted_keys_are_gone(assoc: &impl Assoc) {
    let (key, value) = (Digest::of("doomed"), Digest::of("value"));
    for kind in AssocKind::ALL {
        assoc.store(kind, &key, Some(&value), &[]).await.unwrap();
    }
    assoc.delete(&key).await.unwrap();
    assert_eq!(assoc.delete(&key).await.unwrap_err().kind(), Kind::NotExist);
    assert_eq!(assoc.get_many(&AssocKind::ALL.map(|kind| (kind, key))).await, Ok(vec![None, None]));
}
