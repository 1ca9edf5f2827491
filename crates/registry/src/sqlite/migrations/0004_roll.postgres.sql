-- The triggers of this step in the language of PostgreSQL.

CREATE FUNCTION students_leave_without_live_card() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.enrolment = 'LEFT' AND EXISTS (
        SELECT 1 FROM cards WHERE student = NEW.id AND state IN ('DELIVERED', 'ACTIVE')) THEN
        RAISE EXCEPTION 'a student leaves without a card in use' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER students_leave_without_live_card BEFORE UPDATE OF enrolment ON students
    FOR EACH ROW EXECUTE FUNCTION students_leave_without_live_card();

CREATE FUNCTION cards_begin_at_school() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state IN ('DELIVERED', 'ACTIVE')
        AND (SELECT enrolment FROM students WHERE id = NEW.student) = 'LEFT' THEN
        RAISE EXCEPTION 'who left gets no card' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER cards_begin_at_school BEFORE INSERT ON cards
    FOR EACH ROW EXECUTE FUNCTION cards_begin_at_school();

CREATE FUNCTION cards_live_at_school() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state IN ('DELIVERED', 'ACTIVE')
        AND (SELECT enrolment FROM students WHERE id = NEW.student) = 'LEFT' THEN
        RAISE EXCEPTION 'who left gets no card' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER cards_live_at_school BEFORE UPDATE OF state ON cards
    FOR EACH ROW EXECUTE FUNCTION cards_live_at_school();
