"""The names and receipts of a spool, and its errors: everything here is pure."""

import json
import math
import re
import zlib
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal, get_args

Kind = Literal["transcription", "audio", "failure", "quarantine"]
Source = Literal["webhook", "backfill", "import", "recovered"]

VERSION = 1
STATE_FOLDER = ".spool"
INCOMING_FOLDER = ".spool/incoming"
QUARANTINE_FOLDER = ".spool/quarantine"
LEDGER_FILE = ".spool/ledger.jsonl"

_EXTENSIONS: dict[Kind, str] = {"transcription": "json", "audio": "mp3", "failure": "json"}
_KINDS = frozenset(get_args(Kind))
_SOURCES = frozenset(get_args(Source))
_CONVERSATION_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
_EVENT_FILE = re.compile(
    r"([A-Za-z0-9_-]{1,128})/\1_(?:(transcription|failure)(?:\.rev-[0-9a-f]{16})?\.json"
    r"|(audio)(?:\.rev-[0-9a-f]{16})?\.mp3)"
)
_QUARANTINE_FILE = re.compile(r"\.spool/quarantine/[0-9a-f]{64}\.body")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_ENCODER = json.JSONEncoder(separators=(",", ":"), allow_nan=False)  # made once: it is costly
_CRC_LENGTH = len(b',"crc":"00000000"}\n')


class SpoolError(Exception):
    """The spool could not do what was asked; the base of all its errors."""


class SpoolFull(SpoolError):
    """No room (disk full, quota, read-only): nothing of it was stored; send it again later."""


class SpoolFailed(SpoolError):
    """The disk failed: whether the event is stored is not known until the spool has recovered."""


class SpoolLocked(SpoolError):
    """Another receiver owns this spool."""


class UnsuitableFolder(SpoolError):
    """A folder cannot carry a spool: no hard links, no locks, or something else in its place."""


class FileDamaged(SpoolError):
    """A stored file is missing, unreadable, or not what its receipt says."""


class DamagedLine(SpoolError):
    """A ledger line that cannot be understood. Read loops yield it as a value."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """
    One accepted event, as the ledger keeps it.

    `file` is the path below the spool, `sha256` (hex) and `size` (bytes) are of that file.
    `signature` is the header as it came, "" if there was none. `event_timestamp` is in unix
    seconds. For audio the signed body is body_prefix + base64(file) + body_suffix, so that the
    signature stays checkable. `reason` says why a body is in quarantine.
    Raises ValueError for a naive `received_at`.
    """

    file: str
    kind: Kind
    conversation_id: str | None
    sha256: str
    size: int
    received_at: datetime
    event_timestamp: float | None
    signature: str
    source: Source
    reason: str = ""
    body_prefix: str = ""
    body_suffix: str = ""

    def __post_init__(self) -> None:
        """Refuse a time without a zone."""
        if self.received_at.tzinfo is None:
            message = "received_at has no time zone; pass an aware UTC datetime"
            raise ValueError(message)


def is_conversation_id(text: str) -> bool:
    """Tell whether `text` can be the name of a conversation folder."""
    return _CONVERSATION_ID.fullmatch(text) is not None


def file_path(kind: Kind, conversation_id: str, *, revision_of: str | None = None) -> str:
    """
    Return where an event stands, relative to the spool.

    `revision_of` is the SHA-256 (hex) of the content when the plain name is taken by other
    content. Raises ValueError for quarantine and for what is no conversation id.
    """
    if kind == "quarantine" or not is_conversation_id(conversation_id):
        message = f"no file name for kind {kind!r} and conversation id {conversation_id!r}"
        raise ValueError(message)
    revision = "" if revision_of is None else f".rev-{revision_of[:16]}"
    return f"{conversation_id}/{conversation_id}_{kind}{revision}.{_EXTENSIONS[kind]}"


def quarantine_path(sha256: str) -> str:
    """Return where a quarantined body stands, relative to the spool."""
    return f"{QUARANTINE_FOLDER}/{sha256}.body"


def sidecar_path(sha256: str) -> str:
    """Return where the reason for a quarantined body stands, relative to the spool."""
    return f"{QUARANTINE_FOLDER}/{sha256}.json"


def identify_file(file: str) -> tuple[Kind, str | None] | None:
    """Return kind and conversation id of a path below the spool; None for any other name."""
    if match := _EVENT_FILE.fullmatch(file):
        kind: Kind = match[2] or match[3]  # type: ignore[assignment]  # the pattern names kinds
        return kind, match[1]
    return ("quarantine", None) if _QUARANTINE_FILE.fullmatch(file) else None


def encode_receipt(receipt: Receipt) -> bytes:
    """
    Return the ledger line of `receipt`: one JSON object in ASCII and a newline.

    It ends with a CRC-32 over everything before it. Raises ValueError for an infinite number.
    """
    members: dict[str, object] = {
        "v": VERSION,
        "file": receipt.file,
        "kind": receipt.kind,
        "conversation_id": receipt.conversation_id,
        "sha256": receipt.sha256,
        "size": receipt.size,
        "received_at": _to_text(receipt.received_at),
        "event_timestamp": receipt.event_timestamp,
        "signature": receipt.signature,
        "source": receipt.source,
        "reason": receipt.reason or None,
        "body_prefix": receipt.body_prefix or None,
        "body_suffix": receipt.body_suffix or None,
    }
    present = {name: value for name, value in members.items() if value is not None}
    body = _ENCODER.encode(present)[:-1].encode("ascii")
    return body + b',"crc":"%08x"}\n' % zlib.crc32(body)


def file_member(file: str) -> bytes:
    """Return the bytes by which an encoded receipt names `file`; no other receipt holds them."""
    return b'"file":%b,' % _ENCODER.encode(file).encode("ascii")


def is_intact(line: bytes) -> bool:
    """Tell whether `line`, newline included, is whole: its checksum is right."""
    body, crc = line[:-_CRC_LENGTH], line[-_CRC_LENGTH:]
    return line.startswith(b"{") and crc == b',"crc":"%08x"}\n' % zlib.crc32(body)


def decode_receipt(line: bytes) -> Receipt:
    """Return the receipt in a ledger line, newline included; raises DamagedLine for any other."""
    if not is_intact(line):
        message = "the checksum of a ledger line is wrong; run `spool verify`"
        raise DamagedLine(message)
    try:
        return _receipt(json.loads(line))
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError) as error:
        message = f"a ledger line is whole but not a receipt: {error!r}; run `spool verify`"
        raise DamagedLine(message) from error


def _receipt(members: dict[str, Any]) -> Receipt:
    """Build the receipt; raises DamagedLine, KeyError, TypeError or ValueError if it is none."""
    if members["v"] != VERSION:
        message = (
            f"a ledger line has format version {members['v']!r}, this program knows {VERSION}; "
            "use the version of Callspool that wrote it, or a later one"
        )
        raise DamagedLine(message)
    if (known := identify_file(members["file"])) is None or known[0] != members["kind"]:
        message = f"file {members['file']!r} is not one of kind {members['kind']!r}"
        raise ValueError(message)
    conversation_id = members.get("conversation_id")
    timestamp = members.get("event_timestamp")
    return Receipt(
        file=members["file"],
        kind=known[0],
        conversation_id=conversation_id if conversation_id is None else str(conversation_id),
        sha256=_matching(_SHA256, members["sha256"]),
        size=int(members["size"]),
        received_at=datetime.fromisoformat(members["received_at"]),
        event_timestamp=None if timestamp is None else finite(timestamp),
        signature=str(members["signature"]),
        source=_source(members["source"]),
        reason=str(members.get("reason", "")),
        body_prefix=str(members.get("body_prefix", "")),
        body_suffix=str(members.get("body_suffix", "")),
    )


def finite(number: float) -> float:
    """Return `number` as a float; raises ValueError for infinity and NaN."""
    if not math.isfinite(value := float(number)):
        message = f"{number!r} is not a finite number"
        raise ValueError(message)
    return value


def _matching(pattern: re.Pattern[str], text: str) -> str:
    """Return `text` if it matches; raises ValueError."""
    if not pattern.fullmatch(text):
        message = f"{text!r} is not a SHA-256 in hex digits"
        raise ValueError(message)
    return text


def _source(text: str) -> Source:
    """Return `text` as a source; raises ValueError."""
    if text not in _SOURCES:
        message = f"unknown source {text!r}"
        raise ValueError(message)
    source: Source = text  # type: ignore[assignment]  # checked in the line above
    return source


def _to_text(moment: datetime) -> str:
    """Return `moment` as ISO text in UTC, always of the same length."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
