//! Prediction from history: what memory an exec will take, from what similar execs took (runtime spec §4.4).
//!
//! Similar are those of the same ident with the same image and command, or, if there are too few, all of
//! the same ident. An exec that fails with less than it declared is tried again with what it declared
//! ([`crate::attempt`]), so a wrong prediction costs time, never a result.

use std::collections::HashMap;

use store::tasks::Measured;

/// Measurements of an ident that are looked at, the latest ones.
pub const HISTORY: usize = 1000;
/// What nothing can have taken, in bytes.
const ABSURD: u64 = 4 << 40;

/// How much it takes to predict, and how much caution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Predictor {
    /// The fewest measurements.
    pub least: usize,
    /// The most measurements, the latest ones.
    pub most: usize,
    /// The part of the measurements, in percent, that the prediction covers.
    pub percentile: u8,
}

impl Default for Predictor {
    fn default() -> Self {
        Self { least: 5, most: 50, percentile: 95 }
    }
}

impl Predictor {
    /// The memory in bytes that covers the percentile of `measured`, the latest first; `None` if there are
    /// too few.
    pub fn memory(&self, measured: &[u64]) -> Option<u64> {
        if measured.len() < self.least {
            return None;
        }
        let mut sound: Vec<u64> = measured.iter().copied().take(self.most).filter(|bytes| *bytes <= ABSURD).collect();
        sound.sort_unstable();
        if sound.is_empty() || sound.len() < self.least {
            return None;
        }
        // The index ceil(n·p/100 − 1), from 0.
        let index = (sound.len() * usize::from(self.percentile)).div_ceil(100).saturating_sub(1);
        sound.get(index.min(sound.len() - 1)).copied()
    }
}

/// What is known of the execs of one ident.
#[derive(Debug, Default)]
pub(crate) struct Model {
    all: Vec<u64>,
    by_command: HashMap<(String, String), Vec<u64>>,
}

impl Model {
    /// Of measurements, the latest first.
    pub(crate) fn of(measured: Vec<Measured>) -> Self {
        let mut model = Self::default();
        for Measured { image, command, max_memory } in measured {
            model.all.push(max_memory);
            model.by_command.entry((image, command)).or_default().push(max_memory);
        }
        model
    }

    /// The memory in bytes that an exec with this image and command should get.
    pub(crate) fn memory(&self, predictor: &Predictor, image: &str, command: &str) -> Option<u64> {
        let same = self.by_command.get(&(image.to_owned(), command.to_owned()));
        same.and_then(|measured| predictor.memory(measured)).or_else(|| predictor.memory(&self.all))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rt_91_the_percentile_of_enough_measurements() {
        let predictor = Predictor::default();
        assert_eq!(predictor.memory(&[1, 2, 3, 4]), None);
        assert_eq!(predictor.memory(&[5, 4, 3, 2, 1]), Some(5));
        let hundred: Vec<u64> = (1..=100).collect();
        let all = Predictor { most: 100, ..predictor };
        assert_eq!(all.memory(&hundred), Some(95));
        assert_eq!(Predictor { percentile: 0, ..all }.memory(&hundred), Some(1));
        assert_eq!(Predictor { percentile: 100, ..all }.memory(&hundred), Some(100));
        assert_eq!(Predictor { percentile: 50, ..all }.memory(&[10, 20, 30, 40, 50]), Some(30));
        // The latest fifty.
        assert_eq!(predictor.memory(&hundred), Some(48));
        assert_eq!(predictor.memory(&[1, 2, 3, 4, ABSURD + 1]), None);
    }

    #[test]
    fn rt_92_the_same_command_counts_before_the_same_ident() {
        let measured =
            |command: &str, max_memory| Measured { image: "image".to_owned(), command: command.to_owned(), max_memory };
        let mut history: Vec<Measured> = (0..5).map(|number| measured("often", number)).collect();
        history.push(measured("once", 100));
        let (model, predictor) = (Model::of(history), Predictor::default());
        assert_eq!(model.memory(&predictor, "image", "often"), Some(4));
        assert_eq!(model.memory(&predictor, "image", "once"), Some(100));
        assert_eq!(model.memory(&predictor, "other", "often"), Some(100));
        assert_eq!(Model::default().memory(&predictor, "image", "often"), None);
    }
}
