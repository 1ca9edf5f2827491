//! Virtual cards and readers.
