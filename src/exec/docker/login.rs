//! Who reflow is at a registry: what `docker login` has left in Docker's configuration file, itself or with one of
//! its helper programs (runtime spec §6.4).
//!
//! The file is read anew for each pull: a login takes effect at once.

use std::collections::HashMap;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use base::image::DEFAULT_HOST;
use base::{Error, Kind};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bollard::auth::DockerCredentials;
use serde::Deserialize;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;
use tokio::time::timeout;

/// The logins of one configuration file.
pub(super) struct Logins {
    /// `config.json`; without one everybody is anonymous.
    file: Option<PathBuf>,
}

/// What matters in the file.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Configuration {
    auths: HashMap<String, Entry>,
    /// A helper for all registries.
    creds_store: Option<String>,
    /// Helpers by registry.
    cred_helpers: HashMap<String, String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Entry {
    /// `user:password`, in base 64.
    auth: String,
    identitytoken: Option<String>,
}

/// The answer of a helper.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    username: String,
    secret: String,
}

/// The name of the default registry in configuration files.
const DEFAULT_KEY: &str = "https://index.docker.io/v1/";
/// The user name that says that the secret is a token.
const TOKEN: &str = "<token>";
/// What a helper says when it knows nothing of a registry.
const UNKNOWN: &str = "credentials not found";
/// A helper may have to ask a key ring, but not a person.
const HELPING: Duration = Duration::from_secs(30);

impl Logins {
    pub(super) fn new(file: Option<PathBuf>) -> Self {
        Self { file }
    }

    /// The login at the registry `host`; `None` to be anonymous. `NotAllowed` if there should be one, but it cannot
    /// be had.
    pub(super) async fn at(&self, host: &str) -> Result<Option<DockerCredentials>, Error> {
        let Some(file) = &self.file else { return Ok(None) };
        let wrong = |reason: String| {
            Error::new(Kind::NotAllowed, reason).during(format!("logins in {} for {host}", file.display()))
        };
        let configuration: Configuration = match tokio::fs::read(file).await {
            Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| wrong(error.to_string()))?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(wrong(error.to_string())),
        };
        let key = if host == DEFAULT_HOST { DEFAULT_KEY } else { host };
        if let Some(helper) = configuration.cred_helpers.get(key).or(configuration.creds_store.as_ref())
            && let Some(credentials) = ask(&format!("docker-credential-{helper}"), key).await.map_err(wrong)?
        {
            return Ok(Some(credentials));
        }
        let Some(entry) = configuration.entry(key) else { return Ok(None) };
        entry.credentials(key).map_err(wrong)
    }
}

impl Configuration {
    /// The entry of a registry, which may be written with a scheme and a path.
    fn entry(&self, key: &str) -> Option<&Entry> {
        let host = |name: &str| {
            let name = name.split_once("://").map_or(name, |(_, rest)| rest);
            name.split('/').next().unwrap_or_default().to_owned()
        };
        self.auths.get(key).or_else(|| {
            let same = |(name, _): &(&String, &Entry)| host(name) == host(key);
            self.auths.iter().find(same).map(|(_, entry)| entry)
        })
    }
}

impl Entry {
    /// `None` for an entry without a secret, as helpers leave one.
    fn credentials(&self, server: &str) -> Result<Option<DockerCredentials>, String> {
        let token = self.identitytoken.clone().filter(|token| !token.is_empty());
        if self.auth.is_empty() && token.is_none() {
            return Ok(None);
        }
        let decoded =
            STANDARD.decode(self.auth.trim()).map_err(|error| format!("the entry is not base 64: {error}"))?;
        let text = String::from_utf8(decoded).map_err(|_| "the entry is not UTF-8".to_owned())?;
        let (user, password) = text.split_once(':').unwrap_or((text.as_str(), ""));
        Ok(Some(DockerCredentials {
            username: Some(user.to_owned()),
            // Old versions filled the password up with zeros.
            password: Some(password.trim_end_matches('\0').to_owned()),
            identitytoken: token,
            serveraddress: Some(server.to_owned()),
            ..DockerCredentials::default()
        }))
    }
}

/// Asks a helper for the login at `server`.
async fn ask(program: &str, server: &str) -> Result<Option<DockerCredentials>, String> {
    let failed = |reason: String| format!("{program}: {reason}");
    let asking = async {
        let mut child = Command::new(program)
            .arg("get")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        if let Some(mut input) = child.stdin.take() {
            // A helper that does not listen says why.
            let _ = input.write_all(server.as_bytes()).await;
        }
        child.wait_with_output().await
    };
    let output = match timeout(HELPING, asking).await {
        Ok(output) => output.map_err(|error| failed(error.to_string()))?,
        Err(_) => return Err(failed("it does not answer".to_owned())),
    };
    if !output.status.success() {
        // Helpers say on either stream what is wrong.
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said);
        return if said.contains(UNKNOWN) { Ok(None) } else { Err(failed(said.trim().to_owned())) };
    }
    let answer: Answer = serde_json::from_slice(&output.stdout).map_err(|error| failed(error.to_string()))?;
    let mut credentials = DockerCredentials { serveraddress: Some(server.to_owned()), ..DockerCredentials::default() };
    if answer.username == TOKEN {
        credentials.identitytoken = Some(answer.secret);
    } else {
        (credentials.username, credentials.password) = (Some(answer.username), Some(answer.secret));
    }
    Ok(Some(credentials))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// User, password and token at a registry.
    type Login = (Option<String>, Option<String>, Option<String>);

    async fn at(configuration: &str, host: &str) -> Result<Option<Login>, Error> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), configuration).unwrap();
        let found = Logins::new(Some(file.path().to_owned())).at(host).await?;
        Ok(found.map(|found| (found.username, found.password, found.identitytoken)))
    }

    fn login(user: &str, password: &str) -> Option<Login> {
        Some((Some(user.to_owned()), Some(password.to_owned()), None))
    }

    #[tokio::test]
    async fn logins_are_found_by_registry() {
        // me:se:cret and you:0
        let text = r#"{"auths": {"here:5000": {"auth": "bWU6c2U6Y3JldA=="},
            "https://index.docker.io/v1/": {"auth": "eW91OjA="}, "https://there/v2/": {"auth": "eW91OjA="},
            "kept.elsewhere": {}}, "HttpHeaders": {"X": "y"}}"#;
        assert_eq!(at(text, "here:5000").await.unwrap(), login("me", "se:cret"));
        assert_eq!(at(text, DEFAULT_HOST).await.unwrap(), login("you", "0"));
        assert_eq!(at(text, "there").await.unwrap(), login("you", "0"));
        for unknown in ["here", "here:5001", "index.docker.io.org", "kept.elsewhere"] {
            assert_eq!(at(text, unknown).await.unwrap(), None, "{unknown}");
        }
        let token = at(r#"{"auths": {"r": {"auth": "bWU6", "identitytoken": "t"}}}"#, "r").await.unwrap();
        assert_eq!(token, Some((Some("me".to_owned()), Some(String::new()), Some("t".to_owned()))));
    }

    #[tokio::test]
    async fn helpers_are_asked() {
        let folder = tempfile::tempdir().unwrap();
        let script = folder.path().join("helper");
        let text = "#!/bin/sh\nread -r server\ncase $1-$server in\n\
            get-known) echo '{\"ServerURL\":\"known\",\"Username\":\"me\",\"Secret\":\"s\"}' ;;\n\
            get-token) echo '{\"ServerURL\":\"x\",\"Username\":\"<token>\",\"Secret\":\"t\"}' ;;\n\
            get-none) echo credentials not found in native keychain; exit 1 ;;\n\
            *) echo the key ring is locked >&2; exit 1 ;;\nesac\n";
        std::fs::write(&script, text).unwrap();
        std::fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        let program = script.to_str().unwrap();
        let known = ask(program, "known").await.unwrap().unwrap();
        assert_eq!((known.username.as_deref(), known.password.as_deref()), (Some("me"), Some("s")));
        let token = ask(program, "token").await.unwrap().unwrap();
        assert_eq!((token.username, token.identitytoken.as_deref()), (None, Some("t")));
        assert!(ask(program, "none").await.unwrap().is_none());
        assert!(ask(program, "locked").await.unwrap_err().ends_with("the key ring is locked"));
    }

    #[tokio::test]
    async fn nobody_is_anonymous_by_mistake() {
        for (text, reason) in [
            ("{", "EOF"),
            (r#"{"auths": {"r": {"auth": "%"}}}"#, "base 64"),
            (r#"{"credHelpers": {"r": "that-nobody-has"}}"#, "docker-credential-that-nobody-has"),
        ] {
            let error = at(text, "r").await.unwrap_err();
            assert_eq!(error.kind(), Kind::NotAllowed, "{error}");
            assert!(error.to_string().contains(reason), "{error}");
        }
        assert!(at("{}", "r").await.unwrap().is_none());
        assert!(Logins::new(None).at("r").await.unwrap().is_none());
        assert!(Logins::new(Some("/nonexistent/config.json".into())).at("r").await.unwrap().is_none());
    }
}
