//! Explanations of the failures of evaluation.

use syntax::explain::Explanation;

pub(super) const EXPLANATIONS: &[Explanation] = &[];
