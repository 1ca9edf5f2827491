//! A journal in memory, which keeps plans as text.

use xueka_cards::{Journal, JournalError, WriteEnd, WriteId, WritePlan};

/// What was noted.
#[derive(Default)]
pub(crate) struct Notes {
    /// The entry that is open, with its plan.
    pub(crate) open: Option<(WriteId, String)>,
    /// How entries ended.
    pub(crate) ends: Vec<WriteEnd>,
}

impl Notes {
    /// The entry that is open, and its plan as it comes back from the text.
    pub(crate) fn taken_up(&self) -> Option<(WriteId, WritePlan)> {
        let (id, text) = self.open.as_ref()?;
        Some((*id, WritePlan::from_text(text).unwrap()))
    }
}

impl Journal for Notes {
    fn open(&mut self, plan: &WritePlan) -> Result<WriteId, JournalError> {
        assert!(self.open.is_none(), "one card is written at a time");
        let id = WriteId(1 + self.ends.len() as u64);
        self.open = Some((id, plan.to_text().unwrap()));
        Ok(id)
    }

    fn close(&mut self, id: WriteId, end: WriteEnd) -> Result<(), JournalError> {
        assert_eq!(self.open.take().map(|(open, _)| open), Some(id));
        self.ends.push(end);
        Ok(())
    }
}
