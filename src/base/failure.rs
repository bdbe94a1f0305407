//! Failures: the kinds that retries, cache lookups and exit codes branch on, and the error that
//! carries one through the layers.
//!
//! Code never looks at the text of an error; it looks at its [`Kind`].

use std::fmt;
use std::sync::Arc;

/// The class of a failure (runtime spec §5.10). The names are wire values.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// No class of its own.
    Other,
    /// Stopped on request.
    Canceled,
    /// Took too long.
    Timeout,
    /// Likely to succeed when tried again.
    Temporary,
    /// A named thing is not there.
    NotExist,
    /// Access was denied.
    NotAllowed,
    /// The operation is not offered.
    NotSupported,
    /// Retries were used up.
    TooManyTries,
    /// Content does not have the digest it should have.
    Integrity,
    /// More was asked for than there is.
    ResourcesExhausted,
    /// The program itself failed.
    Eval,
    /// A service does not answer.
    Unavailable,
    /// Cannot be recovered from.
    Fatal,
    /// Malformed input.
    Invalid,
    /// The network failed.
    Net,
    /// A required state does not hold.
    Precondition,
    /// Killed for lack of memory.
    Oom,
    /// Raised by a program with `error`.
    Module,
    /// A command returned a non-zero status.
    DockerExec,
}

impl Kind {
    /// Every kind, in the order of the spec.
    pub const ALL: [Kind; 19] = [
        Kind::Other,
        Kind::Canceled,
        Kind::Timeout,
        Kind::Temporary,
        Kind::NotExist,
        Kind::NotAllowed,
        Kind::NotSupported,
        Kind::TooManyTries,
        Kind::Integrity,
        Kind::ResourcesExhausted,
        Kind::Eval,
        Kind::Unavailable,
        Kind::Fatal,
        Kind::Invalid,
        Kind::Net,
        Kind::Precondition,
        Kind::Oom,
        Kind::Module,
        Kind::DockerExec,
    ];

    /// The wire value.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Other => "Other",
            Kind::Canceled => "Canceled",
            Kind::Timeout => "Timeout",
            Kind::Temporary => "Temporary",
            Kind::NotExist => "NotExist",
            Kind::NotAllowed => "NotAllowed",
            Kind::NotSupported => "NotSupported",
            Kind::TooManyTries => "TooManyTries",
            Kind::Integrity => "Integrity",
            Kind::ResourcesExhausted => "ResourcesExhausted",
            Kind::Eval => "Eval",
            Kind::Unavailable => "Unavailable",
            Kind::Fatal => "Fatal",
            Kind::Invalid => "Invalid",
            Kind::Net => "Net",
            Kind::Precondition => "Precondition",
            Kind::Oom => "OOM",
            Kind::Module => "Module",
            Kind::DockerExec => "DockerExec",
        }
    }

    /// The text people see; empty for [`Kind::Other`].
    pub fn text(self) -> &'static str {
        match self {
            Kind::Other => "",
            Kind::Canceled => "canceled",
            Kind::Timeout => "timeout",
            Kind::Temporary => "temporary",
            Kind::NotExist => "resource does not exist",
            Kind::NotAllowed => "access denied",
            Kind::NotSupported => "operation not supported",
            Kind::TooManyTries => "too many tries",
            Kind::Integrity => "integrity error",
            Kind::ResourcesExhausted => "resources exhausted",
            Kind::Eval => "evaluation error",
            Kind::Unavailable => "unavailable",
            Kind::Fatal => "fatal",
            Kind::Invalid => "invalid",
            Kind::Net => "network error",
            Kind::Precondition => "precondition was not met",
            Kind::Oom => "OOM error",
            Kind::Module => "module",
            Kind::DockerExec => "docker exec",
        }
    }

    /// The kind of a wire value.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Whether trying the same elsewhere is pointless (runtime spec §5.10 *NonRetryable*).
    pub fn is_lasting(self) -> bool {
        matches!(
            self,
            Kind::NotSupported | Kind::Invalid | Kind::NotExist | Kind::Fatal | Kind::Module | Kind::DockerExec
        )
    }

    /// Whether trying again soon is reasonable (runtime spec §5.10 *Transient*).
    pub fn is_transient(self) -> bool {
        matches!(self, Kind::Timeout | Kind::Temporary | Kind::TooManyTries | Kind::Unavailable)
    }
}

/// What an error of a program is about: the number of its explanation, and a stretch of the program's text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The number of the code under which it is explained.
    pub code: u16,
    /// The name of the text.
    pub file: Arc<str>,
    /// The first byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
    /// One past the last byte of the token that gives the place its position (language spec §1.7).
    pub at: u32,
}

/// A failure with what was being done, to what, of which kind, and why.
///
/// Cheap to clone: a failed node hands its error to everything that needs it.
#[derive(Clone, Debug)]
pub struct Error(Arc<Inner>);

#[derive(Clone, Debug)]
struct Inner {
    kind: Kind,
    context: Vec<String>,
    message: String,
    cause: Option<Error>,
    origin: Option<Box<Origin>>,
}

impl Error {
    /// An error of `kind` that says `message`.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self(Arc::new(Inner { kind, context: Vec::new(), message: message.into(), cause: None, origin: None }))
    }

    /// Puts `cause` under this error.
    #[must_use]
    pub fn because(self, cause: Error) -> Self {
        self.changed(|inner| inner.cause = Some(cause))
    }

    /// Says what was being done, and to what, when this error came up: `op` and its arguments.
    #[must_use]
    pub fn during(self, op: impl Into<String>) -> Self {
        let kind = self.kind();
        let context = vec![op.into()];
        Self(Arc::new(Inner { kind, context, message: String::new(), cause: Some(self), origin: None }))
    }

    /// Says what this error is about.
    #[must_use]
    pub fn about(self, origin: Origin) -> Self {
        self.changed(|inner| inner.origin = Some(Box::new(origin)))
    }

    /// Says under which code this error is explained, if it is known what it is about.
    #[must_use]
    pub fn explained_by(self, code: u16) -> Self {
        self.changed(|inner| {
            if let Some(origin) = &mut inner.origin {
                origin.code = code;
            }
        })
    }

    fn changed(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        match Arc::get_mut(&mut self.0) {
            Some(inner) => change(inner),
            None => {
                let mut inner = Inner::clone(&self.0);
                change(&mut inner);
                self.0 = Arc::new(inner);
            }
        }
        self
    }

    /// What this error is about, as far as that is known, and the words that were said of it.
    pub fn origin(&self) -> Option<(&Origin, &str)> {
        let own = self.0.origin.as_deref().map(|origin| (origin, self.message()));
        own.or_else(|| self.cause()?.origin())
    }

    /// The kind of the outermost error that has one.
    pub fn kind(&self) -> Kind {
        match (self.0.kind, &self.0.cause) {
            (Kind::Other, Some(cause)) => cause.kind(),
            (kind, _) => kind,
        }
    }

    /// The same error under another kind.
    #[must_use]
    pub fn with_kind(self, kind: Kind) -> Self {
        self.changed(|inner| inner.kind = kind)
    }

    /// The error's own words, without context, kind or cause.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// What lies under this error.
    pub fn cause(&self) -> Option<&Error> {
        self.0.cause.as_ref()
    }

    /// Whether a run that failed with this may succeed when started again (runtime spec §5.10
    /// *Restartable*): the first kind on the way down that decides, decides.
    pub fn is_restartable(&self) -> bool {
        let mut next = Some(self);
        while let Some(error) = next {
            match error.0.kind {
                Kind::Canceled
                | Kind::Fatal
                | Kind::NotSupported
                | Kind::NotAllowed
                | Kind::Module
                | Kind::DockerExec => return false,
                kind if kind.is_transient() || kind == Kind::Net => return true,
                _ => next = error.cause(),
            }
        }
        false
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &self.0;
        let mut parts: Vec<&str> = inner.context.iter().map(String::as_str).collect();
        let inherited = inner.cause.as_ref().is_some_and(|cause| cause.kind() == inner.kind);
        if !inherited && !inner.kind.text().is_empty() {
            parts.push(inner.kind.text());
        }
        if !inner.message.is_empty() {
            parts.push(&inner.message);
        }
        f.write_str(&parts.join(": "))?;
        match &inner.cause {
            Some(cause) if parts.is_empty() => fmt::Display::fmt(cause, f),
            Some(cause) => write!(f, ": {cause}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Error {}

impl PartialEq for Error {
    fn eq(&self, other: &Self) -> bool {
        self.kind() == other.kind() && self.to_string() == other.to_string()
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        use std::io::ErrorKind as Io;
        let kind = match error.kind() {
            Io::NotFound => Kind::NotExist,
            Io::PermissionDenied | Io::ReadOnlyFilesystem => Kind::NotAllowed,
            Io::TimedOut => Kind::Timeout,
            Io::StorageFull | Io::QuotaExceeded | Io::OutOfMemory => Kind::ResourcesExhausted,
            Io::ConnectionRefused | Io::ConnectionReset | Io::ConnectionAborted | Io::NotConnected => Kind::Net,
            _ => Kind::Other,
        };
        Self::new(kind, error.to_string())
    }
}
