"""The platform's JSON, read so that only what is no object at all fails."""

import json
import math
from typing import Any

import msgspec

from voice.errors import NotUnderstood

# Later than every real call, and early enough that adding a call's length stays a datetime.
LATEST_UNIX_SECONDS = 250_000_000_000

_HUGE_INTEGER_DIGITS = 300


def read_object(body: bytes) -> dict[str, Any]:
    """
    Return the JSON object in `body`, or raise `NotUnderstood`.

    Takes all that Python's own encoder emits: NaN, lone surrogates, numbers of any size.
    """
    try:
        value = msgspec.json.decode(body)
    except (ValueError, RecursionError):
        value = _read_leniently(body)
    if not isinstance(value, dict):
        raise NotUnderstood(f"the body is JSON, but not an object: {type(value).__name__}")
    return value


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
