//! The configuration: built-in values, then the configuration file, then flags (CLI spec §3).
//!
//! It is read once for each command, before anything else, and kept for the process as its streams are.
//! Providers that this build lacks are no mistake; what needs them says so.

mod older;
pub(crate) mod schema;
mod setting;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use engine::predict::Predictor;
use engine::reduce::CacheMode;
use exec::MemoryLimit;
use serde_json::Value;

use crate::exit::Exit;
use schema::{KEYS, VERSION_KEY};
use setting::Setting;

/// What is configured.
#[derive(Clone, Default)]
pub(crate) struct Configuration {
    /// Everything, as it is shown.
    values: BTreeMap<String, Value>,
    settings: BTreeMap<&'static str, Setting>,
    /// The configuration file, whether it is there or not; `None` without one.
    pub(crate) file: Option<PathBuf>,
    /// What stands in the file.
    pub(crate) written: BTreeMap<String, Value>,
}

static CURRENT: OnceLock<Configuration> = OnceLock::new();

/// The configuration of this process.
pub(crate) fn current() -> &'static Configuration {
    CURRENT.get_or_init(Configuration::default)
}

/// Reads the configuration for this process: `file` is the value of `-config`, `overrides` are the flags that were
/// given for keys.
pub(crate) fn load(file: Option<&str>, overrides: &[(&'static str, &str)], level: &str) -> Result<(), Exit> {
    let configuration = Configuration::read(file, overrides, level)?;
    // The first one stays; there is one command in a process.
    let _ = CURRENT.set(configuration);
    Ok(())
}

impl Configuration {
    fn read(file: Option<&str>, overrides: &[(&'static str, &str)], level: &str) -> Result<Self, Exit> {
        let path = match file {
            Some("") => None,
            Some(path) => Some(PathBuf::from(path)),
            None => crate::home::usual().map(|home| home.join("config.yaml")),
        };
        let written = match &path {
            Some(path) => read_file(path, file.is_some())?,
            None => BTreeMap::new(),
        };
        let place = path.clone().filter(|_| !written.is_empty());
        let located = |reason: String| match &place {
            Some(path) => Exit::failed(format!("config {}: {reason}", path.display())),
            None => Exit::failed(format!("config: {reason}")),
        };
        let mut values = built_in();
        for (key, value) in older::renamed(&written) {
            let value = normal(&key, &value).map_err(&located)?;
            values.insert(key, value);
        }
        for (key, value) in overrides {
            values.insert((*key).to_owned(), Value::String((*value).to_owned()));
        }
        // These are what they are, whatever is written.
        values.insert("logger".to_owned(), Value::String(format!("logger,level={level}")));
        values.insert(VERSION_KEY.to_owned(), format!("reflowversion,version={}", env!("CARGO_PKG_VERSION")).into());
        let mut settings = BTreeMap::new();
        for key in KEYS {
            if let Some(text) = values.get(key.name).and_then(Value::as_str) {
                settings.insert(key.name, Setting::parse(key, text).map_err(&located)?);
            }
        }
        let configuration = Self { values, settings, file: path, written };
        configuration.predictor().map_err(&located)?;
        configuration.check_paths().map_err(&located)?;
        Ok(configuration)
    }

    /// Everything as YAML with sorted keys; with `instances`, the material that providers have made.
    pub(crate) fn to_yaml(&self, instances: bool) -> Result<String, Exit> {
        let mut shown = self.values.clone();
        shown.remove(VERSION_KEY);
        if instances {
            shown.entry("instances".to_owned()).or_insert_with(|| Value::Object(serde_json::Map::new()));
        } else {
            shown.remove("instances");
        }
        yaml(&shown)
    }

    /// What provides a key.
    fn setting(&self, key: &str) -> Option<&Setting> {
        self.settings.get(key)
    }

    /// Whether something is provided by this provider.
    pub(crate) fn uses(&self, provider: &str) -> bool {
        self.settings.values().any(|setting| setting.provider.name == provider)
    }

    fn provider(&self, key: &str) -> &str {
        self.setting(key).map_or("", |setting| setting.provider.name)
    }

    /// The word for the use of the cache.
    pub(crate) fn cache_name(&self) -> &str {
        match (self.provider("repository"), self.provider("cache")) {
            ("noprepo", _) => "off",
            (_, "") => "readwrite",
            (_, name) => name,
        }
    }

    /// What the cache is used for.
    pub(crate) fn cache(&self) -> CacheMode {
        let name = self.cache_name();
        CacheMode { read: matches!(name, "read" | "readwrite"), write: matches!(name, "write" | "readwrite") }
    }

    /// Whether a run leaves a timeline.
    pub(crate) fn has_timeline(&self) -> bool {
        self.provider("tracer") == "localtracer"
    }

    /// Who runs reflow.
    pub(crate) fn user(&self) -> String {
        let configured = self.setting("user").map(|user| user.argument("user").to_owned());
        let variable = || std::env::var("USER").ok().filter(|user| !user.is_empty());
        let found = configured.filter(|user| !user.is_empty()).or_else(variable).or_else(name_of_process);
        found.unwrap_or_else(|| "unknown".to_owned())
    }

    /// The labels of a run; `user=NAME` is always among them.
    pub(crate) fn labels(&self) -> Vec<String> {
        let text = self.setting("labels").map_or("", |labels| labels.argument("labels"));
        // They were checked when they were read.
        let mut labels = setting::labels(text).unwrap_or_default();
        if !labels.iter().any(|label| label.starts_with("user=")) {
            labels.push(format!("user={}", self.user()));
        }
        labels
    }

    /// What the memory that a command asks for means to a container.
    pub(crate) fn memory_limit(&self) -> MemoryLimit {
        match self.setting("docker").map(|docker| docker.argument("memlimit")) {
            Some("hard") => MemoryLimit::Hard,
            _ => MemoryLimit::Soft,
        }
    }

    /// How memory is predicted.
    pub(crate) fn predictor(&self) -> Result<Predictor, String> {
        let usual = Predictor::default();
        let block = self.values.get("predictorconfig");
        let number = |name: &str, default: i64| match block.and_then(|block| block.get(name)) {
            None | Some(Value::Null) => Ok(default),
            Some(value) => value.as_i64().ok_or_else(|| format!("predictorconfig: {name} must be a whole number")),
        };
        let least = number("mindata", usual.least as i64)?;
        let most = number("maxinspect", usual.most as i64)?;
        let percentile = number("mempercentile", usual.percentile.into())?;
        match (usize::try_from(least), usize::try_from(most), u8::try_from(percentile)) {
            (Ok(1..), Ok(_), Ok(0..=100)) if most < least => {
                Err(format!("predictorconfig: maxinspect ({most}) is less than mindata ({least})"))
            }
            (Ok(least @ 1..), Ok(most), Ok(percentile @ 0..=100)) => Ok(Predictor { least, most, percentile }),
            (Ok(1..), Ok(_), _) => Err(format!("predictorconfig: mempercentile ({percentile}) is not from 0 to 100")),
            (Ok(1..), ..) => Err(format!("predictorconfig: maxinspect ({most}) is less than mindata ({least})")),
            _ => Err(format!("predictorconfig: mindata ({least}) must be at least 1")),
        }
    }

    /// The state folder that the providers name, if they do.
    pub(crate) fn state(&self) -> Option<PathBuf> {
        let named = |key: &str, provider: &str, argument: &str| {
            let setting = self.setting(key).filter(|setting| setting.provider.name == provider)?;
            Some(setting.argument(argument)).filter(|value| !value.is_empty()).map(PathBuf::from)
        };
        named("repository", "file", "dir").or_else(|| named("cluster", "localcluster", "dir"))
    }

    /// What is cached and what has run are tables of one database, whose transactions concern both: they cannot be
    /// elsewhere by themselves.
    fn check_paths(&self) -> Result<(), String> {
        let database = self.state().or_else(crate::home::usual).map(|home| home.join("reflow.db"));
        for key in ["assoc", "taskdb"] {
            let path = self.setting(key).map_or("", |setting| setting.argument("path"));
            if !path.is_empty() && Some(Path::new(path)) != database.as_deref() {
                return Err(format!(
                    "{key}: provider file: bad value {path:?} of path: the table is in reflow.db of the state folder, which \
                     repository: file,dir=DIR moves"
                ));
            }
        }
        Ok(())
    }

    /// Says what a run needs and this build lacks, or what makes no sense.
    pub(crate) fn check_for_run(&self) -> Result<(), Exit> {
        if let Some(limit) =
            self.values.get("transferlimit").filter(|limit| limit.as_u64().is_none_or(|limit| limit == 0))
        {
            return Err(Exit::failed(format!("transferlimit: {limit} is not a number of transfers")));
        }
        let is_cached = self.cache_name() != "off";
        let needed = ["tracer"].into_iter().chain(["assoc", "repository"].into_iter().filter(|_| is_cached));
        needed.into_iter().try_for_each(|key| self.usable(key))
    }

    /// Whether this build can use what provides a key.
    pub(crate) fn usable(&self, key: &str) -> Result<(), Exit> {
        let Some(setting) = self.setting(key) else {
            return Err(Exit::failed(format!("nothing provides {key}")));
        };
        let (name, lacks) = (setting.provider.name, setting.provider.lacks);
        if lacks.is_empty() {
            return Ok(());
        }
        let usual = schema::find(key).map_or("", |key| key.built_in);
        Err(Exit::failed(format!(
            "{key}: {name} needs {lacks}, which this build does not have; -{key}={usual} works on this machine alone"
        )))
    }
}

/// The name that the system has for the user of this process; cron jobs and containers have no `USER`.
fn name_of_process() -> Option<String> {
    let id = rustix::process::geteuid().as_raw().to_string();
    let users = std::fs::read_to_string("/etc/passwd").ok()?;
    let named = |line: &str| {
        let mut fields = line.split(':');
        let name = fields.next().filter(|name| !name.is_empty())?;
        (fields.nth(1) == Some(id.as_str())).then(|| name.to_owned())
    };
    users.lines().find_map(named)
}

/// The values without a configuration file.
fn built_in() -> BTreeMap<String, Value> {
    let empty = || Value::Object(serde_json::Map::new());
    let mut values: BTreeMap<String, Value> = KEYS
        .iter()
        .filter(|key| !key.built_in.is_empty())
        .map(|key| (key.name.to_owned(), Value::String(key.built_in.to_owned())))
        .collect();
    values.extend(["key", "versions"].map(|name| (name.to_owned(), empty())));
    values
}

/// The value of a key in the file. `cache: off` is a Boolean in YAML.
fn normal(key: &str, value: &Value) -> Result<Value, String> {
    match value {
        Value::Bool(false) if key == "cache" => Ok("off".into()),
        Value::String(_) => Ok(value.clone()),
        other if schema::find(key).is_some() => Err(format!("{key}: {other} is not the name of a provider")),
        other => Ok(other.clone()),
    }
}

/// What stands in a configuration file; nothing, if it need not be there and is not.
fn read_file(path: &Path, is_asked_for: bool) -> Result<BTreeMap<String, Value>, Exit> {
    let failed = |reason: String| Exit::failed(format!("config {}: {reason}", path.display()));
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if is_absent(&error) && !is_asked_for => return Ok(BTreeMap::new()),
        Err(error) => return Err(failed(error.to_string())),
    };
    if text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
        return Ok(BTreeMap::new());
    }
    serde_saphyr::from_str(&text).map_err(|error| {
        let reason = error.to_string();
        let line = reason.lines().next().unwrap_or_default();
        failed(line.strip_prefix("error: ").unwrap_or(line).to_owned())
    })
}

fn is_absent(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory)
}

/// A mapping as YAML.
pub(crate) fn yaml(values: &BTreeMap<String, Value>) -> Result<String, Exit> {
    if values.is_empty() {
        return Ok("{}\n".to_owned());
    }
    serde_saphyr::to_string(values).map_err(Exit::failed)
}
