//! Cards and their holders: handing out, loss, bulk registration.

use xueka_domain::{ExitReason, StudentNumber};
use xueka_registry::{
    CardRecord, Collection, Registration, RegistrationOutcome, RequestId, WhichCard,
};

use crate::{Caller, CardInReader, Desk, DeskError};

/// A card to be handed out.
#[derive(Clone, Debug)]
pub struct Collect {
    /// Who collects it.
    pub student: StudentNumber,
    /// Where it lies.
    pub place: CardInReader,
}

impl Desk {
    /// The registry's record of a card; `None` when there is none.
    ///
    /// # Errors
    ///
    /// [`DeskError::Registry`].
    pub async fn find_card(&self, which: WhichCard) -> Result<Option<CardRecord>, DeskError> {
        Ok(self.registry.find_card(which).await?)
    }

    /// Takes in cards that were issued before.
    ///
    /// # Errors
    ///
    /// [`DeskError::Registry`].
    pub async fn register_issued(
        &self,
        caller: &Caller,
        request: RequestId,
        registration: Registration,
    ) -> Result<RegistrationOutcome, DeskError> {
        let stamp = self.stamp(caller);
        Ok(self
            .registry
            .register_issued(request, stamp, registration)
            .await?)
    }

    /// Hands out the card in a reader. A request that was answered before is
    /// answered so again, whatever lies in the reader now.
    ///
    /// # Errors
    ///
    /// [`DeskError::Reader`], [`DeskError::NoIdentity`] for a card that could
    /// not be known again, [`DeskError::Registry`].
    pub async fn collect(
        &self,
        caller: &Caller,
        request: RequestId,
        collect: Collect,
    ) -> Result<CardRecord, DeskError> {
        let student = collect.student.clone();
        if let Some(card) = self.registry.collected(request.clone(), student).await? {
            return Ok(card);
        }
        let (reading, identity) = self.read_to_bind(&collect.place).await?;
        let collection = Collection {
            student: collect.student,
            identity,
            family: reading.family,
            valid_from: reading.valid_from,
            valid_until: reading.valid_until,
        };
        let stamp = self.stamp(caller);
        Ok(self.registry.collect(request, stamp, collection).await?)
    }

    /// Reports a card lost or stolen: it is blocked when this returns.
    ///
    /// # Errors
    ///
    /// [`DeskError::Registry`].
    pub async fn report_loss(
        &self,
        caller: &Caller,
        request: RequestId,
        which: WhichCard,
        reason: ExitReason,
    ) -> Result<CardRecord, DeskError> {
        let stamp = self.stamp(caller);
        Ok(self
            .registry
            .report_exit(request, stamp, which, reason)
            .await?)
    }

    /// Cancels the loss of the card in a reader. A request that was answered
    /// before is answered so again.
    ///
    /// # Errors
    ///
    /// [`DeskError::Reader`], [`DeskError::NoIdentity`], [`DeskError::Registry`].
    pub async fn cancel_loss(
        &self,
        caller: &Caller,
        request: RequestId,
        place: &CardInReader,
    ) -> Result<CardRecord, DeskError> {
        if let Some(card) = self.registry.loss_cancelled(request.clone()).await? {
            return Ok(card);
        }
        let (_, identity) = self.read_to_bind(place).await?;
        let stamp = self.stamp(caller);
        Ok(self.registry.cancel_loss(request, stamp, identity).await?)
    }
}
