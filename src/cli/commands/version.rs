//! `reflow version`

use super::answer;
use crate::exit::Exit;

/// The version and the toolchain it was built with.
pub(crate) fn text() -> String {
    format!("{} (rustc {})", env!("CARGO_PKG_VERSION"), env!("REFLOW_RUSTC"))
}

pub(super) fn run() -> Result<(), Exit> {
    answer(format!("{}\n", text()))
}
