//! Students, cards, blacklist entries and the audit trail, kept in a database.
