//! Places outside: where interns bring files from and externs take them to, by the scheme of the URL.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use base::assertion::Properties;
use base::{Error, File, Fileset, Kind};
use exec::CancelToken;

/// One sort of place. Implementations move bytes between it and the run's repository.
#[async_trait]
pub trait ExternalSource: Send + Sync {
    /// The scheme of its URLs, in lower case.
    fn scheme(&self) -> &'static str;

    /// Brings in what is at `url`: a single file as the path `.`, or, if the URL ends in `/`, every file
    /// below it. Unless `must_resolve`, files may stay references.
    ///
    /// What is there may change from run to run; what this says is taken for the whole run. The files
    /// assert what is known of the place they come from.
    async fn intern(&self, url: &str, must_resolve: bool, cancel: &CancelToken) -> Result<Fileset, Error>;

    /// What is known now of what a file asserts that [`ExternalSource::intern`] has brought in: the
    /// properties of `subject`, a URL of this scheme (runtime spec §1.7). `NotExist` if nothing is there.
    async fn properties(&self, subject: &str, _cancel: &CancelToken) -> Result<Properties, Error> {
        Err(Error::new(Kind::NotSupported, format!("nothing can be found out about {subject} beforehand")))
    }

    /// Brings in the content of a reference that [`ExternalSource::intern`] has given: the same file, resolved
    /// and in the repository. A temporary failure if the object is no longer the one referred to.
    async fn fetch(&self, reference: &File, _cancel: &CancelToken) -> Result<File, Error> {
        let message = format!("{} is only a reference; its content cannot be fetched", reference.source());
        Err(Error::new(Kind::NotSupported, message))
    }

    /// Whether [`ExternalSource::export`] takes references, which it can copy without their content being
    /// here; otherwise all files are in the repository.
    fn copies_references(&self) -> bool {
        false
    }

    /// Makes the files of a fileset without lists, each where its path is below `url` (`.` is the URL
    /// itself), be there. When this returns they are durable.
    async fn export(&self, fileset: &Fileset, url: &str, cancel: &CancelToken) -> Result<(), Error>;
}

/// A place that nothing is taken out to: exports succeed and leave nothing. For runs that only pretend.
pub struct WithoutExports<S>(pub S);

#[async_trait]
impl<S: ExternalSource> ExternalSource for WithoutExports<S> {
    fn scheme(&self) -> &'static str {
        self.0.scheme()
    }

    async fn intern(&self, url: &str, must_resolve: bool, cancel: &CancelToken) -> Result<Fileset, Error> {
        self.0.intern(url, must_resolve, cancel).await
    }

    async fn export(&self, _: &Fileset, _: &str, _: &CancelToken) -> Result<(), Error> {
        Ok(())
    }
}

/// The places that a run can reach. Cheap to clone.
#[derive(Clone, Default)]
pub struct Sources(BTreeMap<&'static str, Arc<dyn ExternalSource>>);

impl Sources {
    /// No places.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a place; it replaces an earlier one of its scheme.
    #[must_use]
    pub fn with(mut self, source: impl ExternalSource + 'static) -> Self {
        self.0.insert(source.scheme(), Arc::new(source));
        self
    }

    /// The place that `url` is in; `NotSupported` if there is none for its scheme.
    pub fn find(&self, url: &str) -> Result<&Arc<dyn ExternalSource>, Error> {
        let scheme = scheme(url);
        if let Some(source) = self.0.get(scheme.to_ascii_lowercase().as_str()) {
            return Ok(source);
        }
        let known: Vec<String> = self.0.keys().map(|scheme| format!("{scheme}://")).collect();
        let problem = if scheme.is_empty() { "has no scheme".to_owned() } else { format!("has the scheme {scheme}") };
        let message = format!("the URL {url} {problem}; this build can reach: {}", known.join(", "));
        Err(Error::new(Kind::NotSupported, message))
    }
}

/// What stands before the first colon; empty if nothing does.
fn scheme(url: &str) -> &str {
    let end = url.find(|c: char| !(c.is_ascii_alphanumeric() || "+-.".contains(c)));
    match end {
        Some(end) if url[end..].starts_with(':') => &url[..end],
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Nowhere;

    #[async_trait]
    impl ExternalSource for Nowhere {
        fn scheme(&self) -> &'static str {
            "nowhere"
        }

        async fn intern(&self, _: &str, _: bool, _: &CancelToken) -> Result<Fileset, Error> {
            Ok(Fileset::new())
        }

        async fn export(&self, _: &Fileset, _: &str, _: &CancelToken) -> Result<(), Error> {
            Ok(())
        }
    }

    #[test]
    fn places_are_found_by_scheme() {
        let sources = Sources::new().with(Nowhere);
        assert!(sources.find("nowhere://x").is_ok());
        assert!(sources.find("NOWHERE:x").is_ok());
    }

    #[test]
    fn an_unknown_scheme_names_the_url_and_what_is_known() {
        let sources = Sources::new().with(Nowhere);
        for (url, part) in [("s3://b/k", "the scheme s3;"), ("some/path", "no scheme;"), ("://x", "no scheme;")] {
            let error = sources.find(url).map(|_| ()).unwrap_err();
            assert_eq!(error.kind(), Kind::NotSupported);
            let message = error.message();
            assert!(message.contains(url) && message.contains(part) && message.contains("nowhere://"), "{message}");
        }
    }
}
