-- Students, cards, blocks, sightings, tokens, and the trail of their changes.
-- How values stand in columns is said in codec.rs.

-- One row: what concerns the registry as a whole. "version" rises by one with
-- each change, and is the sequence of the audit trail, whose end stands here
-- so that rows cut off its end are missed.
CREATE TABLE meta (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    for_simulation INTEGER NOT NULL CHECK (for_simulation IN (0, 1)),
    version INTEGER NOT NULL,
    audit_hash BLOB NOT NULL,
    last_change INTEGER
) STRICT;

CREATE TABLE students (
    id INTEGER PRIMARY KEY,
    number TEXT NOT NULL UNIQUE,
    name TEXT NOT NULL,
    class_name TEXT,
    version INTEGER NOT NULL
) STRICT;

-- A number is one card's for ever, and a card is one student's. A card that
-- was listed by its UID alone may get its number at the hand-out tap.
CREATE TABLE cards (
    id INTEGER PRIMARY KEY,
    number TEXT UNIQUE,
    uid BLOB,
    student INTEGER NOT NULL REFERENCES students (id),
    family TEXT,
    state TEXT NOT NULL CHECK (state IN (
        'DELIVERED', 'ACTIVE', 'LOST', 'DAMAGED', 'REPLACED', 'SPOILT', 'CANCELLED')),
    exit_reason TEXT,
    valid_from TEXT,
    valid_until TEXT,
    replaced_by INTEGER REFERENCES cards (id),
    issue_time INTEGER NOT NULL,
    state_time INTEGER NOT NULL,
    version INTEGER NOT NULL,
    CHECK (number IS NOT NULL OR uid IS NOT NULL)
) STRICT;

CREATE INDEX cards_by_student ON cards (student);
CREATE INDEX cards_by_uid ON cards (uid) WHERE uid IS NOT NULL;
CREATE INDEX cards_by_replacement ON cards (replaced_by) WHERE replaced_by IS NOT NULL;
CREATE UNIQUE INDEX one_live_card_per_student ON cards (student)
    WHERE state IN ('DELIVERED', 'ACTIVE');
CREATE UNIQUE INDEX one_live_card_per_lone_uid ON cards (uid)
    WHERE number IS NULL AND state IN ('DELIVERED', 'ACTIVE');

CREATE TRIGGER cards_keep_number_and_holder
    BEFORE UPDATE OF number, student ON cards
    WHEN (OLD.number IS NOT NULL AND NEW.number IS NOT OLD.number)
        OR NEW.student IS NOT OLD.student
    BEGIN SELECT RAISE(ABORT, 'a card keeps its number and its holder'); END;
CREATE TRIGGER cards_stay
    BEFORE DELETE ON cards
    BEGIN SELECT RAISE(ABORT, 'a card stays on record'); END;

-- Which UID was seen with which number.
CREATE TABLE sightings (
    uid BLOB NOT NULL,
    number TEXT NOT NULL,
    first_time INTEGER NOT NULL,
    PRIMARY KEY (uid, number)
) STRICT, WITHOUT ROWID;

-- The blacklist: what the states of cards make of it, and what was added by
-- hand. The order of "id" is the order in which entries were made.
CREATE TABLE blocks (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    number TEXT,
    uid BLOB,
    by_hand INTEGER NOT NULL CHECK (by_hand IN (0, 1)),
    reason TEXT NOT NULL,
    note TEXT,
    create_time INTEGER NOT NULL,
    version INTEGER NOT NULL,
    CHECK ((number IS NULL) <> (uid IS NULL)),
    CHECK (by_hand = (reason = 'BY_HAND'))
) STRICT;

CREATE UNIQUE INDEX blocks_by_number ON blocks (number, by_hand) WHERE number IS NOT NULL;
CREATE UNIQUE INDEX blocks_by_uid ON blocks (uid, by_hand) WHERE uid IS NOT NULL;

CREATE TABLE tokens (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL UNIQUE,
    role TEXT NOT NULL,
    secret_hash BLOB NOT NULL UNIQUE CHECK (length(secret_hash) = 32),
    create_time INTEGER NOT NULL,
    expire_time INTEGER NOT NULL
) STRICT;

-- One row per change: who did what to which rows, when, at whose request.
-- Only ids of rows here, nothing personal. Each hash covers the row and the
-- hash before it.
CREATE TABLE audit (
    version INTEGER PRIMARY KEY,
    time INTEGER NOT NULL,
    actor TEXT NOT NULL,
    action TEXT NOT NULL,
    subjects TEXT NOT NULL,
    request TEXT,
    previous_hash BLOB NOT NULL,
    hash BLOB NOT NULL
) STRICT;

-- What those who follow the registry are told, in order: first what happened
-- to which rows, then each change of the blacklist.
CREATE TABLE feed (
    version INTEGER NOT NULL,
    position INTEGER NOT NULL,
    topic TEXT NOT NULL,
    subjects TEXT,
    number TEXT,
    uid BLOB,
    reason TEXT,
    blocked INTEGER,
    PRIMARY KEY (version, position)
) STRICT, WITHOUT ROWID;

CREATE INDEX feed_of_blocks ON feed (version, position) WHERE blocked IS NOT NULL;

-- What was answered to which request: a digest of the request and the answer
-- by ids of rows, nothing personal.
CREATE TABLE requests (
    id TEXT PRIMARY KEY,
    digest BLOB NOT NULL,
    answer TEXT NOT NULL,
    time INTEGER NOT NULL,
    version INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
