//! Switch analysis.
