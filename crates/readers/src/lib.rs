//! PC/SC readers, their threads, and the taps on them.
