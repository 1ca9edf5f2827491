//! A profile with everything, and what is refused.
