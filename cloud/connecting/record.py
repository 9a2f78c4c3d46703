"""
What connect made at ElevenLabs, kept on disk: `.spool/connection.json` in the folder of the spool.

It holds ids, what was there before, and of our own secrets only hashes. A header that stood in a
webhook or tool before connect is kept as it was, with a key that somebody wrote into it: it has to
be put back. So only the owner can read the file, and no such header is ever shown.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal

import msgspec

from cloud.connecting.edits import Edit
from cloud.errors import CloudError
from spool.format import STATE_FOLDER
from spool.layout import create_durably

_NAME = "connection.json"
RECORD_FILE = f"{STATE_FOLDER}/{_NAME}"  # in the folder of the spool
_VERSION = 1

Place = Literal["workspace", "agent"]


class DamagedRecord(CloudError):
    """The record of what connect made cannot be read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """A post-call webhook that we made; `has_retries` when they were switched on."""

    id: str
    url: str
    sha256: str  # of its secret
    has_retries: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Tool:
    """
    Our tool. `id` is "" while it is being made.

    One that stood there already was not made by us: `was` is its configuration before we
    changed it, None if we did not.
    """

    id: str
    is_made: bool
    was: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentRecord:
    """One connected agent: where its two webhooks are set, and what was changed on it."""

    initiation: Place
    post_call: Place
    edits: tuple[Edit, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """
    All that connect made. `urls` has this server's address first, then earlier ones.

    `pending` is a webhook whose secret may not stand in `.env` yet; `stale` are the ids of
    webhooks to be deleted, `retired` the hashes of the secrets of these and of deleted ones;
    `secrets` has ids by name. `seen` are agents that were there: by them, too, the workspace is
    known again when all else is gone.
    """

    version: int = _VERSION
    urls: tuple[str, ...] = ()
    webhook: Webhook | None = None
    pending: Webhook | None = None
    stale: tuple[str, ...] = ()
    retired: tuple[str, ...] = ()
    tool: Tool | None = None
    secrets: Mapping[str, str] = field(default_factory=dict)
    settings: tuple[Edit, ...] = ()
    agents: Mapping[str, AgentRecord] = field(default_factory=dict)
    seen: tuple[str, ...] = ()

    def with_agent(self, agent_id: str, agent: AgentRecord | None) -> "Record":
        """Return the record with this agent, or without it."""
        others = {key: value for key, value in self.agents.items() if key != agent_id}
        return replace(self, agents=others if agent is None else {**others, agent_id: agent})


def fingerprint(secret: str) -> str:
    """Return the hash by which a secret is known without being kept."""
    return sha256(secret.encode()).hexdigest()


class RecordFile:
    """The record on disk. What `save` was given is there after a crash at any later moment."""

    def __init__(self, spool: Path) -> None:
        self.path = spool / STATE_FOLDER / _NAME

    def load(self) -> Record:
        """Return the record, an empty one if there is none; raises DamagedRecord, OSError."""
        try:
            data = self.path.read_bytes()
        except FileNotFoundError:
            return Record()
        try:
            record = msgspec.json.decode(data, type=Record)
        except msgspec.DecodeError as error:
            message = (
                f"{self.path} cannot be read ({error}): move it away and run connect again, which "
                "finds again what it made; what was there before connect is only in that file"
            )
            raise DamagedRecord(message) from error
        if record.version != _VERSION:
            message = f"{self.path} was written by a newer version of Callspool: use that one"
            raise DamagedRecord(message)
        return record

    def save(self, record: Record) -> None:
        """Put `record` in place of what is there, durably; raises OSError, SpoolError."""
        create_durably(self.path.parent)
        data = msgspec.json.format(msgspec.json.encode(record, order="sorted"), indent=2)
        partial = self.path.with_name(f"{_NAME}.part")
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data + b"\n")
            file.flush()
            os.fsync(file.fileno())
        partial.replace(self.path)
        self._sync_folder()

    def remove(self) -> None:
        """Remove the record, if there is one."""
        if self.path.exists():
            self.path.unlink()
            self._sync_folder()

    def _sync_folder(self) -> None:
        descriptor = os.open(self.path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
