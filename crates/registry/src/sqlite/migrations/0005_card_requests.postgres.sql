-- The triggers of this step in the language of PostgreSQL.

CREATE FUNCTION card_requests_begin_at_school() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT enrolment FROM students WHERE id = NEW.student) = 'LEFT' THEN
        RAISE EXCEPTION 'for who left no card is requested' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER card_requests_begin_at_school BEFORE INSERT ON card_requests
    FOR EACH ROW EXECUTE FUNCTION card_requests_begin_at_school();

CREATE FUNCTION students_leave_without_open_request() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.enrolment = 'LEFT' AND EXISTS (
        SELECT 1 FROM card_requests WHERE student = NEW.id
        AND state IN ('REQUESTED', 'CONFIRMED', 'IN_PRODUCTION', 'DELIVERED')) THEN
        RAISE EXCEPTION 'a student leaves without an open request' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER students_leave_without_open_request BEFORE UPDATE OF enrolment ON students
    FOR EACH ROW EXECUTE FUNCTION students_leave_without_open_request();
