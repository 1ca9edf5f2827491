-- The roll: what it says of a student besides number, name and class.

ALTER TABLE students ADD COLUMN sex TEXT CHECK (sex IN ('MALE', 'FEMALE'));
ALTER TABLE students ADD COLUMN school TEXT;
ALTER TABLE students ADD COLUMN cohort INTEGER;
ALTER TABLE students ADD COLUMN enrolment TEXT NOT NULL DEFAULT 'ENROLLED'
    CHECK (enrolment IN ('ENROLLED', 'ON_LEAVE', 'LEFT'));
ALTER TABLE students ADD COLUMN enrolment_since TEXT;

-- Lists of students are in the order of their numbers.
CREATE INDEX students_by_name ON students (name, number);
CREATE INDEX students_by_class ON students (class_name, school, number);
CREATE INDEX students_by_school ON students (school, cohort, number);
CREATE INDEX students_by_cohort ON students (cohort, number);

-- Who left has no card that could be used.
CREATE TRIGGER students_leave_without_live_card
    BEFORE UPDATE OF enrolment ON students
    WHEN NEW.enrolment = 'LEFT' AND EXISTS (
        SELECT 1 FROM cards WHERE student = NEW.id AND state IN ('DELIVERED', 'ACTIVE'))
    BEGIN SELECT RAISE(ABORT, 'a student leaves without a card in use'); END;
CREATE TRIGGER cards_begin_at_school
    BEFORE INSERT ON cards
    WHEN NEW.state IN ('DELIVERED', 'ACTIVE')
        AND (SELECT enrolment FROM students WHERE id = NEW.student) = 'LEFT'
    BEGIN SELECT RAISE(ABORT, 'who left gets no card'); END;
CREATE TRIGGER cards_live_at_school
    BEFORE UPDATE OF state ON cards
    WHEN NEW.state IN ('DELIVERED', 'ACTIVE')
        AND (SELECT enrolment FROM students WHERE id = NEW.student) = 'LEFT'
    BEGIN SELECT RAISE(ABORT, 'who left gets no card'); END;
