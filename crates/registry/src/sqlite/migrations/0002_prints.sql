-- What is printed on cards in the forms that show only a part of a UID or
-- number. Derived: made of "cards" when the configuration names a form, kept up
-- while it does, and dropped when it does not. Whole forms need no rows, for
-- the UID or number follows from the print.

-- The forms in use, each as its settings in JSON.
CREATE TABLE forms (
    id INTEGER PRIMARY KEY,
    rule TEXT NOT NULL UNIQUE
) STRICT;

-- Which cards bear a print, as the form's key for it.
CREATE TABLE prints (
    form INTEGER NOT NULL,
    print TEXT NOT NULL,
    card INTEGER NOT NULL,
    PRIMARY KEY (form, print, card)
) STRICT, WITHOUT ROWID;
