-- What the desk notes of a card besides its state.

-- The balance when the card was taken back, in fen; when it was handed in; and
-- why a damage was taken back that had been registered in error.
ALTER TABLE cards ADD COLUMN final_balance INTEGER;
ALTER TABLE cards ADD COLUMN hand_in_time INTEGER;
ALTER TABLE cards ADD COLUMN correction TEXT;

-- For which school years a card was registered, by the calendar year in which
-- each begins.
CREATE TABLE card_years (
    card INTEGER NOT NULL REFERENCES cards (id),
    school_year INTEGER NOT NULL,
    time INTEGER NOT NULL,
    PRIMARY KEY (card, school_year)
) STRICT, WITHOUT ROWID;
