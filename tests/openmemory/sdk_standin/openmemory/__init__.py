"""
A stand-in for the OpenMemory SDK 1.3: it behaves as the real one does, and badly where told.

OPENMEMORY_STANDIN_FAULTS names a file with a line for each fault to come, such as "add hang".
The first line that is of a call is taken out of the file, and happens.
"""

import json
import os
import sys
import time
import uuid

from .core.db import db
from .faults import fault
from .memory import hsg

sys.stdout.write("openmemory: initialised\n")
sys.stdout.flush()
os.write(1, b"\xff\xff\xff\xff what is this on standard output?")
fault("import")


class Memory:
    def __init__(self, user=None):
        self.default_user = user
        fault("open")
        db.connect()

    async def add(self, content, user_id=None, **kwargs):
        wanted = fault("add")
        sys.stdout.write(f"adding {content}\n")
        time.sleep(0.005)
        now = int(time.time() * 1000)
        meta = kwargs.get("meta") or {}
        meta.update({"content_type": "text", "char_count": len(content), "ingested_at": now})
        known = db.one("SELECT id FROM memories WHERE simhash = ?", hsg.simhash(content))
        row_id = known["id"] if known else self._insert(content, user_id, kwargs, meta, now, wanted)
        db.run("UPDATE memories SET salience = min(1, salience + 0.15) WHERE id = ?", row_id)
        return {"root_memory_id": row_id, "child_count": 0, "strategy": "single", "id": row_id}

    def _insert(self, content, user_id, kwargs, meta, now, wanted):
        row_id = str(uuid.uuid4())
        user = user_id or self.default_user or "anonymous"
        tags = json.dumps(kwargs.get("tags") or [])
        values = (row_id, user, content, tags, json.dumps(meta), hsg.simhash(content), now)
        db.run("INSERT INTO memories VALUES (?, ?, ?, ?, ?, ?, ?, 0.4, NULL)", *values)
        if wanted == "half":
            os._exit(9)
        if wanted == "half-raise":
            raise RuntimeError(f"no vector of {content}")
        db.run("UPDATE memories SET mean_vec = ? WHERE id = ?", b"vector", row_id)
        db.run("INSERT OR IGNORE INTO users VALUES (?, 'a summary')", user)
        return row_id

    async def search(self, query, user_id=None, limit=10, **kwargs):
        fault("search")
        sys.stdout.write(f"searching {query}\n")
        key = f"{query}:{limit}:{user_id}"
        if key not in hsg.cache:
            hsg.cache[key] = self._found(query, user_id)[:limit]
        return hsg.cache[key]

    def _found(self, query, user_id):
        rows = db.all("SELECT * FROM memories WHERE mean_vec IS NOT NULL")
        asked = set(query.casefold().split())
        scored = [
            {
                "id": row["id"],
                "content": row["content"],
                "score": len(asked & set(row["content"].casefold().split())) + 0.553,
                "tags": json.loads(row["tags"]),
                "metadata": json.loads(row["meta"]),
            }
            for row in rows
            if not user_id or row["user_id"] == user_id
        ]
        return sorted(scored, key=lambda item: -item["score"])

    async def get(self, memory_id):
        fault("get")
        return db.one("SELECT * FROM memories WHERE id = ?", memory_id)

    async def delete(self, memory_id):
        fault("delete")
        db.run("DELETE FROM memories WHERE id = ?", memory_id)

    async def delete_all(self, user_id=None):
        fault("delete_all")
        if user_id or self.default_user:
            db.run("DELETE FROM memories WHERE user_id = ?", user_id or self.default_user)

    def history(self, user_id=None, limit=20, offset=0):
        fault("history")
        asked = "SELECT * FROM memories WHERE user_id = ? ORDER BY created_at DESC LIMIT ? OFFSET ?"
        return [dict(row) for row in db.all(asked, user_id or self.default_user, limit, offset)]
