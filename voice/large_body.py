r"""
Signed bodies on disk: large, and not such that the recording could be taken out in passing.

For the rare case: an encoder that escapes ("\/" for "/") or a transcription of many megabytes.
"""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

from voice.audio_stream import AudioSplitter, NotStreamable
from voice.delivery import Delivery, audio_content, identify
from voice.errors import NotUnderstood

__all__ = ["decode_audio_file", "identify_file"]

MAX_DOCUMENT_BYTES = 16 * 1024 * 1024

_BLOCK_BYTES = 1024 * 1024
_LONGEST_ESCAPE_BYTES = 6
# The escaped backslash is matched (and kept) so that what follows it is no escape.
_ESCAPE = re.compile(rb"\\(?:\\|/|u002[bBfF]|u003[dD])")
_PLAIN = {
    b"\\\\": b"\\\\",
    b"\\/": b"/",
    b"\\u002b": b"+",
    b"\\u002f": b"/",
    b"\\u003d": b"=",
}


def identify_file(path: Path, *, max_document_bytes: int = MAX_DOCUMENT_BYTES) -> Delivery:
    """
    Return which event the body in this file is; raise `NotUnderstood` if none that we can store.

    A larger document than `max_document_bytes` is understood only if it is an audio event whose
    recording is all but 1 MiB of it; then its base64 is known to be valid too.
    """
    if path.stat().st_size <= max_document_bytes:
        return identify(path.read_bytes())
    return _split(path, lambda _: None, max_document_bytes)


def decode_audio_file(
    path: Path, sink: Callable[[bytes], object], *, max_document_bytes: int = MAX_DOCUMENT_BYTES
) -> Delivery:
    """
    Give the recording of the audio event in this file to `sink`, decoded, in order.

    Raises `NotUnderstood`, if need be after a part of the recording: then forget what `sink` has.
    """
    if path.stat().st_size > max_document_bytes:
        return _split(path, sink, max_document_bytes)
    body = path.read_bytes()
    delivery = identify(body)
    sink(audio_content(body).content)
    return delivery


def _split(path: Path, sink: Callable[[bytes], object], max_document_bytes: int) -> Delivery:
    splitter = AudioSplitter(sink)
    try:
        for block in _without_escapes(path):
            splitter.feed(block)
        return splitter.finish().delivery
    except NotStreamable as error:
        mebibytes = max_document_bytes // (1024 * 1024)
        raise NotUnderstood(
            f"document larger than {mebibytes} MiB, and no audio event: {error}"
        ) from error


def _without_escapes(path: Path) -> Iterator[bytes]:
    """Yield the JSON document with the escapes of base64's characters written plainly."""
    held = b""
    with path.open("rb") as file:
        while block := file.read(_BLOCK_BYTES):
            text = held + block
            cut = _before_cut_escape(text)
            held = text[cut:]
            yield _plainly(text[:cut])
    yield _plainly(held)


def _plainly(text: bytes) -> bytes:
    return _ESCAPE.sub(lambda found: _PLAIN[found[0].lower()], text)


def _before_cut_escape(text: bytes) -> int:
    """Return where to cut `text` so that no escape that begins before is cut in two."""
    cut = text.rfind(b"\\", -_LONGEST_ESCAPE_BYTES)
    if cut < 0:
        return len(text)
    return len(text[: cut + 1].rstrip(b"\\"))  # pairs of backslashes stay together
