"""The embedded store's tables; raise `SCHEMA` with every change of them."""

SCHEMA = 3  # kept as the file's user_version

TABLES = """
CREATE TABLE conversations (
    id TEXT NOT NULL,
    kind TEXT NOT NULL,
    event_timestamp REAL NOT NULL,
    sha256 TEXT NOT NULL,
    caller TEXT,
    channel TEXT NOT NULL,
    direction TEXT NOT NULL,
    agent_id TEXT NOT NULL,
    agent_line TEXT NOT NULL,
    started_at_us INTEGER NOT NULL,
    duration_secs REAL NOT NULL,
    language TEXT NOT NULL,
    outcome TEXT NOT NULL,
    summary TEXT NOT NULL,
    speaker TEXT NOT NULL,
    voice TEXT NOT NULL,
    PRIMARY KEY (id, kind)
) WITHOUT ROWID;
CREATE INDEX conversations_of_a_caller ON conversations (caller, kind, started_at_us, id);
CREATE INDEX calls_with_summary ON conversations (caller, started_at_us, id)
    WHERE kind = 'call' AND summary <> '';
CREATE INDEX calls_with_language ON conversations (caller, started_at_us, id, language)
    WHERE kind = 'call' AND language <> '';
CREATE INDEX calls_by_voice ON conversations (caller, voice, started_at_us, id)
    WHERE kind = 'call' AND voice <> '';
CREATE INDEX agent_lines ON conversations (agent_line) WHERE agent_line <> '';

-- Clustered by caller, then kind: one caller's memories, or facts, are one short range of the file.
-- `source` is the kind of the conversation record that a memory belongs to.
CREATE TABLE memories (
    caller TEXT NOT NULL,
    kind TEXT NOT NULL,
    conversation_id TEXT NOT NULL,
    source TEXT NOT NULL,
    id TEXT NOT NULL,
    agent_id TEXT NOT NULL,
    key TEXT NOT NULL,
    content TEXT NOT NULL,
    sector TEXT NOT NULL,
    salience REAL NOT NULL,
    decay_lambda REAL NOT NULL,
    occurred_at_us INTEGER NOT NULL,
    PRIMARY KEY (caller, kind, conversation_id, source, id)
) WITHOUT ROWID;

-- How often each name was given in the calls of a line: see memory/speakers.py.
CREATE TABLE voices (
    caller TEXT NOT NULL,
    voice TEXT NOT NULL,
    calls INTEGER NOT NULL,
    first_at_us INTEGER NOT NULL,
    last_at_us INTEGER NOT NULL,
    PRIMARY KEY (caller, voice)
) WITHOUT ROWID;
CREATE INDEX most_given_voices ON voices (caller, calls DESC, first_at_us, voice);
CREATE INDEX newest_voices ON voices (caller, last_at_us DESC, voice);

-- What the facts among the memories state, as a profile shows it: see memory/embedded_facts.py.
CREATE TABLE facts (
    caller TEXT NOT NULL,
    voice TEXT NOT NULL,
    topic TEXT NOT NULL,
    occurred_at_us INTEGER NOT NULL,
    conversation_id TEXT NOT NULL,
    source TEXT NOT NULL,
    id TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    standing INTEGER NOT NULL,
    PRIMARY KEY (caller, voice, topic, occurred_at_us, conversation_id, source, id)
) WITHOUT ROWID;
CREATE INDEX fact_changes
    ON facts (caller, voice, topic, occurred_at_us, conversation_id, source, id)
    WHERE standing > 0;
CREATE INDEX newest_facts ON facts (caller, voice, occurred_at_us DESC, topic) WHERE standing = 2;

-- Preferences, promises and what is done, in the order in which a profile reads them.
-- `record` is the kind of the conversation record that a note belongs to.
CREATE TABLE notes (
    caller TEXT NOT NULL,
    voice TEXT NOT NULL,
    is_task INTEGER NOT NULL,
    occurred_at_us INTEGER NOT NULL,
    conversation_id TEXT NOT NULL,
    record TEXT NOT NULL,
    place INTEGER NOT NULL,
    kind TEXT NOT NULL,
    text TEXT NOT NULL,
    by TEXT NOT NULL,
    source TEXT NOT NULL,
    key TEXT NOT NULL,
    PRIMARY KEY (caller, voice, is_task, occurred_at_us, conversation_id, record, place)
) WITHOUT ROWID;

-- What search needs of the memories of one conversation record: see memory/recall/terms.py.
CREATE TABLE terms (
    caller TEXT NOT NULL,
    conversation_id TEXT NOT NULL,
    source TEXT NOT NULL,
    terms BLOB NOT NULL,
    PRIMARY KEY (caller, conversation_id, source)
) WITHOUT ROWID;

-- How often what is remembered of a caller has changed: what was read at one generation of one
-- incarnation of this file is good as long as both are the same.
CREATE TABLE generations (
    caller TEXT PRIMARY KEY,
    generation INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE incarnation (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    value TEXT NOT NULL,
    floor INTEGER NOT NULL -- no generation that was ever forgotten was greater
);
INSERT INTO incarnation VALUES (1, lower(hex(randomblob(16))), 0);

-- The semantic layer: empty as long as no model is set.
-- `name` "" is no model, `dimensions` 0 before the first vector. Every memory of the callers up to
-- `filled_to` has a vector or is wanted (NULL: of all callers). No model but a `filled_to`: the
-- vectors of the last one are being cleared away.
CREATE TABLE vector_model (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    name TEXT NOT NULL,
    dimensions INTEGER NOT NULL,
    filled_to TEXT
);
INSERT INTO vector_model VALUES (1, '', 0, NULL);

-- Keyed and clustered as memories are. `vector` is of half-precision numbers, little-endian.
CREATE TABLE vectors (
    caller TEXT NOT NULL,
    kind TEXT NOT NULL,
    conversation_id TEXT NOT NULL,
    source TEXT NOT NULL,
    id TEXT NOT NULL,
    vector BLOB NOT NULL,
    PRIMARY KEY (caller, kind, conversation_id, source, id)
) WITHOUT ROWID;

-- Memories that lack a vector, the most urgent (0) first.
CREATE TABLE vectors_wanted (
    urgency INTEGER NOT NULL,
    caller TEXT NOT NULL,
    kind TEXT NOT NULL,
    conversation_id TEXT NOT NULL,
    source TEXT NOT NULL,
    id TEXT NOT NULL,
    PRIMARY KEY (urgency, caller, kind, conversation_id, source, id)
) WITHOUT ROWID;

-- A vector tells much of what was said, so it goes with its memory, however that goes.
CREATE TRIGGER vectors_go_with_memories AFTER DELETE ON memories BEGIN
    DELETE FROM vectors WHERE caller = OLD.caller AND kind = OLD.kind
        AND conversation_id = OLD.conversation_id AND source = OLD.source AND id = OLD.id;
    DELETE FROM vectors_wanted WHERE urgency IN (0, 1, 2, 3) AND caller = OLD.caller
        AND kind = OLD.kind AND conversation_id = OLD.conversation_id AND source = OLD.source
        AND id = OLD.id;
END;

CREATE TABLE position (
    only_row INTEGER PRIMARY KEY CHECK (only_row = 1),
    ledger TEXT NOT NULL,
    offset INTEGER NOT NULL
);
INSERT INTO position VALUES (1, '', 0);

CREATE TABLE failures (
    file TEXT PRIMARY KEY,
    error TEXT NOT NULL,
    attempts INTEGER NOT NULL,
    next_attempt_at_us INTEGER
) WITHOUT ROWID;

-- The ids of the owner's decisions (merged, split, untrue) that all of the above includes.
CREATE TABLE settled (
    id TEXT PRIMARY KEY
) WITHOUT ROWID;
"""
