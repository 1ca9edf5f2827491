//! xuekad: the daemon of the card desk.
