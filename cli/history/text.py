"""The history in words, for a terminal."""

from collections.abc import Sequence

from rich.text import Text

from cli.output import console
from history.reading import Call
from history.shown import masked
from history.values import Entry, Page, Stored, Totals

_SUMMARY_CHARS = 160
_VALUE_CHARS = 300


def print_page(page: Page, *, full: bool) -> None:
    """Print entries, two lines each, and how to see the older ones."""
    for entry in page.entries:
        console.print(Text(_head(entry, full=full)))
        what = _shortened(" ".join(entry.summary.split()), _SUMMARY_CHARS)
        console.print(Text(f"    {entry.id}{'  ' if what else ''}{what}", style="dim"))
    if not page.entries:
        console.print("no such conversations")
    if page.next_cursor is not None:
        console.print(f"older ones: --cursor {page.next_cursor}", markup=False)


def _head(entry: Entry, *, full: bool) -> str:
    who = (entry.caller if full else masked(entry.caller)) or "withheld"
    what = entry.direction or entry.channel or "unread"
    parts = [
        f"{entry.started_at:%Y-%m-%d %H:%M} UTC",
        f"{who:<18}",
        f"{what if entry.kind == 'call' else 'failed':<8}",
        f"{_minutes(entry.duration_secs):>6}",
        f"{entry.outcome or '-':<10}",
        "audio" if entry.has_audio else "",
    ]
    return "  ".join(parts).rstrip()


def print_conversation(
    entry: Entry, files: Sequence[Stored], calls: Sequence[Call], *, full: bool
) -> None:
    """Print one conversation: what it was, its files and the agent's tool calls."""
    caller, line = (each if full else masked(each) for each in (entry.caller, entry.line))
    fields = {
        "conversation": entry.id,
        "kind": entry.kind,
        "caller": f"{caller}  ({entry.caller_id})" if caller else "withheld",
        "line": "" if line == caller else line or "",
        "channel": f"{entry.channel} {entry.direction}".strip(),
        "agent": entry.agent_id,
        "began": f"{entry.started_at:%Y-%m-%d %H:%M:%S} UTC",
        "length": _minutes(entry.duration_secs),
        "language": entry.language,
        "outcome": entry.outcome,
        "summary": " ".join(entry.summary.split()),
    }
    for name, value in fields.items():
        if value:
            console.print(Text(f"{name:<13} {value}"))
    for stored in files:
        console.print(Text(f"{'file':<13} {stored.file}  {_state(stored)}"))
    for call in calls:
        console.print(Text(f"{'function':<13} {_minutes(call.time_secs)}  {_call(call)}"))


def print_totals(totals: Totals, count: int) -> None:
    """Print what an index holds after `count` conversations were read."""
    console.print(f"{count} conversations read")
    console.print(
        f"history    {totals.conversations} calls and {totals.failures} failed ones "
        f"of {totals.callers} callers"
    )
    for kind, found in totals.kept.items():
        console.print(f"{kind:<14} {found.files} files, {_size(found.size_bytes)}")
    for reason, found in totals.dropped.items():
        console.print(f"dropped        {found.files} files, {_size(found.size_bytes)} ({reason})")


def _state(stored: Stored) -> str:
    size = _size(stored.size)
    if not stored.dropped:
        return f"{size}, {stored.source}, {stored.received_at:%Y-%m-%d %H:%M} UTC"
    when = "" if stored.dropped_at is None else f" on {stored.dropped_at:%Y-%m-%d}"
    return f"{size}, deleted{when} ({stored.dropped.replace('_', ' ')})"


def _call(call: Call) -> str:
    given = _shortened(str(call.parameters), _VALUE_CHARS)
    if call.is_error is None:
        return f"{call.name}({given})  no result"
    what = "failed: " if call.is_error else ""
    return f"{call.name}({given})  {what}{_shortened(str(call.result), _VALUE_CHARS)}"


def _minutes(seconds: float) -> str:
    minutes, rest = divmod(int(max(0.0, seconds)), 60)
    return f"{minutes}:{rest:02}"


def _size(size_bytes: int) -> str:
    size, unit = float(size_bytes), "B"
    for larger in ("KB", "MB", "GB"):
        if size < 1024:  # noqa: PLR2004 - of a unit, in the next larger one
            break
        size, unit = size / 1024, larger
    return f"{size_bytes} B" if unit == "B" else f"{size:.1f} {unit}"


def _shortened(text: str, chars: int) -> str:
    return text if len(text) <= chars else f"{text[: chars - 1]}…"
