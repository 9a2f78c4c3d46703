"""Figures of the live view as a person reads them at a glance."""

from collections.abc import Sequence
from datetime import datetime, tzinfo

_BARS = "▁▂▃▄▅▆▇█"
_MINUTE, _HOUR = 60, 3600
_SECOND_MS = 1000
# What an answer may take: a live one holds up a voice, an acknowledgement only the sender.
_GOOD_MS = {"ring": 100.0, "search": 100.0, "end": 500.0, "applied": 5_000.0}
_BAD_MS = {"ring": 500.0, "search": 500.0, "end": 5_000.0, "applied": 60_000.0}


def clock_time(at: datetime, zone: tzinfo | None) -> str:
    """Return the time of day in `zone`, or where this machine is."""
    return at.astimezone(zone).strftime("%H:%M:%S")


def length_of(seconds: float) -> str:
    """Return minutes and seconds, and hours where there are any."""
    whole = max(int(seconds), 0)
    hours, minutes = whole // _HOUR, whole % _HOUR // _MINUTE
    if hours:
        return f"{hours}:{minutes:02d}:{whole % _MINUTE:02d}"
    return f"{minutes}:{whole % _MINUTE:02d}"


def milliseconds(value: float) -> str:
    """Return milliseconds, with a decimal where it tells something."""
    return f"{value:.1f} ms" if value < 100 else f"{value:,.0f} ms"  # noqa: PLR2004  # three digits


def with_unit(value: float) -> str:
    """Return milliseconds in the unit that a person would use."""
    if value < _SECOND_MS:
        return milliseconds(value)
    seconds = value / _SECOND_MS
    if seconds < 2 * _MINUTE:
        return f"{seconds:.1f} s"
    return f"{seconds / _MINUTE:,.0f} min" if seconds < 2 * _HOUR else f"{seconds / _HOUR:,.0f} h"


def per_second(rate: float) -> str:
    """Return how often a second: 0 only if it never happened."""
    if rate <= 0:
        return "0"
    return f"{rate:.1f}" if rate < 100 else f"{rate:,.0f}"  # noqa: PLR2004  # three digits


def sparkline(values: Sequence[float], width: int) -> str:
    """Return the last `width` values as bars, the newest on the right; nothing is a space."""
    shown = list(values[-width:]) if width > 0 else []
    top = max(shown, default=0.0)
    if top <= 0:
        return ""
    bars = [_BARS[min(int(value / top * len(_BARS)), len(_BARS) - 1)] for value in shown]
    drawn = "".join(bar if value > 0 else " " for bar, value in zip(bars, shown, strict=True))
    return drawn.rjust(width)


def answer_style(name: str, value: float) -> str:
    """Return green for what nobody notices, red for what somebody has to look at."""
    if value < _GOOD_MS[name]:
        return "green"
    return "yellow" if value < _BAD_MS[name] else "bold red"
