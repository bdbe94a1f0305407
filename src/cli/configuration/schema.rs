//! The keys of the configuration, what provides each, and with which arguments (CLI spec §3.2, §3.3).

/// A key whose value names a provider.
pub(crate) struct Key {
    pub(crate) name: &'static str,
    /// The value without a configuration file; empty if nothing provides it then.
    pub(crate) built_in: &'static str,
    pub(crate) providers: &'static [Provider],
}

/// What can provide a key.
pub(crate) struct Provider {
    pub(crate) name: &'static str,
    pub(crate) help: &'static str,
    pub(crate) arguments: &'static [Argument],
    /// What this build lacks for it; empty if it can be used.
    pub(crate) lacks: &'static str,
}

/// An argument of a provider.
pub(crate) struct Argument {
    pub(crate) name: &'static str,
    pub(crate) default: &'static str,
    pub(crate) kind: Kind,
}

/// What an argument may be.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Number,
    Duration,
    /// One of some words.
    Word(&'static [&'static str]),
    /// `k=v;k=v`.
    Labels,
}

const CLOUD: &str = "a back end for the cloud";

const fn provider(name: &'static str, help: &'static str, arguments: &'static [Argument]) -> Provider {
    Provider { name, help, arguments, lacks: "" }
}

const fn cloud(name: &'static str, help: &'static str, arguments: &'static [Argument]) -> Provider {
    Provider { name, help, arguments, lacks: CLOUD }
}

const fn argument(name: &'static str, default: &'static str, kind: Kind) -> Argument {
    Argument { name, default, kind }
}

const fn text(name: &'static str) -> Argument {
    argument(name, "", Kind::Text)
}

const fn number(name: &'static str, default: &'static str) -> Argument {
    argument(name, default, Kind::Number)
}

const fn duration(name: &'static str, default: &'static str) -> Argument {
    argument(name, default, Kind::Duration)
}

const fn key(name: &'static str, built_in: &'static str, providers: &'static [Provider]) -> Key {
    Key { name, built_in, providers }
}

/// The key that the program itself provides, whatever is configured.
pub(crate) const VERSION_KEY: &str = "reflow";

/// All keys in order of their names.
pub(crate) const KEYS: &[Key] = &[
    key(
        "assoc",
        "file",
        &[
            provider("file", "the table of cached results in the state folder", &[text("path")]),
            cloud("dynamodbassoc", "a table of DynamoDB", &[text("table")]),
        ],
    ),
    key("awscreds", "awscreds", &[cloud("awscreds", "credentials of the session", &[])]),
    key(
        "awstool",
        "awstool,awstool=grailbio/awstool:latest",
        &[cloud(
            "awstool",
            "the image with the tool that copies from the cloud",
            &[argument("awstool", "grailbio/awstool:latest", Kind::Text)],
        )],
    ),
    key(
        "bootstrap",
        "bootstrapimage,uri=bootstrap",
        &[provider(
            "bootstrapimage",
            "the program that workers start with",
            &[argument("uri", "bootstrap", Kind::Text)],
        )],
    ),
    key(
        "cache",
        "readwrite",
        &[
            provider("off", "results are neither looked up nor stored", &[]),
            provider("read", "results are looked up, not stored", &[]),
            provider("readwrite", "results are looked up and stored", &[]),
            provider("write", "results are stored, not looked up", &[]),
        ],
    ),
    key(
        "cluster",
        "localcluster",
        &[
            cloud("ec2cluster", "machines rented from EC2; its settings stand under the key ec2cluster", &[]),
            provider("localcluster", "this machine", &[text("dir")]),
        ],
    ),
    key(
        "docker",
        "docker,memlimit=soft",
        &[provider(
            "docker",
            "whether commands may use more memory than they asked for (soft) or not (hard)",
            &[argument("memlimit", "soft", Kind::Word(&["soft", "hard"]))],
        )],
    ),
    key("labels", "kv", &[provider("kv", "labels of runs, k=v;k=v", &[argument("labels", "", Kind::Labels)])]),
    key(
        "logger",
        "logger",
        &[provider(
            "logger",
            "what is logged; -log says it",
            &[argument("level", "info", Kind::Word(&["off", "error", "info", "debug"]))],
        )],
    ),
    key(
        "metrics",
        "nopmetrics",
        &[
            provider("nopmetrics", "no metrics", &[]),
            Provider {
                name: "prometrics",
                help: "metrics for Prometheus",
                arguments: &[
                    number("port", "0"),
                    number("nodeexporterport", "9101"),
                    argument("namespace", "reflow", Kind::Text),
                ],
                lacks: "a server of metrics",
            },
        ],
    ),
    key(
        "predictor",
        "predictorconfig",
        &[provider("predictorconfig", "prediction of memory; its settings stand under the key predictorconfig", &[])],
    ),
    key(VERSION_KEY, "reflowversion", &[provider("reflowversion", "the version of reflow", &[text("version")])]),
    key(
        "reflowlet",
        "reflowletconfig",
        &[provider(
            "reflowletconfig",
            "settings of workers",
            &[
                duration("maxidleduration", "10m"),
                duration("logstatsduration", "1m"),
                number("lowthresholdpct", "55"),
                number("highthresholdpct", "75"),
                duration("watchersleepduration", "20s"),
                duration("resizesleepduration", "5s"),
                duration("fastthresholdduration", "24h"),
                number("fastincreasefactor", "20"),
                number("slowincreasefactor", "5"),
            ],
        )],
    ),
    key(
        "repository",
        "file",
        &[
            provider("file", "files by their digests in the state folder, which dir may name", &[text("dir")]),
            provider("noprepo", "nothing is cached", &[]),
            cloud("s3", "a bucket of S3", &[text("bucket")]),
        ],
    ),
    key("runid", "runid", &[provider("runid", "random ids of runs", &[])]),
    key(
        "session",
        "awssession",
        &[
            cloud("awssession", "access to the cloud", &[]),
            cloud("ec2metadata", "access by the role of the machine", &[]),
        ],
    ),
    key("sshkey", "key", &[provider("key", "the public key of the user", &[text("key")])]),
    key(
        "taskdb",
        "file",
        &[
            cloud("dynamodbtask", "a table of DynamoDB and a bucket of S3", &[text("table"), text("bucket")]),
            provider("file", "the history of runs in the state folder", &[text("path")]),
            provider("noptaskdb", "no shared history; that of this machine is kept", &[]),
        ],
    ),
    key("tls", "tls,file=/tmp/ca.reflow", &[provider("tls", "a file with a certificate and its key", &[text("file")])]),
    key(
        "tracer",
        "noptracer",
        &[
            provider("localtracer", "a timeline beside the log of each run", &[]),
            provider("noptracer", "no timeline", &[]),
            cloud("xray", "traces of AWS X-Ray", &[]),
        ],
    ),
    key("user", "user", &[provider("user", "who runs reflow; without a name the user of the system", &[text("user")])]),
];

/// Versions of what providers must have set up before they can be used.
pub(crate) const SET_UP: &[(&str, i64)] = &[("dynamodbassoc", 1), ("dynamodbtask", 2), ("ec2cluster", 1), ("s3", 1)];

/// The key of this name.
pub(crate) fn find(name: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.name == name)
}

/// What `config -help` says of providers.
pub(crate) fn help() -> String {
    let mut out = String::new();
    for key in KEYS {
        for provider in key.providers {
            let arguments: String = provider.arguments.iter().map(|argument| format!(",{}", argument.name)).collect();
            out.push_str(&format!("{}: {}{arguments}\n\t{}\n", key.name, provider.name, provider.help));
            for argument in provider.arguments.iter().filter(|argument| !argument.default.is_empty()) {
                out.push_str(&format!("\t{} (default {})\n", argument.name, argument.default));
            }
        }
    }
    out
}
