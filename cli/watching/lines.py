"""The live view where there is no terminal: a line for each thing that happens."""

from collections.abc import Callable, Mapping
from typing import Any

from cli.watching.units import clock_time, milliseconds
from cli.watching.untrusted import count, member, moment, number, text

Event = Mapping[str, Any]


def line_of(event: Event) -> str:
    """Return what is printed of `event`, "" for what goes without saying."""
    name = text(event, "event")
    words = _WORDS.get(name)
    said = words(event) if words is not None else ""
    if not said:
        return ""
    at = moment(event.get("time"))
    return f"{clock_time(at, None) if at else '--:--:--'}  {name:<9}  {said}"


def _call(event: Event, *words: str) -> str:
    took = number(event, "milliseconds")
    caller, conversation = text(event, "caller"), text(event, "conversation_id")
    parts = [caller, *words, "" if took is None else milliseconds(took), conversation]
    return "  ".join(part for part in parts if part)


def _ring(event: Event) -> str:
    known = "known" if event.get("is_known") is True else "new"
    return _call(event, text(event, "answer") or known)


def _search(event: Event) -> str:
    return _call(event, f"{count(event, 'found')} found")


def _end(event: Event) -> str:
    return _call(event, f"{text(event, 'kind')} {text(event, 'outcome')}")


def _applied(event: Event) -> str:
    words = f"{text(event, 'kind')} {text(event, 'outcome')}"
    memories = f"{count(event, 'memories')} memories" if event.get("memories") else ""
    return _call(event, words, memories, text(event, "error"))


def _refused(event: Event) -> str:
    return _call(event, f"{count(event, 'status')} {text(event, 'code')} at {text(event, 'path')}")


def _log(event: Event) -> str:
    parts = [text(event, name) for name in ("level", "logger", "message", "error")]
    return "  ".join(part for part in parts if part)


def _pulse(event: Event) -> str:
    """Once a second: said only where it says that something waits, or was not told."""
    left_out = member(event, "left_out")
    words = [f"{count(left_out, name)} {name} not told one by one" for name in sorted(left_out)]
    if backlog := count(event, "backlog"):
        words.append(f"backlog {backlog}")
    if text(event, "spool") not in ("", "ok"):
        words.append(f"disk {text(event, 'spool')}")
    return ", ".join(words)


_WORDS: Mapping[str, Callable[[Event], str]] = {
    "connected": lambda _: "looking on",
    "lost": lambda event: text(event, "reason"),
    "bye": lambda _: "the server stops",
    "ring": _ring,
    "search": _search,
    "end": _end,
    "applied": _applied,
    "refused": _refused,
    "log": _log,
    "pulse": _pulse,
    "dropped": lambda event: f"{count(event, 'count')} lines, read too slowly",
}
