//! Cloud credentials for commands that ask for them with the image qualifier `$aws`.

use async_trait::async_trait;
use base::config::ExecConfig;
use base::{Error, Kind};

/// Where credentials come from.
#[async_trait]
pub trait Credentials: Send + Sync {
    /// The variables to set: `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`
    /// (runtime spec §6.3).
    async fn environment(&self) -> Result<Vec<(String, String)>, Error>;
}

/// The variables that `config` needs, if any. Failing to get them is `Temporary`; not having anywhere to
/// get them from is `Precondition`.
pub(crate) async fn wanted(
    config: &ExecConfig,
    source: Option<&dyn Credentials>,
) -> Result<Vec<(String, String)>, Error> {
    if !config.need_aws_credentials {
        return Ok(Vec::new());
    }
    let source = source.ok_or_else(|| {
        Error::new(
            Kind::Precondition,
            format!("the image {} asks for AWS credentials ($aws), but none are configured", config.original_image),
        )
    })?;
    source.environment().await.map_err(|error| Error::new(Kind::Temporary, "no AWS credentials").because(error))
}
