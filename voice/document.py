"""The platform's JSON, read so that only what is no object at all fails."""

import json
import math
import re
from itertools import accumulate
from typing import Any

import msgspec

from voice.errors import NotUnderstood, TooDeep

# Later than every real call, and early enough that adding a call's length stays a datetime.
LATEST_UNIX_SECONDS = 250_000_000_000

# What is sent goes ten levels down; reading what goes down thousands takes time and stack.
MAX_DEPTH = 64

_HUGE_INTEGER_DIGITS = 300
_TEXT = re.compile(rb'"[^"]*"')
_AS_STEPS = bytes.maketrans(b"{[]}", b"\x01\x01\xff\xff")  # 1 and, with a sign, -1
_NO_STRUCTURE = bytes(each for each in range(256) if each not in b'[]{}"')


def read_object(body: bytes, *, max_depth: int | None = None) -> dict[str, Any]:
    """
    Return the JSON object in `body`, or raise `NotUnderstood`; deeper than `max_depth`, `TooDeep`.

    Takes all that Python's own encoder emits: NaN, lone surrogates, numbers of any size.
    """
    if max_depth is not None:
        check_depth(body, max_depth=max_depth)
    try:
        value = msgspec.json.decode(body)
    except (ValueError, RecursionError):
        value = _read_leniently(body)
    if not isinstance(value, dict):
        raise NotUnderstood(f"the body is JSON, but not an object: {type(value).__name__}")
    return value


def check_depth(body: bytes, *, max_depth: int = MAX_DEPTH) -> None:
    """
    Raise `TooDeep` if the JSON in `body` has more than `max_depth` objects and lists in another.

    Takes about as long as reading the JSON, however deep it is, and no stack. What is no JSON
    passes or not: whoever reads it finds out.
    """
    if body.count(b"{") + body.count(b"[") <= max_depth:
        return
    unescaped = body.replace(b"\\\\", b"").replace(b'\\"', b"") if b"\\" in body else body
    # Most texts have no brackets in them: of those only two quotes are left.
    structure = unescaped.translate(None, _NO_STRUCTURE).replace(b'""', b"")
    brackets = _TEXT.sub(b"", structure) if b'"' in structure else structure
    steps = memoryview(brackets.translate(_AS_STEPS)).cast("b")
    if max(accumulate(steps), default=0) > max_depth:
        raise TooDeep(f"the body is JSON nested too deeply: more than {max_depth} levels")


def section(parent: dict[str, Any], key: str) -> dict[str, Any]:
    """Return the object under `key`; an empty one if there is none."""
    value = parent.get(key)
    return value if isinstance(value, dict) else {}


def text(value: object) -> str:
    """Return `value` if it is text, without what a store cannot keep, and "" if it is not."""
    if not isinstance(value, str):
        return ""
    try:
        value.encode()
    except UnicodeEncodeError:  # half of a surrogate pair
        value = value.encode(errors="replace").decode()
    return value.replace("\0", "").strip()


def number(value: object) -> float | None:
    """Return `value` if it is a finite number or the text of one, else None."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def unix_seconds(value: object) -> float | None:
    """Return `value` as a time in unix seconds, None if it cannot be one."""
    found = number(value)
    return found if found is not None and 0 <= found <= LATEST_UNIX_SECONDS else None


def _read_leniently(body: bytes) -> Any:
    try:
        return json.loads(body.decode("utf-8-sig"), parse_int=_integer)
    except UnicodeDecodeError as error:
        raise NotUnderstood("the body is not UTF-8") from error
    except ValueError as error:
        raise NotUnderstood(f"the body is not JSON: {error}") from error
    except RecursionError as error:
        raise NotUnderstood("the body is JSON nested too deeply") from error


def _integer(digits: str) -> int | float:
    # int() refuses thousands of digits; such a number means nothing to us, but the rest may.
    return int(digits) if len(digits) < _HUGE_INTEGER_DIGITS else float(digits)
