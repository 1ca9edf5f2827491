//! How students come by cards, as the part of the registry that keeps the
//! requests.

use xueka_domain::Note;

use crate::{
    Arrival, CardOrder, CardRequest, CardRequestId, OrderOutcome, Registry, RegistryError,
    RequestFilter, RequestId, RequestStep, Stamp, StepOutcome, sqlite,
};

impl Registry {
    /// Requests cards for students, in one transaction.
    ///
    /// Every student is judged: who holds or awaits a card is refused with it,
    /// and new issue and reissue are told apart before anything is written.
    /// Unless [`CardOrder::accept_good`] is set, one refused student means that
    /// nothing is requested.
    ///
    /// # Errors
    ///
    /// [`RegistryError::RequestIdReused`].
    pub async fn request_cards(
        &self,
        request: RequestId,
        stamp: Stamp,
        order: CardOrder,
    ) -> Result<OrderOutcome, RegistryError> {
        self.database
            .change("requesting cards", move |sql| {
                sqlite::request_cards(sql, &stamp, &request, &order)
            })
            .await
    }

    /// Takes requests a step further, all of them or none. The note is kept with
    /// each.
    ///
    /// A fee that is due goes when no card will come of its request.
    ///
    /// # Errors
    ///
    /// [`RegistryError::RequestIdReused`].
    pub async fn step_requests(
        &self,
        request: RequestId,
        stamp: Stamp,
        requests: Vec<CardRequestId>,
        step: RequestStep,
        note: Option<Note>,
    ) -> Result<StepOutcome, RegistryError> {
        self.database
            .change("taking card requests further", move |sql| {
                sqlite::step_requests(sql, &stamp, &request, &requests, step, note.as_ref())
            })
            .await
    }

    /// Notes that cards have come to the school, all of them or none. Those of
    /// which it is said which card it is wait for their students from now on.
    ///
    /// # Errors
    ///
    /// [`RegistryError::RequestIdReused`].
    pub async fn deliver_cards(
        &self,
        request: RequestId,
        stamp: Stamp,
        arrivals: Vec<Arrival>,
    ) -> Result<StepOutcome, RegistryError> {
        self.database
            .change("taking in cards", move |sql| {
                sqlite::deliver_cards(sql, &stamp, &request, &arrivals)
            })
            .await
    }

    /// Notes that the fee of a request was paid; gives the version at which it
    /// was.
    ///
    /// # Errors
    ///
    /// Refused as [`RequestNotFound`](crate::StepRefusal::RequestNotFound) or
    /// [`NoFeeDue`](crate::StepRefusal::NoFeeDue);
    /// [`RegistryError::RequestIdReused`].
    pub async fn pay_fee(
        &self,
        request: RequestId,
        stamp: Stamp,
        paid: CardRequestId,
    ) -> Result<u64, RegistryError> {
        self.database
            .change("noting a fee", move |sql| {
                sqlite::pay_fee(sql, &stamp, &request, paid)
            })
            .await
    }

    /// At most `limit` requests (1 to 1,000; others are brought into that range)
    /// for which the conditions hold, oldest first, those after `after` or from
    /// the first.
    ///
    /// # Errors
    ///
    /// None beyond those of every method.
    pub async fn list_card_requests(
        &self,
        filter: RequestFilter,
        after: Option<CardRequestId>,
        limit: usize,
    ) -> Result<Vec<CardRequest>, RegistryError> {
        self.database
            .read("listing card requests", move |sql| {
                sqlite::list_card_requests(sql, &filter, after, limit)
            })
            .await
    }
}
