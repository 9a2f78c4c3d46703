"""
Deriving many events at once: a function, and the process that runs it for a rebuild.

That is `python -m processor.replay`: frames of ledger offsets in, frames of what the events
come to out. It ends when its input does, so a killed rebuild leaves no process behind.
"""

import os
import struct
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import msgspec

from memory.port import Conversation
from processor.apply import attempt, name_of
from spool.reader import receipts_at
from spool.standing_orders import Orders
from voice.rules import Rules

_LENGTH = struct.Struct(">I")
_NICENESS = 10  # live answers, and the receiver, come first


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived:
    """What a number of events come to: (file, conversation), or (file, error) if that failed."""

    conversations: list[tuple[str, Conversation]]
    failed: list[tuple[str, str]]


def derive_at(root: Path, offsets: Sequence[int], *, rules: Rules, orders: Orders) -> Derived:
    """Return what the events come to whose ledger lines begin at `offsets`; nothing if erased."""
    derived = Derived(conversations=[], failed=[])
    for offset, receipt in zip(offsets, receipts_at(root, offsets), strict=True):
        result = attempt(root, receipt, rules=rules, orders=orders)
        name = name_of(receipt, offset)
        if isinstance(result, str):
            derived.failed.append((name, result))
        elif isinstance(result, Conversation):
            derived.conversations.append((name, result))
    return derived


def send(stream: IO[bytes], content: bytes) -> None:
    """Write one frame."""
    stream.write(_LENGTH.pack(len(content)) + content)
    stream.flush()


def receive(stream: IO[bytes]) -> bytes:
    """Read one frame; raises EOFError if the other side has ended."""
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise EOFError
    (length,) = _LENGTH.unpack(head)
    content = stream.read(length)
    if len(content) < length:
        raise EOFError
    return content


def _work(root: Path, rules: Rules) -> None:
    os.nice(_NICENESS)
    orders = Orders(root)
    while True:
        try:
            offsets = msgspec.msgpack.decode(receive(sys.stdin.buffer), type=list[int])
        except EOFError:
            return
        orders.refresh()
        derived = derive_at(root, offsets, rules=rules, orders=orders)
        with suppress(BrokenPipeError):  # the rebuild was killed: the next read ends this too
            send(sys.stdout.buffer, msgspec.msgpack.encode(derived))


if __name__ == "__main__":
    _work(Path(sys.argv[1]), msgspec.json.decode(sys.argv[2], type=Rules))
