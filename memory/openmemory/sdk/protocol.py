"""
What goes through the pipes of the process that has the SDK: frames of MessagePack.

A frame is its length, 4 bytes, most significant first, and that many bytes. The process sends a
`Begun` as the answer to request 0, which nobody sent, and then one `Answered` for each `Asked`,
in any order.
"""

import asyncio
import os
import struct
from collections.abc import Mapping
from typing import Any, Literal

import msgspec

MAX_FRAME_BYTES = 1 << 28
BEGUN_ID = 0

_LENGTH = struct.Struct(">I")
_NOTHING = msgspec.Raw(b"\xc0")


class Add(msgspec.Struct, tag=True, frozen=True, kw_only=True):
    """Add a memory; the result is the id that the SDK says, a string."""

    user: str
    content: str
    tags: tuple[str, ...]
    metadata: Mapping[str, Any]


class Get(msgspec.Struct, tag=True, frozen=True, kw_only=True):
    """Read a row; the result is a `Row` or nothing."""

    user: str
    row_id: str


class ListRows(msgspec.Struct, tag=True, frozen=True, kw_only=True):
    """Read every row of a user; the result is a list of `Row`."""

    user: str


class ListUsers(msgspec.Struct, tag=True, frozen=True, kw_only=True):
    """Read every user that has rows; the result is a list of strings."""


class Delete(msgspec.Struct, tag=True, frozen=True, kw_only=True):
    """Delete a row if it is this user's; no result."""

    user: str
    row_id: str


class DeleteUser(msgspec.Struct, tag=True, frozen=True, kw_only=True):
    """Delete every row of a user; no result."""

    user: str


class Query(msgspec.Struct, tag=True, frozen=True, kw_only=True):
    """Search; the result is a list of `Match`, best first."""

    user: str
    text: str
    limit: int


Request = Add | Get | ListRows | ListUsers | Delete | DeleteUser | Query


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """One request, to be answered under its id."""

    id: int
    request: Request


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """Why there is no result; `message` quotes nobody."""

    kind: Literal["refused", "unreachable"]
    message: str


class Answered(msgspec.Struct, frozen=True, kw_only=True):
    """The result of the request of this id, or why there is none."""

    id: int
    result: msgspec.Raw = _NOTHING
    failure: Failure | None = None


class Begun(msgspec.Struct, frozen=True, kw_only=True):
    """The result for `BEGUN_ID`: the SDK is there. `forgets`: no query is answered from a cache."""

    version: str
    forgets: bool


def framed(value: Asked | Answered) -> bytes:
    """Return `value` as a frame; raises ValueError for one that is too long to be one."""
    content = msgspec.msgpack.encode(value)
    if len(content) > MAX_FRAME_BYTES:
        raise ValueError("more than fits into a frame")
    return _LENGTH.pack(len(content)) + content


async def read_frame(stream: asyncio.StreamReader) -> bytes:
    """Read what is in one frame; raises EOFError if the other side ended, ValueError."""
    (length,) = _LENGTH.unpack(await stream.readexactly(_LENGTH.size))
    return await stream.readexactly(_allowed(length))


def read_frame_of(descriptor: int) -> bytes:
    """Read what is in one frame, blocking; raises EOFError if the other side ended, ValueError."""
    (length,) = _LENGTH.unpack(_read_exactly(descriptor, _LENGTH.size))
    return _read_exactly(descriptor, _allowed(length))


def _allowed(length: int) -> int:
    if length > MAX_FRAME_BYTES:
        raise ValueError("this is no frame")
    return length


def _read_exactly(descriptor: int, count: int) -> bytes:
    content = bytearray()
    while len(content) < count:
        part = os.read(descriptor, count - len(content))
        if not part:
            raise EOFError
        content += part
    return bytes(content)
