//! The handle through which everything is asked of the registry.

use std::sync::Arc;

use jiff::Timestamp;
use xueka_domain::{
    BlockChange, BlockEntry, CardIdentity, CardKey, CardNumber, Count, Counter, ExitReason, Note,
    NumberForm, Printed, RegistryFacts, StudentNumber, Uid,
};

use crate::{
    AuditReport, BlacklistEntry, BlacklistPage, CardLook, CardRecord, ClashReport, Collection,
    FoundCards, NewToken, OpenOptions, PageMark, Registration, RegistrationOutcome, RegistryError,
    RequestId, Stamp, Token, TokenName, WhichCard,
    sqlite::{self, Database},
};

/// A cloneable handle to the registry of students, cards and blocks.
///
/// Changes are made one after the other by one thread and are on the disk
/// before they are answered. A change that was handed over is made even if its
/// caller goes away. Every change carries a [`Stamp`]; those that a caller may
/// have to repeat carry a [`RequestId`] as well: sent again it gives the first
/// answer and changes nothing.
///
/// Every method can fail with [`RegistryError::Unavailable`] and
/// [`RegistryError::Closed`], and every change with [`RegistryError::Full`] and
/// [`RegistryError::ReadOnly`]; methods name only what else they can answer.
#[derive(Clone, Debug)]
pub struct Registry {
    pub(crate) database: Arc<Database>,
}

impl Registry {
    /// Opens the registry at an address: a path, `sqlite:PATH`, or
    /// `postgresql://USER@HOST/DATABASE` with, where the server asks for one,
    /// `?password_file=PATH`. The address holds no password.
    ///
    /// A new database is made where none is. An old one is brought to the
    /// present schema. An SQLite file belongs to this process until every handle
    /// is dropped or [`close`](Self::close) returns; several processes may
    /// share a database on PostgreSQL, and each is told what the others change.
    ///
    /// # Errors
    ///
    /// Everything of [`RegistryError`] that tells of a database: its variants
    /// say what to do.
    pub async fn open(address: &str, options: OpenOptions) -> Result<Self, RegistryError> {
        let address = sqlite::Address::parse(address)?;
        let opening = tokio::task::spawn_blocking(move || Database::open(&address, options));
        let database = opening.await.map_err(|_| RegistryError::Closed)??;
        Ok(Self {
            database: Arc::new(database),
        })
    }

    /// Finishes the changes that were handed over, and lets go of the database.
    ///
    /// Later calls on any handle answer [`RegistryError::Closed`].
    pub async fn close(&self) {
        self.database.close().await;
    }

    /// Takes in a list of cards that were issued before, in one transaction.
    ///
    /// Every row is judged against the registry and against the rows before it.
    /// Unless [`Registration::accept_good_rows`] is set, one refused row means
    /// that none is taken. An active card takes the place of the lost and
    /// damaged ones of its holder.
    ///
    /// # Errors
    ///
    /// [`RegistryError::RequestIdReused`].
    pub async fn register_issued(
        &self,
        request: RequestId,
        stamp: Stamp,
        registration: Registration,
    ) -> Result<RegistrationOutcome, RegistryError> {
        self.database
            .change("registering issued cards", move |sql| {
                sqlite::register(sql, &stamp, &request, &registration)
            })
            .await
    }

    /// Hands a card out: binds its number and UID to a student and makes it
    /// active. The lost and damaged cards of the student are replaced by it, and
    /// the request for it is done.
    ///
    /// # Errors
    ///
    /// Refused as [`StudentNotFound`](crate::Refusal::StudentNotFound),
    /// [`NumberTaken`](crate::Refusal::NumberTaken),
    /// [`UidTaken`](crate::Refusal::UidTaken),
    /// [`StudentHasCard`](crate::Refusal::StudentHasCard),
    /// [`NotTheSameCard`](crate::Refusal::NotTheSameCard) when the card that
    /// waits for the student is listed with another UID,
    /// [`IllegalTransition`](crate::Refusal::IllegalTransition), or
    /// [`Step`](crate::Refusal::Step) when the student has left, or a card was
    /// requested that is not delivered yet;
    /// [`RegistryError::RequestIdReused`].
    pub async fn collect(
        &self,
        request: RequestId,
        stamp: Stamp,
        collection: Collection,
    ) -> Result<CardRecord, RegistryError> {
        self.database
            .change("handing out a card", move |sql| {
                sqlite::collect(sql, &stamp, &request, &collection)
            })
            .await
    }

    /// The answer that [`collect`](Self::collect) gave to this request before;
    /// `None` when it has handed nothing out yet. To be asked before a card is
    /// read, which may be gone from the reader when a request is sent again.
    ///
    /// # Errors
    ///
    /// [`RegistryError::RequestIdReused`].
    pub async fn collected(
        &self,
        request: RequestId,
        student: StudentNumber,
    ) -> Result<Option<CardRecord>, RegistryError> {
        self.database
            .read("looking up a request", move |sql| {
                sqlite::collected(sql, &request, &student)
            })
            .await
    }

    /// The answer that [`cancel_loss`](Self::cancel_loss) gave to this request
    /// before; as [`collected`](Self::collected).
    ///
    /// # Errors
    ///
    /// [`RegistryError::RequestIdReused`].
    pub async fn loss_cancelled(
        &self,
        request: RequestId,
    ) -> Result<Option<CardRecord>, RegistryError> {
        self.database
            .read("looking up a request", move |sql| {
                sqlite::loss_cancelled(sql, &request)
            })
            .await
    }

    /// Reports that a card goes out of use, and why: lost, stolen, damaged,
    /// cancelled. What follows stands in [`ExitReason::consequences`]; the card
    /// is blocked from the moment this returns.
    ///
    /// # Errors
    ///
    /// Refused as [`CardNotFound`](crate::Refusal::CardNotFound),
    /// [`StudentNotFound`](crate::Refusal::StudentNotFound),
    /// [`NoLiveCard`](crate::Refusal::NoLiveCard),
    /// [`IllegalTransition`](crate::Refusal::IllegalTransition), or
    /// [`NotExpired`](crate::StepRefusal::NotExpired) when that is given as the
    /// reason before its day; [`RegistryError::RequestIdReused`].
    pub async fn report_exit(
        &self,
        request: RequestId,
        stamp: Stamp,
        which: WhichCard,
        reason: ExitReason,
    ) -> Result<CardRecord, RegistryError> {
        self.database
            .change("taking a card out of use", move |sql| {
                sqlite::report_exit(sql, &stamp, &request, &which, reason)
            })
            .await
    }

    /// Cancels the loss of the card in hand, which a reading has just shown. An
    /// open request for another card lapses.
    ///
    /// When the registry has a UID for the card, the reading must show the same
    /// one; a card registered without a UID is known by its number.
    ///
    /// # Errors
    ///
    /// Refused as [`CardNotFound`](crate::Refusal::CardNotFound),
    /// [`NotTheSameCard`](crate::Refusal::NotTheSameCard),
    /// [`StudentHasCard`](crate::Refusal::StudentHasCard) when another card waits
    /// for the student, or
    /// [`IllegalTransition`](crate::Refusal::IllegalTransition) when it is not
    /// lost; [`RegistryError::RequestIdReused`].
    pub async fn cancel_loss(
        &self,
        request: RequestId,
        stamp: Stamp,
        in_hand: CardIdentity,
    ) -> Result<CardRecord, RegistryError> {
        self.database
            .change("cancelling a loss", move |sql| {
                sqlite::cancel_loss(sql, &stamp, &request, in_hand)
            })
            .await
    }

    /// The record of a card; `None` when none is found.
    ///
    /// # Errors
    ///
    /// None beyond those of every method.
    pub async fn find_card(&self, which: WhichCard) -> Result<Option<CardRecord>, RegistryError> {
        self.database
            .read("looking up a card", move |sql| {
                sqlite::find_record(sql, &which)
            })
            .await
    }

    /// The record of a card that must be there.
    ///
    /// # Errors
    ///
    /// Refused as [`CardNotFound`](crate::Refusal::CardNotFound),
    /// [`StudentNotFound`](crate::Refusal::StudentNotFound) or
    /// [`NoLiveCard`](crate::Refusal::NoLiveCard).
    pub async fn require_card(&self, which: WhichCard) -> Result<CardRecord, RegistryError> {
        self.database
            .read("looking up a card", move |sql| {
                sqlite::require_record(sql, &which)
            })
            .await
    }

    /// The cards that bear a print under one of these forms. Forms that show a
    /// part of a UID or number find something only when they were among
    /// [`OpenOptions::forms`].
    ///
    /// # Errors
    ///
    /// None beyond those of every method.
    pub async fn find_printed(
        &self,
        printed: Printed,
        forms: Vec<NumberForm>,
    ) -> Result<FoundCards, RegistryError> {
        self.database
            .read("looking up a print", move |sql| {
                sqlite::find_printed(sql, &printed, &forms)
            })
            .await
    }

    /// Goes through all cards and says which of them these forms do not tell
    /// apart, on a thread of its own; one to two seconds a form for a million cards.
    ///
    /// # Errors
    ///
    /// None beyond those of every method.
    pub async fn clashes(&self, forms: Vec<NumberForm>) -> Result<ClashReport, RegistryError> {
        self.database
            .read_apart("comparing prints", move |sql| sqlite::clashes(sql, &forms))
            .await
    }

    /// Everything that verification needs to know of a card, from one moment.
    ///
    /// # Errors
    ///
    /// None beyond those of every method.
    pub async fn facts(&self, identity: CardIdentity) -> Result<RegistryFacts, RegistryError> {
        self.database
            .read("looking up a card", move |sql| sqlite::facts(sql, identity))
            .await
    }

    /// Notes that a UID was seen with a number, when one of them is on record.
    /// Answers whether that was news; anything else costs a look-up and no
    /// change, and a random UID, which names nothing, costs nothing.
    ///
    /// # Errors
    ///
    /// None beyond those of every change.
    pub async fn record_sighting(
        &self,
        stamp: Stamp,
        number: CardNumber,
        uid: Uid,
    ) -> Result<bool, RegistryError> {
        if uid.is_random() {
            return Ok(false);
        }
        let is_new = self
            .database
            .read("looking up a sighting", move |sql| {
                sqlite::is_new_sighting(sql, number, uid)
            })
            .await?;
        if !is_new {
            return Ok(false);
        }
        self.database
            .change("noting a sighting", move |sql| {
                sqlite::record_sighting(sql, &stamp, number, uid)
            })
            .await
    }

    /// Notes what a card counts, when it is on record, so that a copy made before
    /// is found out by counting less. Answers which of the counts ran backwards;
    /// they stay noted as they were seen before, and leave a row in the audit
    /// trail.
    ///
    /// # Errors
    ///
    /// None beyond those of every change.
    pub async fn note_counts(
        &self,
        stamp: Stamp,
        card: CardIdentity,
        counts: Vec<(Counter, Count)>,
    ) -> Result<Vec<Counter>, RegistryError> {
        self.database
            .change("noting what a card counts", move |sql| {
                sqlite::note_counts(sql, &stamp, card, &counts)
            })
            .await
    }

    /// Puts into the audit trail that somebody saw what a card shows to few.
    /// To be called before what was seen is told to anyone.
    ///
    /// The row names the card by its row here; a card that is not on record
    /// leaves a row that names none.
    ///
    /// # Errors
    ///
    /// None beyond those of every change.
    pub async fn note_look(
        &self,
        stamp: Stamp,
        card: CardIdentity,
        look: CardLook,
    ) -> Result<(), RegistryError> {
        self.database
            .change("noting a look at a card", move |sql| {
                sqlite::note_look(sql, &stamp, card, look)
            })
            .await
    }

    /// Blocks a number or UID by hand.
    ///
    /// # Errors
    ///
    /// Refused as [`EntryExists`](crate::Refusal::EntryExists) when it is blocked
    /// by hand already; [`RegistryError::RequestIdReused`].
    pub async fn add_block(
        &self,
        request: RequestId,
        stamp: Stamp,
        key: CardKey,
        note: Note,
    ) -> Result<BlacklistEntry, RegistryError> {
        self.database
            .change("blocking a card", move |sql| {
                sqlite::add_block(sql, &stamp, &request, key, &note)
            })
            .await
    }

    /// Ends a block that was made by hand, and gives the version at which it
    /// ended.
    ///
    /// # Errors
    ///
    /// Refused as [`EntryNotFound`](crate::Refusal::EntryNotFound) or
    /// [`EntryFromState`](crate::Refusal::EntryFromState);
    /// [`RegistryError::RequestIdReused`].
    pub async fn remove_block(
        &self,
        request: RequestId,
        stamp: Stamp,
        key: CardKey,
    ) -> Result<u64, RegistryError> {
        self.database
            .change("ending a block", move |sql| {
                sqlite::remove_block(sql, &stamp, &request, key)
            })
            .await
    }

    /// The entry of a number or UID: the one from its card's state when it is
    /// blocked both so and by hand; `None` when it is not blocked.
    ///
    /// # Errors
    ///
    /// None beyond those of every method.
    pub async fn find_block(&self, key: CardKey) -> Result<Option<BlacklistEntry>, RegistryError> {
        self.database
            .read("looking up a block", move |sql| {
                sqlite::find_block(sql, key)
            })
            .await
    }

    /// At most `limit` entries of the blacklist (1 to 1,000; others are brought
    /// into that range), in the order in which they were made, from `from` on or
    /// from the first.
    ///
    /// # Errors
    ///
    /// None beyond those of every method.
    pub async fn list_blocks(
        &self,
        from: Option<PageMark>,
        limit: usize,
    ) -> Result<BlacklistPage, RegistryError> {
        self.database
            .read("listing blocks", move |sql| {
                sqlite::list_blocks(sql, from, limit)
            })
            .await
    }

    /// Gives every entry of the blacklist to `take`, in chunks, on a thread of
    /// its own, and the version at which the blacklist stood so.
    ///
    /// # Errors
    ///
    /// None beyond those of every method; `take` may have been called then.
    pub async fn load_blocks(
        &self,
        take: impl FnMut(&[BlockEntry]) + Send + 'static,
    ) -> Result<u64, RegistryError> {
        self.database
            .read_apart("loading the blacklist", move |sql| {
                sqlite::load_blocks(sql, take)
            })
            .await
    }

    /// The changes of the blacklist after a version, in order: those of the next
    /// `limit` versions (1 to 1,000) that changed it, so that the last one's
    /// version is where to go on.
    ///
    /// # Errors
    ///
    /// None beyond those of every method.
    pub async fn block_changes(
        &self,
        after: u64,
        limit: usize,
    ) -> Result<Vec<BlockChange>, RegistryError> {
        self.database
            .read("reading the feed", move |sql| {
                sqlite::block_changes(sql, after, limit)
            })
            .await
    }

    /// Makes a token.
    ///
    /// # Errors
    ///
    /// Refused as [`TokenExists`](crate::Refusal::TokenExists).
    pub async fn create_token(
        &self,
        stamp: Stamp,
        token: NewToken,
    ) -> Result<Token, RegistryError> {
        self.database
            .change("making a token", move |sql| {
                sqlite::create_token(sql, &stamp, &token)
            })
            .await
    }

    /// The tokens that live at `now`, by name.
    ///
    /// # Errors
    ///
    /// None beyond those of every method.
    pub async fn list_tokens(&self, now: Timestamp) -> Result<Vec<Token>, RegistryError> {
        self.database
            .read("listing tokens", move |sql| sqlite::list_tokens(sql, now))
            .await
    }

    /// Ends a token at once.
    ///
    /// # Errors
    ///
    /// Refused as [`TokenNotFound`](crate::Refusal::TokenNotFound).
    pub async fn revoke_token(&self, stamp: Stamp, name: TokenName) -> Result<(), RegistryError> {
        self.database
            .change("ending a token", move |sql| {
                sqlite::revoke_token(sql, &stamp, &name)
            })
            .await
    }

    /// The token whose secret has this SHA-256, if it lives at `now`.
    ///
    /// # Errors
    ///
    /// None beyond those of every method.
    pub async fn find_token(
        &self,
        secret_hash: [u8; 32],
        now: Timestamp,
    ) -> Result<Option<Token>, RegistryError> {
        self.database
            .read("looking up a token", move |sql| {
                sqlite::find_token(sql, &secret_hash, now)
            })
            .await
    }

    /// The registry's version: it rises with every change.
    ///
    /// # Errors
    ///
    /// None beyond those of every method.
    pub async fn version(&self) -> Result<u64, RegistryError> {
        self.database
            .read("reading the version", sqlite::version)
            .await
    }

    /// Walks the audit trail and checks that each row follows from the one
    /// before it.
    ///
    /// # Errors
    ///
    /// None beyond those of every method.
    pub async fn verify_audit(&self) -> Result<AuditReport, RegistryError> {
        self.database
            .read_apart("checking the audit trail", sqlite::verify_audit)
            .await
    }
}
