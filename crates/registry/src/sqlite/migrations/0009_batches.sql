-- Batches of cards to be made (制卡批次): a card-making file that was made here
-- or taken in here, the requests in it, and the files that came of it.

-- "side" is MADE at a school, TAKEN at the district; district, school, year and
-- file_number are what the file says of itself.
CREATE TABLE batches (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    side TEXT NOT NULL CHECK (side IN ('MADE', 'TAKEN')),
    kind TEXT NOT NULL CHECK (kind IN ('NEW', 'REISSUE')),
    district TEXT,
    school TEXT,
    year INTEGER,
    file_number INTEGER,
    open_time INTEGER NOT NULL,
    version INTEGER NOT NULL
) STRICT;

CREATE TABLE batch_requests (
    request INTEGER PRIMARY KEY REFERENCES card_requests (id),
    batch INTEGER NOT NULL REFERENCES batches (id)
) STRICT;

CREATE INDEX batch_requests_by_batch ON batch_requests (batch, request);

-- Files that were written, kept so that they can be had again to the byte. They
-- hold names.
CREATE TABLE batch_files (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    batch INTEGER NOT NULL REFERENCES batches (id),
    purpose TEXT NOT NULL CHECK (purpose IN ('MAKING', 'FACTORY', 'DELIVERY')),
    name TEXT NOT NULL,
    content BLOB NOT NULL
) STRICT;

CREATE INDEX batch_files_by_batch ON batch_files (batch, purpose, id);

-- SHA-256 of every file that was taken in, so that it is taken in once.
CREATE TABLE taken_files (
    digest BLOB PRIMARY KEY,
    purpose TEXT NOT NULL CHECK (purpose IN ('MAKING', 'FACTORY', 'DELIVERY')),
    batch INTEGER REFERENCES batches (id),
    time INTEGER NOT NULL
) STRICT;

-- What the factory said of cards; "request" is missing where a spoilt card was
-- nobody's. The number of a spoilt card is never given to anybody.
CREATE TABLE produced_cards (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    batch INTEGER NOT NULL REFERENCES batches (id),
    request INTEGER REFERENCES card_requests (id),
    number TEXT,
    uid BLOB,
    outcome TEXT NOT NULL CHECK (outcome IN ('MADE', 'SPOILT')),
    CHECK (outcome = 'SPOILT' OR request IS NOT NULL),
    CHECK (number IS NOT NULL OR uid IS NOT NULL)
) STRICT;

CREATE UNIQUE INDEX one_made_card_per_request ON produced_cards (request)
    WHERE outcome = 'MADE';
CREATE UNIQUE INDEX produced_once ON produced_cards (number);
CREATE INDEX produced_by_batch ON produced_cards (batch);
