"""What the stand-in holds: rows of all users in one heap, and answers to queries, cached."""

import statistics
import uuid
from dataclasses import dataclass, field
from typing import Any

from tests.openmemory.server_text import fingerprint, likeness, shortened

CACHE_SECONDS = 60
DELETED_AT_ONCE = 10_000
_LONGEST_SUMMARY = 200


@dataclass
class StoredRow:
    """A row; the times are milliseconds."""

    id: str
    user_id: str | None
    content: str
    tags: Any
    metadata: Any
    fingerprint: int
    created_at: int
    salience: float = 0.4
    touched_at: int = field(default=0)

    def item(self):
        """Return it as a listing has it."""
        return {
            "id": self.id,
            "content": self.content,
            "tags": self.tags,
            "metadata": self.metadata,
            "created_at": self.created_at,
            "updated_at": self.touched_at,
            "last_seen_at": self.touched_at,
            "salience": self.salience,
            "decay_lambda": 0.005,
            "primary_sector": "semantic",
            "version": 1,
            "user_id": self.user_id,
        }

    def match(self, score):
        """Return it as a query's answer has it: not whose it is, nor tags and metadata."""
        return {
            "id": self.id,
            "content": self.content,
            "score": score,
            "sectors": ["semantic"],
            "primary_sector": "semantic",
            "path": [self.id],
            "salience": self.salience,
            "last_seen_at": self.touched_at,
        }


class Rows:
    """All rows, in the order of arrival. `now()` gives seconds."""

    def __init__(self, now, *, shortens=False, leaks=lambda: False):
        self.all = []
        self.shortens = shortens
        self._now = now
        self._leaks = leaks  # whether the users' names are ignored at the moment
        self._cache = {}

    def add(self, content, *, user_id, tags, metadata):
        """Store a text, unless its hash is there, whoever's it is; return the row and that."""
        mark = fingerprint(content)
        now = int(self._now() * 1000)
        for row in self.all:
            if row.fingerprint == mark:
                row.salience = min(1.0, row.salience + 0.15)
                row.touched_at = now
                return row, True
        is_cut = self.shortens and len(content) > _LONGEST_SUMMARY
        text = shortened(content, longest=_LONGEST_SUMMARY) if is_cut else content
        row = StoredRow(
            id=str(uuid.uuid4()),
            user_id=user_id,
            content=text,
            tags=tags,
            metadata=metadata,
            fingerprint=mark,
            created_at=now,
            touched_at=now,
        )
        self.all.append(row)
        return row, False

    def find(self, row_id):
        """Return the row of that id, None without one."""
        return next((row for row in self.all if row.id == row_id), None)

    def of(self, user_id):
        """Return a user's rows in the order of arrival; everybody's without a user."""
        if not user_id or self._leaks():
            return list(self.all)
        return [row for row in self.all if row.user_id == user_id]

    def page(self, user_id, *, limit, offset):
        """Return rows, newest first; those of one millisecond in the order of arrival."""
        ordered = sorted(self.of(user_id), key=lambda row: -row.created_at)
        return ordered[max(0, offset) :][: limit if limit >= 0 else None]

    def delete(self, row):
        """Take a row away; answers that are cached keep it."""
        self.all.remove(row)

    def delete_of(self, user_id):
        """Take away the newest rows of a user and return how many, at most 10 000."""
        rows = [row for row in self.page(None, limit=-1, offset=0) if row.user_id == user_id]
        gone = {row.id for row in rows[:DELETED_AT_ONCE]}
        self.all = [row for row in self.all if row.id not in gone]
        return len(gone)

    def forget_cache(self):
        """Forget the answers to queries, as a new process does."""
        self._cache.clear()

    def query(self, text, *, k, user_id):
        """Return the matches; the same ones for 60 seconds, whatever happens meanwhile."""
        key = (text, k, user_id)
        cached_at, matches = self._cache.get(key, (None, None))
        if matches is None or self._now() - cached_at >= CACHE_SECONDS:
            matches = self._matches(text, k, user_id)
            self._cache[key] = (self._now(), matches)
        return matches

    def _matches(self, text, k, user_id):
        # The nearest rows of all users are looked up first, and those of others put aside then.
        nearest = sorted(self.all, key=lambda row: -likeness(text, row.content))[: 3 * k]
        own = {row.id for row in self.of(user_id)}
        found = [row for row in nearest if row.id in own]
        likenesses = [likeness(text, row.content) for row in found]
        spread = statistics.pstdev(likenesses) if found else 0
        mean = statistics.fmean(likenesses) if found else 0
        scores = [(one - mean) / spread if spread else 0 for one in likenesses]
        return [row.match(score) for row, score in zip(found, scores, strict=True)][:k]
