-- The journal of card writes: what was about to be written to which card, until
-- it is known what stands on it.

-- "plan" holds what stood on the card and what shall, a card number among it;
-- it goes when the write is closed. "card" is the card on record when there was
-- one as the write was begun.
CREATE TABLE card_writes (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    uid BLOB NOT NULL,
    card INTEGER REFERENCES cards (id),
    plan TEXT,
    open_time INTEGER NOT NULL,
    close_time INTEGER,
    outcome TEXT CHECK (outcome IN ('WRITTEN', 'ROLLED_BACK', 'SPOILT')),
    CHECK ((outcome IS NULL) = (plan IS NOT NULL)),
    CHECK ((outcome IS NULL) = (close_time IS NULL))
) STRICT;

CREATE INDEX card_writes_by_uid ON card_writes (uid);
CREATE UNIQUE INDEX one_open_write_per_uid ON card_writes (uid) WHERE outcome IS NULL;
