"""The tables of the index, and how a moment becomes the place of a conversation in it."""

from datetime import UTC, datetime, timedelta
from hashlib import blake2b

# Raise it whenever what is indexed of an event changes: every index is then made again.
INDEX = 2

TABLES = """
-- One row: how far the index has come, and what it is a function of.
CREATE TABLE state (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    origin TEXT NOT NULL,      -- ledger and rules; "" before the first line
    ledger INTEGER NOT NULL,   -- offset that lines are entered up to
    dropped INTEGER NOT NULL,  -- the same of what was dropped
    orders TEXT NOT NULL       -- digest of the decisions and erasures that are obeyed
);
INSERT INTO state VALUES (1, '', 0, 0, '');

CREATE TABLE conversations (
    place INTEGER PRIMARY KEY,  -- orders by time; see place_of
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    person TEXT,
    line TEXT,
    channel TEXT NOT NULL,
    direction TEXT NOT NULL,
    agent_id TEXT NOT NULL,
    started_at INTEGER NOT NULL,  -- microseconds since the epoch
    duration_secs REAL NOT NULL,
    language TEXT NOT NULL,
    outcome TEXT NOT NULL,
    summary TEXT NOT NULL,
    has_transcript INTEGER NOT NULL,
    has_audio INTEGER NOT NULL,
    size_bytes INTEGER NOT NULL,
    figures BLOB NOT NULL  -- JSON; see history.figures
);
CREATE INDEX conversations_by_person ON conversations (person, started_at) WHERE person IS NOT NULL;
CREATE INDEX conversations_by_line ON conversations (line) WHERE line IS NOT NULL;

-- Words of a conversation, and its features as words of their own: so that any combination of
-- filters is one intersection, which can be read from its newest end.
CREATE VIRTUAL TABLE words USING fts5 (
    tags, body, tokenize = 'ascii', detail = column, columnsize = 0, prefix = '2 3 4'
);

CREATE TABLE callers (
    person TEXT PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    calls INTEGER NOT NULL,
    first_at INTEGER NOT NULL,
    last_at INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX callers_latest ON callers (last_at, id);

CREATE TABLE files (
    file TEXT PRIMARY KEY,
    conversation_id TEXT,  -- NULL for quarantine
    kind TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    size INTEGER NOT NULL,
    received_at INTEGER NOT NULL,
    event_timestamp REAL,
    source TEXT NOT NULL,
    dropped TEXT NOT NULL,
    dropped_at INTEGER
) WITHOUT ROWID;
CREATE INDEX files_by_conversation ON files (conversation_id, received_at)
    WHERE conversation_id IS NOT NULL;

-- Conversations whose entry is not yet what the spool says, and the ledger's offset before the
-- line that made it so.
CREATE TABLE pending (
    id TEXT PRIMARY KEY,
    since INTEGER NOT NULL,
    moment INTEGER NOT NULL  -- about when it was: read in this order, entries are cheap to add
) WITHOUT ROWID;
CREATE INDEX pending_by_moment ON pending (moment, id);

-- Conversations of an erasure that is not complete: no entry, but whoever erases finds them.
CREATE TABLE forgotten (
    id TEXT PRIMARY KEY,
    line TEXT,
    person TEXT
) WITHOUT ROWID;
"""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_SECOND = 1_000_000
_TICKS = 64  # in a second: finer, calls of one moment are in no particular order
_BITS = 18  # of a place that tell the conversations of one tick apart
PLACES = 1 << _BITS  # of one tick


def microseconds(moment: datetime) -> int:
    """Return an aware `moment` as microseconds since the epoch."""
    return (moment - _EPOCH) // _MICROSECOND


def datetime_of(micros: int) -> datetime:
    """Return the moment so many microseconds after the epoch."""
    return _EPOCH + micros * _MICROSECOND


def place_of(started_at: int, conversation_id: str) -> int:
    """
    Return the place of a conversation that began so many microseconds after the epoch.

    It follows from the two alone. Should it be taken, which is rare, the next free one is used.
    """
    digest = blake2b(conversation_id.encode(), digest_size=4).digest()
    return first_place(started_at) + (int.from_bytes(digest) & (PLACES - 1))


def first_place(started_at: int) -> int:
    """Return the first place of what began so many microseconds after the epoch."""
    return (started_at * _TICKS // _SECOND) << _BITS
