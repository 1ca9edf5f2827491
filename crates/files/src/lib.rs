//! Rolls and card lists: bytes in, values out.
