//! Flags of the commands about the configuration (CLI spec §15.1, §15.2).

use clap::{ArgAction, Args};

use super::values::boolean;

#[derive(Args, Debug)]
#[command(
    override_usage = "reflow config [-marshal]",
    after_help = "\
Config prints the configuration in effect as YAML: built-in values, then those of
the configuration file, then those of global flags."
)]
pub(crate) struct ConfigFlags {
    /// with the material that providers have made, which may hold secrets
    #[arg(long, action = ArgAction::Set, value_parser = boolean(), default_value = "false")]
    pub(crate) marshal: bool,
}

#[derive(Args, Debug)]
#[command(
    override_usage = "reflow upgrade",
    after_help = "\
Upgrade sets up what providers of the configuration need and rewrites the
configuration file."
)]
pub(crate) struct UpgradeFlags {}
