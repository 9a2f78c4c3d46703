"""What was asked: parameters read strictly, so that a slip is told and not passed over."""

import re
from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime, time, timedelta

from aiohttp import web

from receiver.errors import Refusal
from voice.identity import phone_key

_OPAQUE = re.compile(r"c_[0-9a-f]{20}")
_OTHER_KEY = re.compile(r"(?:line|web|whatsapp):.+", re.DOTALL)
_PERSON = re.compile(r"(?P<number>.+?)(?P<person>~[1-9][0-9]{0,3})?", re.DOTALL)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# In a query a plus means a space, and few remember to write %2B.
_LEADING_PLUS = re.compile(r"^ (?=[0-9])")
_LOST_PLUS = re.compile(r" (?=[0-9]{2}:?[0-9]{2}$)")
_MAX_CHARS = 1000


def parameters(request: web.Request, *, known: Collection[str]) -> Mapping[str, str]:
    """Return the parameters of the query, none of them empty; raises Refusal for a strange one."""
    query = request.query
    if unknown := sorted(query.keys() - set(known)):
        there = f"there are {', '.join(sorted(known))}" if known else "there is none"
        raise _wrong("unknown_parameter", f"There is no parameter {unknown[0][:40]!a}; {there}.")
    for name in query:
        values = query.getall(name)
        if len(values) > 1:
            raise _wrong("repeated_parameter", f"`{name}` is there more than once.")
        if not values[0] or len(values[0]) > _MAX_CHARS or not _is_text(values[0]):
            message = f"`{name}` must be text of 1 to {_MAX_CHARS} characters, or be left out."
            raise _wrong(f"invalid_{name}", message)
    return dict(query)


def limit_of(asked: Mapping[str, str], *, default: int, most: int) -> int:
    """Return how many are wanted; raises Refusal."""
    limit = asked.get("limit", str(default))
    is_number = limit.isascii() and limit.isdecimal() and len(limit) <= len(str(most))
    if not is_number or not 1 <= int(limit) <= most:
        raise _wrong("invalid_limit", f"`limit` must be a number from 1 to {most}.")
    return int(limit)


def choice_of(asked: Mapping[str, str], name: str, choices: Collection[str]) -> str | None:
    """Return the parameter, None if it was left out; raises Refusal for none of the choices."""
    value = asked.get(name)
    if value is not None and value not in choices:
        raise _wrong(f"invalid_{name}", f"`{name}` must be {' or '.join(sorted(choices))}.")
    return value


def flag_of(asked: Mapping[str, str], name: str) -> bool:
    """Return a switch that is off unless it is `true`; raises Refusal."""
    return choice_of(asked, name, ("true", "false")) == "true"


def moment_of(asked: Mapping[str, str], name: str, *, is_end: bool) -> datetime | None:
    """Return a time, or the beginning of a day (UTC), or its end; raises Refusal."""
    value = asked.get(name)
    if value is None:
        return None
    try:
        if _DATE.fullmatch(value):
            day = datetime.combine(date.fromisoformat(value), time(), UTC)
            return day + timedelta(days=1) if is_end else day
        moment = datetime.fromisoformat(_LOST_PLUS.sub("+", value))
        if moment.tzinfo is not None:
            moment.astimezone(UTC)  # what is asked for is compared in UTC
    except OverflowError:
        raise _wrong(
            f"invalid_{name}",
            f"`{name}` is outside of the calendar: there is no time before the year 1 or after "
            "9999, and the day 9999-12-31 does not end in it. Leave it out for no bound.",
        ) from None
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise _wrong(
            f"invalid_{name}",
            f"`{name}` must be a day or a time with its zone: 2026-11-20 or 2026-11-20T09:30:00Z.",
        )
    return moment


def is_opaque(text: str) -> bool:
    """Tell whether this is the id of a caller that tells no number."""
    return _OPAQUE.fullmatch(text) is not None


def caller_key(text: str, *, region: str) -> str:
    """Return the key of a caller that was named by number or key; raises Refusal for no such."""
    if _is_text(text) and _OTHER_KEY.fullmatch(text):
        return text
    parts = _PERSON.fullmatch(text)
    number = _LEADING_PLUS.sub("+", parts["number"]) if parts else ""
    key = phone_key(number, region=region or None)
    if parts is None or key is None or not key.startswith("+"):
        raise _wrong(
            "invalid_caller",
            "A caller is a number in E.164, such as +15550100142 (in a URL: %2B15550100142), a "
            "key such as whatsapp:… or web:…, or the `id` that a list has.",
        )
    return key + (parts["person"] or "")


def _is_text(value: str) -> bool:
    """Tell whether this can be stored and compared: no halves of surrogate pairs, no NUL."""
    return "\0" not in value and not any("\ud800" <= char <= "\udfff" for char in value)


def _wrong(code: str, message: str) -> Refusal:
    return Refusal(400, code, message)
