"""The one connection of the process."""

import os
import sqlite3
import tomllib
from pathlib import Path

SCHEMA = """
CREATE TABLE IF NOT EXISTS memories (
    id TEXT PRIMARY KEY, user_id TEXT, content TEXT, tags TEXT, meta TEXT, simhash TEXT,
    created_at INTEGER, salience REAL, mean_vec BLOB
);
CREATE TABLE IF NOT EXISTS users (user_id TEXT PRIMARY KEY, summary TEXT);
"""


class DB:
    def __init__(self):
        self.conn = None

    def connect(self):
        if self.conn is None:
            path = _url().replace("sqlite:///", "")
            self.conn = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
            self.conn.row_factory = sqlite3.Row
            self.conn.execute("PRAGMA journal_mode=WAL")
            self.conn.executescript(SCHEMA)

    def run(self, sql, *values):
        self.conn.execute(sql, values)

    def one(self, sql, *values):
        return self.conn.execute(sql, values).fetchone()

    def all(self, sql, *values):
        return self.conn.execute(sql, values).fetchall()


def _url():
    beside = Path("openmemory.toml")  # of the working directory; it outranks the environment
    settings = tomllib.loads(beside.read_text("utf-8")) if beside.exists() else {}
    in_file = settings.get("db", {}).get("url")
    return in_file or os.environ.get("OM_DB_URL", "sqlite:///openmemory.db")


db = DB()
