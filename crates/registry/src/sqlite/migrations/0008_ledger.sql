-- Which version of the blacklist each subscriber holds, and since when it held
-- which. Not part of the versions, the audit trail and the feed: what is told
-- here follows them.

CREATE TABLE subscribers (
    name TEXT PRIMARY KEY,
    epoch INTEGER NOT NULL,
    version INTEGER NOT NULL,
    acknowledge_time INTEGER NOT NULL,
    heard_time INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE receipts (
    subscriber TEXT NOT NULL REFERENCES subscribers (name),
    epoch INTEGER NOT NULL,
    version INTEGER NOT NULL,
    time INTEGER NOT NULL,
    PRIMARY KEY (subscriber, epoch, version)
) STRICT, WITHOUT ROWID;
