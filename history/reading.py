"""What the spool holds of one conversation: its payload, transcript, tool calls and recording."""

import json
import math
import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal

from history.errors import NotKept, NotReadable, NotStored
from history.sources import receipt_of
from history.values import Stored
from spool.format import FileDamaged
from spool.reader import open_file, read_file
from voice.document import number, read_object, section, text
from voice.payload import NotUnderstood, parse_event

_WHY = {
    "erased": "erased, as the caller or the owner wished,",
    "retention": "deleted by retention",
    "space": "deleted to keep the spool within MAX_SPOOL_GB",
    "not_stored": "not kept, by STORE_AUDIO or STORE_TRANSCRIPTS,",
}
_MAX_DEPTH = 50  # of what is shown of a tool's parameters and results
_MAX_INTEGER = 2**63 - 1
_MAX_BITS = 10_000  # longer ones are not written out in decimal
_NAMES = {"transcription": "transcript", "audio": "recording", "failure": "failure"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One message of a transcript. `role` is "user", "agent" or what else the platform says."""

    role: str
    time_secs: float  # since the call began
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """
    One tool call of the agent, with its result as far as one came.

    `parameters` and `result` are JSON values where they can be read as JSON, else the text as it
    came; None if there is none. What is nested too deeply is cut off with "…". `time_secs` is when
    it was made, since the conversation began. `is_error` is None, and so is `latency_secs`, as
    long as there is no result.
    """

    name: str
    type: str
    request_id: str
    parameters: Any
    result: Any
    is_error: bool | None
    time_secs: float
    latency_secs: float | None


def payload(root: Path, files: Sequence[Stored]) -> dict[str, Any]:
    """
    Return the event of a conversation that counts, as the platform sent it.

    That is a call's transcription, or else a failure; of several revisions the same one that
    memory is derived from. Raises NotStored or NotKept if there is none, FileDamaged or
    NotReadable if it cannot be read.
    """
    kinds = {stored.kind for stored in files}
    kind: Literal["transcription", "failure"] = "transcription"
    if "transcription" not in kinds and "failure" in kinds:
        kind = "failure"
    bodies: list[tuple[tuple[float, str], bytes]] = []
    problems: list[Exception] = []
    for stored in _kept(files, kind):
        try:
            body = read_file(root, receipt_of(stored))
            bodies.append(((parse_event(kind, body).event_timestamp, stored.sha256), body))
        except FileDamaged as error:
            problems.append(error)
        except NotUnderstood as error:
            problems.append(NotReadable(f"{stored.file} cannot be understood: {error}"))
    if not bodies:
        raise problems[0]
    return read_object(max(bodies)[1])


def transcript(event: dict[str, Any]) -> list[Line]:
    """Return what was said, in order; nothing for an event without a transcript."""
    return [
        Line(
            role=text(item.get("role")) or "unknown",
            time_secs=number(item.get("time_in_call_secs")) or 0.0,
            text=text(item.get("message")),
        )
        for item in _items(event)
        if text(item.get("message"))
    ]


def as_text(lines: Sequence[Line]) -> str:
    """Return a transcript for reading: when, who and what, a message a line."""
    return "".join(
        f"{_clock(line.time_secs)}  {_speaker(line.role):<7} {' '.join(line.text.split())}\n"
        for line in lines
    )


def functions(event: dict[str, Any]) -> list[Call]:
    """Return the tool calls that the agent made, in order, each with its result."""
    made = [(item, call) for item in _items(event) for call in _objects(item, "tool_calls")]
    results = [
        (item, result) for item in _items(event) for result in _objects(item, "tool_results")
    ]
    by_request: dict[str, list[dict[str, Any]]] = {}
    for _, result in results:
        by_request.setdefault(text(result.get("request_id")), []).append(result)
    found = []
    for item, call in made:
        matching = by_request.get(text(call.get("request_id")))
        found.append(_call(item, call, matching.pop(0) if matching else None))
    unmatched = {id(result) for left in by_request.values() for result in left}
    # A result whose call was left out still tells that there was one.
    found += [_call(item, result, result) for item, result in results if id(result) in unmatched]
    return sorted(found, key=lambda call: call.time_secs)


def audio(root: Path, files: Sequence[Stored]) -> tuple[Stored, Path]:
    """
    Return the recording of a conversation, its newest revision: receipt and path.

    The path is that of a whole file in the spool, never of a symbolic link. Raises NotStored,
    NotKept or FileDamaged.
    """
    newest = _newest_audio(files)
    try:
        os.close(_open_whole(root, newest))
    except OSError as error:
        raise _unreadable(newest, error) from error
    return newest, root / newest.file


def open_audio(root: Path, files: Sequence[Stored]) -> IO[bytes]:
    """Return the recording of a conversation, open for reading; raises as `audio` does."""
    newest = _newest_audio(files)
    try:
        return os.fdopen(_open_whole(root, newest), "rb")
    except OSError as error:
        raise _unreadable(newest, error) from error


def _newest_audio(files: Sequence[Stored]) -> Stored:
    return max(_kept(files, "audio"), key=lambda each: (each.event_timestamp or -1.0, each.sha256))


def _open_whole(root: Path, stored: Stored) -> int:
    """Return a descriptor of a file that is as long as its receipt says; raises OSError."""
    descriptor = open_file(root, stored.file)
    found = os.fstat(descriptor)
    if stat.S_ISREG(found.st_mode) and found.st_size == stored.size:
        return descriptor
    os.close(descriptor)
    raise OSError(f"{found.st_size} of {stored.size} bytes")


def _unreadable(stored: Stored, error: OSError) -> FileDamaged:
    return FileDamaged(f"{stored.file} cannot be read: {error}; run `spool verify`")


def _kept(files: Sequence[Stored], kind: str) -> list[Stored]:
    """Return the files of a kind that are there; raises NotStored or NotKept if none is."""
    of_kind = [stored for stored in files if stored.kind == kind]
    kept = [stored for stored in of_kind if not stored.dropped]
    if kept:
        return kept
    if not of_kind:
        raise NotStored(f"no {_NAMES[kind]} of this conversation has arrived")
    last = max(of_kind, key=lambda stored: (stored.dropped_at is not None, stored.dropped_at))
    when = "" if last.dropped_at is None else f" on {last.dropped_at:%Y-%m-%d}"
    raise NotKept(f"the {_NAMES[kind]} was {_WHY.get(last.dropped, 'deleted')}{when}")


def _items(event: dict[str, Any]) -> list[dict[str, Any]]:
    found = section(event, "data").get("transcript")
    return [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []


def _objects(item: dict[str, Any], name: str) -> list[dict[str, Any]]:
    found = item.get(name)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def _call(item: dict[str, Any], call: dict[str, Any], result: dict[str, Any] | None) -> Call:
    latency = None if result is None else number(result.get("tool_latency_secs"))
    return Call(
        name=text(call.get("tool_name")) or "unknown",
        type=text(call.get("type")),
        request_id=text(call.get("request_id")),
        parameters=_value(call.get("params_as_json")),
        result=None if result is None else _value(result.get("result_value")),
        is_error=None if result is None else result.get("is_error") is True,
        time_secs=number(item.get("time_in_call_secs")) or 0.0,
        latency_secs=latency,
    )


def _value(given: object) -> Any:
    """Return the JSON value in a text, or what was given if it is none."""
    if isinstance(given, str):
        try:
            return _plain(json.loads(given), depth=_MAX_DEPTH)
        except (ValueError, RecursionError):
            return text(given)
    return _plain(given, depth=_MAX_DEPTH)


def _plain(value: Any, *, depth: int) -> Any:
    """Return `value` without what JSON, or a program that reads it, cannot hold."""
    plain = value
    match value:
        case str():
            plain = value.encode(errors="replace").decode()  # half of a surrogate pair
        case float() if not math.isfinite(value):
            plain = str(value)
        case int() if abs(value) > _MAX_INTEGER:
            plain = f"{value:x}" if value.bit_length() > _MAX_BITS else str(value)
        case list() | dict() if depth == 0:
            plain = "…"
        case list():
            plain = [_plain(each, depth=depth - 1) for each in value]
        case dict():
            plain = {
                str(_plain(name, depth=0)): _plain(each, depth=depth - 1)
                for name, each in value.items()
            }
    return plain


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(max(0.0, seconds)), 60)
    return f"{minutes:02}:{rest:02}"


def _speaker(role: str) -> str:
    return {"user": "Caller", "agent": "Agent"}.get(role, role)
