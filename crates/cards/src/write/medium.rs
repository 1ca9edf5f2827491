//! What the writing of any family comes down to.

use xueka_domain::Uid;

use super::{Content, Step, WriteError};

/// One of the two contents of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// What stood there when the plan was made.
    Old,
    /// What shall stand there.
    New,
}

/// What stands at the place of a step now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Both at once: the plan changes nothing here.
    Same,
    /// The old content.
    Old,
    /// The new content.
    New,
    /// Something else: a torn write, or a card changed by others.
    Other,
    /// No key that the plan names for this place opens it, and the card
    /// answered each of them. A reader that only says "failed" is no such
    /// answer.
    Closed,
}

impl Standing {
    /// Whether the place holds that side.
    pub(crate) fn is(self, side: Side) -> bool {
        match side {
            Side::Old => matches!(self, Self::Old | Self::Same),
            Side::New => matches!(self, Self::New | Self::Same),
        }
    }
}

impl Step {
    /// What is wanted on that side.
    pub(crate) fn content(&self, side: Side) -> &Content {
        match side {
            Side::Old => &self.old,
            Side::New => &self.new,
        }
    }

    /// What stands at the place, given its bytes; `None`: there is no such
    /// place.
    pub(crate) fn compared(&self, found: Option<&[u8]>) -> Standing {
        self.compared_by(|content| match content {
            Content::Bytes(bytes) => found == Some(bytes),
            Content::Nothing => found.is_none(),
            Content::Trailer { .. } | Content::Key(_) => false,
        })
    }

    /// What stands at the place, given the name of the key there; `None`: there
    /// is no such place.
    pub(crate) fn compared_key(&self, found: Option<&str>) -> Standing {
        self.compared_by(|content| match content {
            Content::Key(name) => found == Some(name),
            Content::Nothing => found.is_none(),
            Content::Trailer { .. } | Content::Bytes(_) => false,
        })
    }

    fn compared_by(&self, is_there: impl Fn(&Content) -> bool) -> Standing {
        match (is_there(&self.old), is_there(&self.new)) {
            (true, true) => Standing::Same,
            (true, false) => Standing::Old,
            (false, true) => Standing::New,
            (false, false) => Standing::Other,
        }
    }

    /// How many bytes the place has.
    pub(crate) fn n_bytes(&self) -> usize {
        let n_bytes = |content: &Content| match content {
            Content::Bytes(bytes) => bytes.len(),
            Content::Trailer { .. } | Content::Key(_) | Content::Nothing => 0,
        };
        n_bytes(&self.old).max(n_bytes(&self.new))
    }
}

/// A card that is held, as something with places that are read and set.
///
/// Each family has its own. Setting a place to what it holds already does no
/// harm.
pub(crate) trait Medium {
    /// The card's fixed UID, asked anew.
    fn uid(&mut self) -> Result<Uid, WriteError>;

    /// What stands at the place of a step.
    fn standing(&mut self, step: &Step) -> Result<Standing, WriteError>;

    /// Sets the place of a step.
    fn set(&mut self, step: &Step, side: Side) -> Result<(), WriteError>;

    /// Makes what was set take effect, on chips that keep it back until then:
    /// all of it at once, or none.
    fn commit(&mut self) -> Result<(), WriteError> {
        Ok(())
    }
}
