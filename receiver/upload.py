"""
One body too large for memory, going to disk while it arrives.

A large body is nearly always a recording in base64: it is hashed, decoded and written in one
pass, so that memory stays bounded whatever its size. Anything else is written as it comes and
looked at once the signature is confirmed. Until then nothing of it has a name.
"""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from receiver.limits.disk_reserve import check_disk_reserve
from spool.staging import StagedFile
from spool.writer import Spool
from voice.audio_stream import AudioSplitter, NotStreamable
from voice.delivery import Delivery, NotUnderstood
from voice.errors import TooDeep
from voice.large_body import decode_audio_file, identify_file
from voice.signature import SignatureCheck

_READ_BYTES = 512 * 1024
# How much is written before the room on disk is looked at again.
_LOOK_BYTES = 16 * 1024 * 1024
# Looking into a large document takes several times its size: one at a time.
_READING_DOCUMENTS = threading.Lock()


@dataclass(frozen=True, slots=True, kw_only=True)
class Uploaded:
    """A large body, durable but without a name. Without a `delivery`: `reason` says why."""

    content: StagedFile
    delivery: Delivery | None = None
    reason: str = ""
    is_too_deep: bool = False
    body_prefix: str = ""
    body_suffix: str = ""


class Upload:
    """
    The writing side of one large body; every method blocks, so call them from a thread.

    End with `finish`, whose result the spool consumes, or with `discard`, which leaves nothing.
    Raises SpoolFull, also when the disk would be left with too little for the rest, or SpoolFailed.
    """

    def __init__(self, spool: Spool, check: SignatureCheck) -> None:
        self._spool = spool
        self._check = check
        self._audio = spool.stage()
        self._splitter = AudioSplitter(self._audio.write)
        self._raw: StagedFile | None = None
        self._fed = 0

    def feed(self, block: bytes) -> None:
        """Take the next block of the body."""
        self._check.update(block)
        before, self._fed = self._fed, self._fed + len(block)
        if before // _LOOK_BYTES != self._fed // _LOOK_BYTES:
            check_disk_reserve(self._spool.root, wanted_bytes=0)
        if self._raw is not None:
            self._raw.write(block)
            return
        try:
            self._splitter.feed(block)
        except NotStreamable as error:
            self._raw = self._write_raw(error)

    def finish(self) -> Uploaded:
        """Return the body, once it is whole; raises InvalidSignature if it is not signed."""
        self._check.confirm()
        if self._raw is None:
            try:
                streamed = self._splitter.finish()
            except NotStreamable as error:
                self._raw = self._write_raw(error)
            else:
                self._audio.finish()
                return Uploaded(
                    content=self._audio,
                    delivery=streamed.delivery,
                    body_prefix=streamed.body_prefix,
                    body_suffix=streamed.body_suffix,
                )
        return self._identify(self._raw)

    def discard(self) -> None:
        """Leave nothing behind. Does nothing after the spool has consumed the content."""
        self._audio.discard()
        if self._raw is not None:
            self._raw.discard()

    def _write_raw(self, refusal: NotStreamable) -> StagedFile:
        """Return a file with the body so far, byte for byte."""
        check_disk_reserve(
            self._spool.root, wanted_bytes=self._audio.size
        )  # for a moment it is twice
        raw = self._spool.stage()
        try:
            for part in refusal.consumed(_blocks(self._audio.path)):
                raw.write(part)
        except BaseException:
            raw.discard()
            raise
        self._audio.discard()
        return raw

    def _identify(self, raw: StagedFile) -> Uploaded:
        try:
            with _READING_DOCUMENTS:
                delivery = identify_file(raw.path)
                if delivery.kind == "audio":
                    return self._decode(raw, delivery)
        except NotUnderstood as error:
            self._audio.discard()
            raw.finish()
            return Uploaded(content=raw, reason=str(error), is_too_deep=isinstance(error, TooDeep))
        raw.finish()
        return Uploaded(content=raw, delivery=delivery)

    def _decode(self, raw: StagedFile, delivery: Delivery) -> Uploaded:
        """Decode a recording that could not be decoded in passing: it has escapes."""
        check_disk_reserve(self._spool.root, wanted_bytes=raw.size)
        self._audio = self._spool.stage()
        decode_audio_file(raw.path, self._audio.write)
        self._audio.finish()
        raw.discard()
        return Uploaded(content=self._audio, delivery=delivery)


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while block := file.read(_READ_BYTES):
            yield block
