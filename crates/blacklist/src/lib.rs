//! The exact blacklist index.
