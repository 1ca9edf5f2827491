-- The latest state of each count that was seen on a card. A card that shows an
-- earlier one may be an older copy of itself.
CREATE TABLE card_counts (
    card INTEGER NOT NULL REFERENCES cards (id),
    counter TEXT NOT NULL
        CHECK (counter IN ('RECORD_WRITES', 'PURSE_LOADS', 'PURSE_PAYMENTS')),
    count INTEGER NOT NULL CHECK (count BETWEEN 0 AND 65535),
    time INTEGER NOT NULL,
    PRIMARY KEY (card, counter)
) STRICT, WITHOUT ROWID;
