//! One setting: a provider and its arguments, `PROVIDER[,ARG[=VALUE]]...` (CLI spec §3.1).

use std::collections::BTreeMap;

use base::units;

use super::schema::{Key, Kind, Provider};

/// A provider with its arguments.
#[derive(Clone)]
pub(crate) struct Setting {
    pub(crate) provider: &'static Provider,
    arguments: BTreeMap<String, String>,
}

impl Setting {
    /// Understands the value of a key; the error is for people.
    pub(crate) fn parse(key: &'static Key, text: &str) -> Result<Self, String> {
        let mut parts = text.split(',');
        let name = parts.next().unwrap_or_default().trim();
        let known = || key.providers.iter().map(|provider| provider.name).collect::<Vec<_>>().join(", ");
        let provider = key.providers.iter().find(|provider| provider.name == name);
        let provider =
            provider.ok_or_else(|| format!("{}: there is no provider {name:?}; there are: {}", key.name, known()))?;
        let mut arguments = BTreeMap::new();
        for part in parts {
            let (argument, value) = part.split_once('=').unwrap_or((part, ""));
            let Some(known) = provider.arguments.iter().find(|known| known.name == argument) else {
                return Err(format!("{}: provider {name} has no argument {argument:?}", key.name));
            };
            check(known.kind, value).map_err(|reason| {
                format!("{}: provider {name}: bad value {value:?} of {argument}: {reason}", key.name)
            })?;
            arguments.insert(argument.to_owned(), value.to_owned());
        }
        Ok(Self { provider, arguments })
    }

    /// The value of an argument, or its default.
    pub(crate) fn argument(&self, name: &str) -> &str {
        let default = self.provider.arguments.iter().find(|known| known.name == name).map(|known| known.default);
        self.arguments.get(name).map(String::as_str).filter(|value| !value.is_empty()).or(default).unwrap_or_default()
    }
}

fn check(kind: Kind, value: &str) -> Result<(), String> {
    match kind {
        Kind::Text => Ok(()),
        Kind::Number => value.parse::<f64>().map(drop).map_err(|_| "it must be a number".to_owned()),
        Kind::Duration => units::parse_duration(value).map(drop).map_err(|error| error.to_string()),
        Kind::Word(words) if words.contains(&value) => Ok(()),
        Kind::Word(words) => Err(format!("it must be one of {}", words.join(", "))),
        Kind::Labels => labels(value).map(drop),
    }
}

/// The labels in `k=v;k=v`.
pub(crate) fn labels(text: &str) -> Result<Vec<String>, String> {
    let mut found = Vec::new();
    for entry in text.split(';').filter(|_| !text.is_empty()) {
        match entry.split('=').collect::<Vec<_>>()[..] {
            [name, value] if !name.is_empty() && !value.is_empty() => found.push(entry.to_owned()),
            _ => return Err(format!("{entry:?} is not NAME=VALUE")),
        }
    }
    Ok(found)
}
