"""The mirror's ledger: its tables; raise `SCHEMA` with every change of them."""

from typing import Final

SCHEMA: Final = 2  # kept as the file's user_version
APPLICATION: Final = 0x43414C4D  # "CALM": tells our file from anybody else's SQLite database

TABLES: Final = """
-- What the mirror last said of the OpenMemory that the rows below are of.
CREATE TABLE backend (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    report TEXT NOT NULL
);
INSERT INTO backend VALUES (1, '');

-- `stamp` is of what the embedded store held when the caller's rows were planned, '' if never.
-- `is_unsure`: rows may be there that this ledger does not know, so look before adding any; so it
-- is with every caller who is new to this ledger.
CREATE TABLE callers (
    caller TEXT PRIMARY KEY,
    stamp TEXT NOT NULL,
    is_unsure INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX unsure_callers ON callers (caller) WHERE is_unsure = 1;

-- One row for each that is to be there, or still has to be removed. `digest` is of what is to be
-- there; `backend_id` and `content_hash` are of what was read back, '' if nothing was.
CREATE TABLE rows (
    caller TEXT NOT NULL,
    key TEXT NOT NULL,
    digest TEXT NOT NULL,
    state TEXT NOT NULL,
    backend_id TEXT NOT NULL,
    content_hash TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    reason TEXT NOT NULL,
    kind TEXT NOT NULL,
    conversation_id TEXT NOT NULL,
    source TEXT NOT NULL,
    id TEXT NOT NULL,
    PRIMARY KEY (caller, key)
) WITHOUT ROWID;
CREATE INDEX rows_by_backend_id ON rows (backend_id) WHERE backend_id <> '';
CREATE INDEX waiting_rows ON rows (caller) WHERE state IN ('wanted', 'unwanted');
CREATE INDEX rows_by_state ON rows (state);

-- Callers of whom nothing may be left there. `awaits` is a JSON list of the conversations that
-- memory has to forget first. `deleted_at_us` is when the last was deleted there, NULL before that.
CREATE TABLE erasures (
    caller TEXT PRIMARY KEY,
    awaits TEXT NOT NULL,
    deleted_at_us INTEGER
) WITHOUT ROWID;
"""
