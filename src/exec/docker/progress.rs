//! How far the fetching of an image is: what the engine says of its layers one by one, added up (runtime spec
//! §6.4).

use std::collections::HashMap;

use bollard::models::CreateImageInfo;

use crate::executor::PullProgress;

/// The layers of an image that is being fetched, by what the engine calls them.
#[derive(Default)]
pub(super) struct Layers(HashMap<String, Layer>);

#[derive(Default)]
struct Layer {
    bytes: u64,
    size: u64,
    is_done: bool,
}

impl Layers {
    /// Takes in what the engine says. What is not about a layer, or not known, changes nothing.
    pub(super) fn note(&mut self, said: &CreateImageInfo) {
        let (Some(id), Some(status)) = (&said.id, &said.status) else { return };
        let detail = said.progress_detail.as_ref();
        let number = |value: Option<i64>| value.and_then(|value| u64::try_from(value).ok());
        let current = detail.and_then(|detail| number(detail.current));
        let total = detail.and_then(|detail| number(detail.total));
        let known = ["Pulling fs layer", "Waiting", "Downloading", "Verifying Checksum", "Download complete"];
        let later = ["Extracting", "Pull complete", "Already exists"];
        if !known.contains(&status.as_str()) && !later.contains(&status.as_str()) {
            return;
        }
        let layer = self.0.entry(id.clone()).or_default();
        match status.as_str() {
            "Downloading" => {
                layer.bytes = current.unwrap_or(layer.bytes);
                layer.size = total.unwrap_or(0).max(layer.size).max(layer.bytes);
            }
            "Verifying Checksum" | "Download complete" => layer.bytes = layer.size,
            "Extracting" => {
                // Small ones are here before anything is said of their size.
                if layer.size == 0 {
                    layer.size = total.unwrap_or(0);
                }
                layer.bytes = layer.size;
            }
            "Pull complete" | "Already exists" => {
                layer.bytes = layer.size;
                layer.is_done = true;
            }
            _ => {}
        }
    }

    /// The sum of it.
    pub(super) fn progress(&self) -> PullProgress {
        let layers = || self.0.values();
        PullProgress {
            bytes: layers().map(|layer| layer.bytes).sum(),
            known: layers().map(|layer| layer.size).sum(),
            done: layers().filter(|layer| layer.is_done).count(),
            layers: layers().count(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What an engine said while it fetched an image of three layers, one of which it had, shortened.
    const SAID: &str = r#"
{"status":"Pulling from reflow-test/layers","id":"1"}
{"status":"Pulling fs layer","progressDetail":{},"id":"aa"}
{"status":"Pulling fs layer","progressDetail":{},"id":"bb"}
{"status":"Already exists","progressDetail":{},"id":"cc"}
{"status":"Downloading","progressDetail":{"current":1000,"total":5000},"progress":"[==>   ]","id":"aa"}
{"status":"Downloading","progressDetail":{"current":3000,"total":5000},"progress":"[====> ]","id":"aa"}
{"status":"Retrying in 1 second","id":"dd"}
{"status":"Download complete","progressDetail":{},"id":"bb"}
{"status":"Extracting","progressDetail":{"current":32,"total":90},"progress":"[==>   ]","id":"bb"}
{"status":"Pull complete","progressDetail":{},"id":"bb"}
{"status":"Verifying Checksum","progressDetail":{},"id":"aa"}
{"status":"Download complete","progressDetail":{},"id":"aa"}
{"status":"Extracting","progressDetail":{"current":100,"total":5000},"progress":"[>     ]","id":"aa"}
{"status":"Pull complete","progressDetail":{},"id":"aa"}
{"status":"Digest: sha256:0123"}
{"status":"Status: Downloaded newer image for localhost:5000/reflow-test/layers:1"}
"#;

    /// rt_134
    #[test]
    fn layers_are_added_up() {
        let mut layers = Layers::default();
        let mut seen = Vec::new();
        for line in SAID.lines().filter(|line| !line.is_empty()) {
            layers.note(&serde_json::from_str(line).unwrap());
            let PullProgress { bytes, known, done, layers } = layers.progress();
            if seen.last() != Some(&(bytes, known, done, layers)) {
                seen.push((bytes, known, done, layers));
            }
        }
        assert_eq!(
            seen,
            [
                (0, 0, 0, 0),
                (0, 0, 0, 1),
                (0, 0, 0, 2),
                (0, 0, 1, 3),
                (1000, 5000, 1, 3),
                (3000, 5000, 1, 3),
                (3090, 5090, 1, 3),
                (3090, 5090, 2, 3),
                (5090, 5090, 2, 3),
                (5090, 5090, 3, 3),
            ]
        );
    }

    #[test]
    fn numbers_that_cannot_be_are_no_trouble() {
        let mut layers = Layers::default();
        for detail in [r#"{"current":-5,"total":-1}"#, r#"{"current":7,"total":0}"#, r#"{"current":3,"total":-1}"#] {
            let line = format!(r#"{{"status":"Downloading","id":"aa","progressDetail":{detail}}}"#);
            layers.note(&serde_json::from_str(&line).unwrap());
            let progress = layers.progress();
            assert!(progress.bytes <= progress.known, "{progress:?}");
        }
    }
}
