"""
A recording taken out of its JSON while the body arrives, in constant memory.

The body of an audio event is `{… "full_audio": "<an hour of base64>" …}`. No JSON parser is
needed to find the text: inside a JSON string every quote is escaped, so the bytes
`"full_audio": "` can only be a key and the beginning of its value. Whether it is the right one,
and whether the rest is what it should be, a real parser says at the end, with the recording
left out.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import pybase64

from voice.delivery import Delivery, identify
from voice.document import read_object, section
from voice.errors import NotUnderstood, VoiceError

__all__ = ["AudioSplitter", "NotStreamable", "StreamedAudio"]

LONG_CHARS = 64 * 1024
MAX_ENVELOPE_BYTES = 1024 * 1024

_KEY = re.compile(rb'"full_audio"[ \t\r\n]{0,16}:[ \t\r\n]{0,16}"')
_LONGEST_KEY_BYTES = 12 + 16 + 1 + 16 + 1
_REENCODED_BYTES = 3 * 64 * 1024


class NotStreamable(VoiceError):
    """
    The body is no audio event that can be stored while it streams; the message says why.

    It may still be an event: go on with the raw body. `consumed` gives back all that the
    splitter has taken, the block that it refused included.
    """

    def __init__(self, reason: str, *, before: bytes, after: bytes) -> None:
        super().__init__(reason)
        self._before = before
        self._after = after

    def consumed(self, sunk: Iterable[bytes]) -> Iterator[bytes]:
        """Yield the body so far, byte for byte; `sunk` is what the sink was given, in order."""
        yield self._before
        held = b""
        for block in sunk:
            held += block
            if len(held) >= _REENCODED_BYTES:
                whole = len(held) - len(held) % 3
                yield pybase64.b64encode(held[:whole])
                held = held[whole:]
        yield pybase64.b64encode(held)
        yield self._after


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamedAudio:
    """An audio event whose recording is in the sink: body = prefix + base64(recording) + suffix."""

    delivery: Delivery
    body_prefix: str
    body_suffix: str


class AudioSplitter:
    """
    Splits one body, fed in blocks of any size: the recording goes to `sink`, decoded.

    Holds the rest of the body and about two blocks, whatever the size of the recording. Only
    base64 that encodes back to the same bytes is taken, so that the signed body can be had
    again. After `NotStreamable` the splitter is of no more use; an error of `sink` passes
    through.
    """

    def __init__(
        self,
        sink: Callable[[bytes], object],
        *,
        long_chars: int = LONG_CHARS,
        max_envelope_bytes: int = MAX_ENVELOPE_BYTES,
    ) -> None:
        self._sink = sink
        self._long_chars = long_chars
        self._max_envelope_bytes = max_envelope_bytes
        self._head = bytearray()  # all before the recording
        self._tail = bytearray()  # all after it
        self._take = self._take_head
        self._searched = 0  # the head has no unseen key before this
        self._value_at: int | None = None  # where the value of a key begins, in the head
        self._quantum = b""  # up to three characters that wait for their fourth
        self._is_padded = False  # nothing may follow the padding

    def feed(self, block: bytes) -> None:
        """Take the next block of the body. Raises `NotStreamable`."""
        self._take(block)
        if len(self._head) + len(self._tail) > self._max_envelope_bytes:
            raise self._refused("there is too much besides a recording")

    def finish(self) -> StreamedAudio:
        """Return the event, once the whole body was fed. Raises `NotStreamable`."""
        if self._take != self._take_tail:
            raise self._refused("there is no long recording, or no end to it")
        try:
            self._check_place()
            delivery = identify(self._envelope(b"a"))
            prefix, suffix = self._head.decode(), self._tail.decode()
        except (NotUnderstood, UnicodeDecodeError) as error:
            raise self._refused(str(error)) from error
        if delivery.kind != "audio":
            raise self._refused(f"{delivery.type} has a recording")
        return StreamedAudio(delivery=delivery, body_prefix=prefix, body_suffix=suffix)

    def _take_head(self, block: bytes) -> None:
        self._head += block
        start = self._long_value()
        if start is not None:
            text = bytes(self._head[start:])
            del self._head[start:]
            self._take = self._take_audio
            self._take_audio(text)

    def _long_value(self) -> int | None:
        """Return where the value of a full_audio key begins, as soon as it is a long one."""
        while True:
            if self._value_at is None:
                key = _KEY.search(self._head, self._searched)
                if key is None:
                    end = len(self._head)
                    self._searched = max(self._searched, end - _LONGEST_KEY_BYTES)
                    return None
                self._value_at = self._searched = key.end()
            quote = self._head.find(b'"', self._searched)
            end = quote if quote >= 0 else len(self._head)
            if end - self._value_at > self._long_chars:
                return self._value_at
            self._searched = end
            if quote < 0:
                return None
            self._value_at = None

    def _take_audio(self, block: bytes) -> None:
        quote = block.find(b'"')
        text = self._quantum + (block if quote < 0 else block[:quote])
        whole = len(text) & ~3
        recording = self._decode(text[:whole] if whole < len(text) else text)
        if recording is None or (quote >= 0 and whole < len(text)):
            raise self._refused("the recording is not plain base64", pending=self._quantum + block)
        if recording:
            self._sink(recording)
        self._quantum = text[whole:]
        if quote >= 0:
            self._take = self._take_tail
            self._tail += block[quote:]

    def _take_tail(self, block: bytes) -> None:
        self._tail += block

    def _decode(self, text: bytes) -> bytes | None:
        """Return the decoded text if encoding gives the same text again, else None."""
        if not text:
            return b""
        if self._is_padded:
            return None
        try:
            recording = pybase64.b64decode(text, validate=True)
        except ValueError:
            return None
        self._is_padded = text.endswith(b"=")
        # Elsewhere than in the last four characters, what is valid has one spelling only.
        last = text[-4:]
        return recording if pybase64.b64encode(pybase64.b64decode(last)) == last else None

    def _check_place(self) -> None:
        # Two different texts in its place: no third text elsewhere can be mistaken for it.
        for mark in ("a", "b"):
            data = section(read_object(self._envelope(mark.encode())), "data")
            if data.get("full_audio") != mark:
                raise NotUnderstood("the recording is not data.full_audio")

    def _envelope(self, mark: bytes) -> bytes:
        return bytes(self._head) + mark + bytes(self._tail)

    def _refused(self, reason: str, *, pending: bytes | None = None) -> NotStreamable:
        after = (self._quantum if pending is None else pending) + bytes(self._tail)
        return NotStreamable(reason, before=bytes(self._head), after=after)
