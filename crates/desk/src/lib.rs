//! The use cases of the desk.
