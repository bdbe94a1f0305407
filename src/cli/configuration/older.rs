//! Names that older configuration files use (runtime spec §9.4), as what they are called now.

use std::collections::BTreeMap;

use serde_json::Value;

/// Gives the settings of an older file their present names. What stands there under its present name counts more;
/// what is not understood is left as it is, for whoever knows the keys to refuse.
pub(super) fn renamed(written: &BTreeMap<String, Value>) -> BTreeMap<String, Value> {
    let mut found = BTreeMap::new();
    let mut values = BTreeMap::new();
    for (key, value) in written {
        let parts: Vec<&str> = value.as_str().map(|text| text.split(',').collect()).unwrap_or_default();
        match (key.as_str(), parts.as_slice()) {
            ("https", ["httpsca", file]) => drop(found.insert("tls", format!("tls,file={}", argument("file", file)))),
            ("aws", ["awsenv"]) => drop(found.insert("session", "awssession".to_owned())),
            ("aws", ["ec2metadata"]) => drop(found.insert("session", "ec2metadata".to_owned())),
            ("assoc", ["dynamodb", table]) => drop(found.insert("assoc", assoc(table))),
            ("assoc", ["dynamodbassoc", table]) if !table.contains('=') => drop(found.insert("assoc", assoc(table))),
            ("repository", ["s3", bucket]) if !bucket.contains('=') => {
                drop(found.insert("repository", repository(bucket)))
            }
            // The oldest form names both.
            ("cache", ["s3", bucket, table]) => {
                found.entry("repository").or_insert_with(|| repository(bucket));
                found.entry("assoc").or_insert_with(|| assoc(table));
                found.insert("cache", "readwrite".to_owned());
            }
            _ => drop(values.insert(key.clone(), value.clone())),
        }
    }
    for (key, value) in found {
        values.entry(key.to_owned()).or_insert(Value::String(value));
    }
    values
}

fn assoc(table: &str) -> String {
    format!("dynamodbassoc,table={}", argument("table", table))
}

fn repository(bucket: &str) -> String {
    format!("s3,bucket={}", argument("bucket", bucket))
}

/// The value of an argument that is there by its place or by its name.
fn argument<'t>(name: &str, text: &'t str) -> &'t str {
    text.strip_prefix(name).and_then(|rest| rest.strip_prefix('=')).unwrap_or(text)
}
