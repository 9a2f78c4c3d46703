"""
The ids that log lines and traces carry: of the request being answered, and of the event in hand.

An event's id follows from its content, so the request that brought it, a redelivery, the
processor years later and `grep` in the ledger (`sha256`) all know it by the same one.
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_EVENT_ID_DIGITS = 16
_REQUEST_ID_BYTES = 8

_request_id: ContextVar[str] = ContextVar("request_id", default="")
_event_id: ContextVar[str] = ContextVar("event_id", default="")


def new_request_id() -> str:
    """Return an id that no other request has: 16 random hex digits."""
    return secrets.token_hex(_REQUEST_ID_BYTES)


def event_id_of(sha256: str) -> str:
    """Return the id of the event whose stored file has this SHA-256 (hex digits)."""
    return sha256[:_EVENT_ID_DIGITS]


def current_request_id() -> str:
    """Return the id of the request being answered here, "" outside of one."""
    return _request_id.get()


def current_event_id() -> str:
    """Return the id of the event in hand here, "" if there is none."""
    return _event_id.get()


@contextmanager
def in_request(request_id: str) -> Iterator[None]:
    """Mark what happens inside, in this task and in those it starts, as of this request."""
    token = _request_id.set(request_id)
    try:
        yield
    finally:
        _request_id.reset(token)


@contextmanager
def of_event(event_id: str) -> Iterator[None]:
    """Mark what happens inside, in this task and in those it starts, as of this event."""
    token = _event_id.set(event_id)
    try:
        yield
    finally:
        _event_id.reset(token)
