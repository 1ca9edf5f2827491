//! The journal of card writes, as the part of the registry that keeps it.

use xueka_domain::Uid;

use crate::{
    CardWrite, CardWriteId, NewCardWrite, Registry, RegistryError, RequestId, Stamp, WriteOutcome,
    sqlite,
};

impl Registry {
    /// Puts a write to a card into the journal, before the first byte of the
    /// card changes. When this returns, the entry outlives a power failure.
    ///
    /// # Errors
    ///
    /// Refused as [`WriteUnderWay`](crate::Refusal::WriteUnderWay) when a write to
    /// this UID is open, or when this request began one before, whatever became
    /// of it; [`RegistryError::RequestIdReused`].
    pub async fn open_write(
        &self,
        request: RequestId,
        stamp: Stamp,
        write: NewCardWrite,
    ) -> Result<CardWriteId, RegistryError> {
        self.database
            .change("noting a card write", move |sql| {
                sqlite::open_write(sql, &stamp, &request, &write)
            })
            .await
    }

    /// Closes a write with what was found on the card; its plan is forgotten.
    /// Closed again with the same outcome, it stays as it is.
    ///
    /// [`WriteOutcome::Spoilt`] takes the card on record out of use, when it is
    /// live, so that it is blocked; of a card that is not on record the UID is
    /// blocked. Either is kept from being handed out until a later write to the
    /// same chip succeeds.
    ///
    /// # Errors
    ///
    /// Refused as [`WriteNotFound`](crate::Refusal::WriteNotFound) when no write
    /// has this name, or it was closed with another outcome.
    pub async fn close_write(
        &self,
        stamp: Stamp,
        id: CardWriteId,
        outcome: WriteOutcome,
    ) -> Result<CardWrite, RegistryError> {
        self.database
            .change("ending a card write", move |sql| {
                sqlite::close_write(sql, &stamp, id, outcome)
            })
            .await
    }

    /// The open write to the card with this UID, if there is one.
    ///
    /// # Errors
    ///
    /// None beyond those of every method.
    pub async fn open_write_of(&self, uid: Uid) -> Result<Option<CardWrite>, RegistryError> {
        self.database
            .read("looking up a card write", move |sql| {
                sqlite::open_write_of(sql, uid)
            })
            .await
    }

    /// The write to the card with this UID that a request began; `None` when it
    /// has begun none yet.
    ///
    /// # Errors
    ///
    /// [`RegistryError::RequestIdReused`].
    pub async fn write_of_request(
        &self,
        request: RequestId,
        uid: Uid,
    ) -> Result<Option<CardWrite>, RegistryError> {
        self.database
            .read("looking up a request", move |sql| {
                sqlite::write_of_request(sql, &request, uid)
            })
            .await
    }

    /// At most `limit` open writes (1 to 1,000; others are brought into that
    /// range), oldest first, those after `after` or from the first.
    ///
    /// # Errors
    ///
    /// None beyond those of every method.
    pub async fn list_open_writes(
        &self,
        after: Option<CardWriteId>,
        limit: usize,
    ) -> Result<Vec<CardWrite>, RegistryError> {
        self.database
            .read("listing card writes", move |sql| {
                sqlite::list_open_writes(sql, after, limit)
            })
            .await
    }
}
