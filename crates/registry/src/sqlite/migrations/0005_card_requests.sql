-- Requests for cards, apart from the cards that come of them, and what they
-- cost the students.

-- "old_card" is the card whose place the new one takes; "card" is the new one,
-- once it is known which. "note" says why it was rejected, withdrawn or lapsed.
CREATE TABLE card_requests (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    student INTEGER NOT NULL REFERENCES students (id),
    kind TEXT NOT NULL CHECK (kind IN ('NEW', 'REISSUE')),
    state TEXT NOT NULL CHECK (state IN (
        'REQUESTED', 'CONFIRMED', 'IN_PRODUCTION', 'DELIVERED',
        'COLLECTED', 'WITHDRAWN', 'REJECTED')),
    old_card INTEGER REFERENCES cards (id),
    card INTEGER UNIQUE REFERENCES cards (id),
    note TEXT,
    open_time INTEGER NOT NULL,
    state_time INTEGER NOT NULL,
    version INTEGER NOT NULL,
    CHECK ((kind = 'REISSUE') = (old_card IS NOT NULL)),
    CHECK (state <> 'COLLECTED' OR card IS NOT NULL)
) STRICT;

CREATE INDEX card_requests_by_student ON card_requests (student);
CREATE INDEX card_requests_by_state ON card_requests (state, id);
CREATE UNIQUE INDEX one_open_request_per_student ON card_requests (student)
    WHERE state IN ('REQUESTED', 'CONFIRMED', 'IN_PRODUCTION', 'DELIVERED');

CREATE TRIGGER card_requests_begin_at_school
    BEFORE INSERT ON card_requests
    WHEN (SELECT enrolment FROM students WHERE id = NEW.student) = 'LEFT'
    BEGIN SELECT RAISE(ABORT, 'for who left no card is requested'); END;
CREATE TRIGGER students_leave_without_open_request
    BEFORE UPDATE OF enrolment ON students
    WHEN NEW.enrolment = 'LEFT' AND EXISTS (
        SELECT 1 FROM card_requests WHERE student = NEW.id
        AND state IN ('REQUESTED', 'CONFIRMED', 'IN_PRODUCTION', 'DELIVERED'))
    BEGIN SELECT RAISE(ABORT, 'a student leaves without an open request'); END;

-- What a reissue costs and whether it was paid; "amount" in fen.
CREATE TABLE fees (
    request INTEGER PRIMARY KEY REFERENCES card_requests (id),
    reason TEXT NOT NULL,
    amount INTEGER NOT NULL CHECK (amount >= 0),
    state TEXT NOT NULL CHECK (state IN ('DUE', 'PAID', 'VOID')),
    state_time INTEGER NOT NULL
) STRICT;
