-- The triggers of this step in the language of PostgreSQL.

CREATE FUNCTION cards_keep_number_and_holder() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (OLD.number IS NOT NULL AND NEW.number IS DISTINCT FROM OLD.number)
        OR NEW.student IS DISTINCT FROM OLD.student THEN
        RAISE EXCEPTION 'a card keeps its number and its holder' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER cards_keep_number_and_holder BEFORE UPDATE OF number, student ON cards
    FOR EACH ROW EXECUTE FUNCTION cards_keep_number_and_holder();

CREATE FUNCTION cards_stay() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF true THEN
        RAISE EXCEPTION 'a card stays on record' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER cards_stay BEFORE DELETE ON cards
    FOR EACH ROW EXECUTE FUNCTION cards_stay();
