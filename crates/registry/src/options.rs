//! How a registry is opened, and what those who follow it are told.

use std::fmt;

use xueka_domain::{BlockChange, NumberForm};

/// What a transaction changed, told before its callers are answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// The registry's version after it.
    pub version: u64,
    /// What changed on the blacklist, in order; often nothing.
    pub blocks: Vec<BlockChange>,
}

/// Who is told of every commit, on the writer's own thread: return soon.
pub type OnCommit = Box<dyn FnMut(&Commit) + Send>;

/// How a registry is opened.
pub struct OpenOptions {
    /// Whether the readers of this process are simulated. A new database is
    /// created for simulation exactly when they are; an existing one is
    /// refused when it was created for the other kind.
    pub simulated: bool,
    /// Who is told of every commit, before the caller of the change is
    /// answered; this is how an index never lags behind an answer.
    pub on_commit: Option<OnCommit>,
    /// The forms in which cards are looked for by what is printed on them. For
    /// those that show a part of a UID or number, the prints of all cards are
    /// kept; a new one is made when the registry is opened, which takes seconds
    /// for a million cards.
    pub forms: Vec<NumberForm>,
    /// How many threads read, each with a connection of its own: 1 to 16.
    pub n_readers: usize,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self {
            simulated: false,
            on_commit: None,
            forms: Vec::new(),
            n_readers: 2,
        }
    }
}

impl fmt::Debug for OpenOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenOptions")
            .field("simulated", &self.simulated)
            .field("n_forms", &self.forms.len())
            .field("n_readers", &self.n_readers)
            .finish_non_exhaustive()
    }
}
