//! Files: content known by digest, or a reference to a place where content may be fetched.

use std::fmt;
use std::sync::Arc;

use crate::assertion::Assertions;
use crate::digest::{Digest, DigestWriter, Material};

/// One file of a fileset (runtime spec §1.2).
///
/// A file is *resolved* when its content digest is known, else a *reference*: then [`File::origin`]
/// says where its content is.
#[derive(Clone, Debug)]
pub struct File {
    /// Content digest; `None` for a reference.
    pub id: Option<Digest>,
    /// Bytes; 0 when unknown.
    pub size: u64,
    /// Where the content came from or may be read. Boxed away: most files of a run have none.
    pub origin: Option<Arc<Origin>>,
}

/// What is known of the place that a file's content comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// URL from which the content may be read; empty if unknown.
    pub source: String,
    /// Entity tag as the store reports it (S3 tags keep their double quotes); empty if unknown.
    pub etag: String,
    /// Modification time, nanoseconds since the Unix epoch.
    pub last_modified: Option<i128>,
    /// Content digest claimed by object metadata.
    pub content_hash: Option<Digest>,
    /// What was known of the subjects that the file was made from (runtime spec §1.7).
    pub assertions: Assertions,
}

impl File {
    /// A file whose content is known by digest, with its size in bytes.
    pub fn resolved(id: Digest, size: u64) -> Self {
        Self { id: Some(id), size, origin: None }
    }

    /// A reference to content elsewhere.
    pub fn reference(size: u64, origin: Origin) -> Self {
        Self { id: None, size, origin: Some(Arc::new(origin)) }
    }

    /// Whether only the place of the content is known, not its digest.
    pub fn is_reference(&self) -> bool {
        self.id.is_none()
    }

    /// The source URL; empty if unknown.
    pub fn source(&self) -> &str {
        self.origin.as_deref().map_or("", |origin| &origin.source)
    }

    /// The entity tag; empty if unknown.
    pub fn etag(&self) -> &str {
        self.origin.as_deref().map_or("", |origin| &origin.etag)
    }

    /// The claimed content digest of a reference.
    pub fn content_hash(&self) -> Option<Digest> {
        self.origin.as_deref().and_then(|origin| origin.content_hash)
    }

    /// The assertions attached to the file.
    pub fn assertions(&self) -> Assertions {
        self.origin.as_deref().map(|origin| origin.assertions.clone()).unwrap_or_default()
    }

    /// The same file with `assertions` in place of its own.
    #[must_use]
    pub fn with_assertions(&self, assertions: &Assertions) -> Self {
        if self.origin.is_none() && assertions.is_empty() {
            return self.clone();
        }
        let known = self.origin.as_deref().cloned().unwrap_or_default();
        let origin = Origin { assertions: assertions.clone(), ..known };
        Self { origin: Some(Arc::new(origin)), ..*self }
    }

    /// The file digest: the content digest, else the claimed one, else a digest of what is known of
    /// the source (runtime spec §1.2).
    pub fn digest(&self) -> Digest {
        if let Some(id) = self.id.or_else(|| self.content_hash()) {
            return id;
        }
        let mut out = DigestWriter::new();
        out.bytes(self.size.to_le_bytes()).bytes(self.source()).bytes(self.etag()).material(&self.assertions());
        out.finish()
    }

    /// What people see: 8 hex digits of the content digest, or the source URL of a reference.
    pub fn short(&self) -> String {
        match &self.id {
            Some(id) => id.short(),
            None => self.source().to_owned(),
        }
    }
}

impl Material for File {
    fn write_material(&self, out: &mut DigestWriter) {
        out.digest(&self.digest());
    }
}

/// Resolved files are equal by content; references by size, source and a non-empty entity tag, and by
/// content hash where both know one. A reference never equals a resolved file.
impl PartialEq for File {
    fn eq(&self, other: &Self) -> bool {
        match (&self.id, &other.id) {
            (Some(left), Some(right)) => left == right,
            (None, None) => {
                self.size == other.size
                    && self.source() == other.source()
                    && !self.etag().is_empty()
                    && self.etag() == other.etag()
                    && match (self.content_hash(), other.content_hash()) {
                        (Some(left), Some(right)) => left == right,
                        _ => true,
                    }
            }
            _ => false,
        }
    }
}

impl fmt::Display for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        if let Some(id) = &self.id {
            parts.push(format!("id: {id}"));
        }
        parts.push(format!("size: {}", self.size));
        if !self.source().is_empty() {
            parts.push(format!("source: {}", self.source()));
        }
        if !self.etag().is_empty() {
            parts.push(format!("etag: {}", self.etag()));
        }
        if let Some(hash) = self.content_hash() {
            parts.push(format!("contenthash: {}", hash.short()));
        }
        let assertions = self.assertions();
        if !assertions.is_empty() {
            parts.push(format!("assertions: <{}>", assertions.short()));
        }
        f.write_str(&parts.join(", "))
    }
}
