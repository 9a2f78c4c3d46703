"""The live view as a full screen of text: from what is known to the lines of a terminal."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import tzinfo

from rich.cells import set_cell_size
from rich.text import Text

from cli.watching.board import TIMED, Board, Call, Problem, at_share
from cli.watching.units import (
    answer_style,
    clock_time,
    length_of,
    milliseconds,
    per_second,
    sparkline,
    with_unit,
)

NAMES = {
    "ring": "greeting",
    "search": "lookup",
    "end": "acknowledged",
    "applied": "in memory",
}
_MIN_ROWS = 1
_FIXED_ROWS = 14  # everything but calls and problems
_ROOMY = 30  # from this height on there is a line to spare
_ASCII = {
    ord(given): to
    for given, to in zip("─●○…·▁▂▃▄▅▆▇█", "-*o.-.:-=+*##", strict=True)
}  # fmt: skip
_DIM = "bright_black"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How it is to be shown: to whom, on what, in which time zone (None: this machine's)."""

    url: str
    width: int
    height: int
    zone: tzinfo | None = None
    ascii_only: bool = False


def screen(board: Board, look: Look) -> Text:
    """Return exactly as many lines as the terminal has, none wider than it."""
    under_way, ended, problems = _shares(look.height - _FIXED_ROWS - (look.height >= _ROOMY))
    lines = [
        _header(board, look),
        *([Text()] * (look.height >= _ROOMY)),
        *_section("Calls under way", f"{len(board.under_way)}", look.width)[1:],
        *_rows([_under_way(call, board) for call in reversed(board.under_way)], under_way),
        *_section("Last calls", "", look.width),
        *_rows([_ended(call, look.zone) for call in board.ended], ended),
        *_answers(board, look.width),
        *_section("Warnings and errors", "", look.width),
        *_rows([_problem(each, look.zone) for each in board.problems], problems, none="none"),
    ]
    room = look.height - 1
    lines = [*lines[:room], *[Text()] * (room - len(lines)), _footer(board)]
    return _fitted(lines, look)


def _shares(rows: int) -> tuple[int, int, int]:
    """Return how many rows calls under way, last calls and problems get; always the same ones."""
    third = max(rows // 3, _MIN_ROWS)
    return third, max(rows - 2 * third, _MIN_ROWS), third


def _header(board: Board, look: Look) -> Text:
    """Return how it stands; address and time only where they have room besides."""
    line, state = Text().append(" Callspool ", style="bold black on cyan"), _state(board)
    clock = clock_time(board.now, look.zone) if board.is_connected and board.pulses else ""
    if line.cell_len + len(look.url) + 4 + state.cell_len <= look.width:
        line.append(f"  {look.url}")
    line.append("  ").append_text(state)
    gap = look.width - line.cell_len - len(clock) - 1
    return line.append(" " * gap).append(clock, style="bold") if gap > 0 else line


def _state(board: Board) -> Text:
    if not board.is_connected:
        why = board.trouble or "connecting"
        return Text().append("○ ", style="bold red").append(why, style="red")
    line = Text().append("● live", style="bold green")
    if not board.pulses:
        return line
    pulse = board.pulses[-1]
    if pulse.spool != "ok":
        line.append(f"  disk {pulse.spool or 'unknown'}", style="bold red")
    if pulse.watchers > 1:
        line.append(f"  {pulse.watchers} look on", style=_DIM)
    return line


def _section(title: str, figure: str, width: int) -> list[Text]:
    line = Text().append(f" {title} ", style="bold cyan")
    if figure:
        line.append(f"{figure} ", style="bold")
    return [Text(), line.append("─" * max(width - line.cell_len - 1, 0), style=_DIM)]


def _rows(lines: Sequence[Text], rows: int, *, none: str = "none yet") -> list[Text]:
    """Return exactly `rows` lines; the last one says how many there are besides."""
    if not lines:
        return [Text(f"   {none}", style=_DIM), *[Text()] * (rows - 1)]
    if len(lines) > rows and none == "none yet" and rows > 1:
        shown = list(lines[: rows - 1])
        return [*shown, Text(f"   and {len(lines) - len(shown)} more", style=_DIM)]
    return [*lines[:rows], *[Text()] * (rows - len(lines))]


def _under_way(call: Call, board: Board) -> Text:
    lasted = (board.now - call.began_at).total_seconds()
    line = Text("   ").append(f"{length_of(lasted):>7}", style="bold green")
    line.append("  ").append(*_caller(call)).append("  ")
    line.append(*_greeted(call))
    searches = "" if not call.searches else f"{call.searches} lookup{'s'[: call.searches > 1]}"
    return line.append(f"{searches:<11}").append(call.conversation_id, style=_DIM)


def _greeted(call: Call) -> tuple[str, str]:
    """Return how the caller was received, in ten columns, and its style."""
    if call.neutral:
        return f"{call.neutral[:9]:<10}", "bold red"
    match call.is_known:
        case True:
            return f"{'known':<10}", "green"
        case False:
            return f"{'new':<10}", "yellow"
        case None:
            return " " * 10, "default"


def _ended(call: Call, zone: tzinfo | None) -> Text:
    ended_at = call.ended_at or call.heard_at
    line = Text("   ").append(clock_time(ended_at, zone), style=_DIM).append("  ")
    line.append(*_caller(call)).append("  ")
    lasted = (ended_at - call.began_at).total_seconds()
    line.append(f"{length_of(lasted) if lasted else '':>6}  ")
    line.append(*_outcome(call))
    if call.has_recording and call.kind != "audio":
        line.append(" ● recording", style=_DIM)
    return line


def _outcome(call: Call) -> tuple[str, str]:
    """Return what became of a call, in a few words, and their style."""
    match call.kind, call.outcome:
        case "", _:
            return "no end was seen", "yellow"
        case "quarantine", _:
            return "in quarantine: not understood", "bold red"
        case "audio", "stored":
            return "recording stored", "green"
        case _, "stored":
            return _stored(call)
    return call.outcome or "unknown", "yellow"


def _stored(call: Call) -> tuple[str, str]:
    what = "failed call stored" if call.kind == "failure" else "stored"
    match call.became:
        case "applied":
            after = "" if call.seconds_behind is None else f" after {_seconds(call.seconds_behind)}"
            return f"{call.memories} memories{after}", "green"
        case "failed" | "parked":
            return f"{what}, {call.became} in the processor", "bold red"
        case "erased":
            return "erased", _DIM
        case _:
            took = "" if call.milliseconds is None else f" in {milliseconds(call.milliseconds)}"
            return what + took, "green"


def _seconds(seconds: float) -> str:
    return with_unit(max(seconds, 0.0) * 1000)


def _caller(call: Call) -> tuple[str, str]:
    """Return who called, or else which call it was, in seventeen columns, and its style."""
    shown = call.caller or call.conversation_id or "unknown"
    return set_cell_size(shown, 17), "default" if call.caller else _DIM


def _answers(board: Board, width: int) -> list[Text]:
    """Return the table of how quick the answers are, with the last minute of each as bars."""
    head = f" {'Last 5 minutes':<18}{'a second':>9}{'median':>10}{'p99':>10}{'slowest':>10}  "
    bars = max(min(width - len(head) - 2, 60), 0)
    backlog = board.pulses[-1].backlog if board.pulses else None
    title = Text().append(head[:19], style="bold cyan").append(head[19:], style="cyan")
    lines = [Text(), title.append(f"last {bars} s"[:bars], style=_DIM)]
    for name in TIMED:
        found = board.latencies(name)
        rates = [pulse.per_second.get(name, 0.0) for pulse in board.pulses]
        recent = rates[-5:]
        line = Text(f"   {NAMES[name]:<16}")
        line.append(f"{per_second(sum(recent) / max(len(recent), 1)):>9}")
        for share in (0.5, 0.99, 1.0):
            value = at_share(found, share)
            style = _DIM if value is None else answer_style(name, value)
            line.append(f"{'-' if value is None else with_unit(value):>10}", style=style)
        lines.append(line.append("  ").append(sparkline(rates, bars), style="cyan"))
    depth = [float(pulse.backlog or 0) for pulse in board.pulses]
    line = Text(f"   {'backlog':<16}")
    style = "yellow" if backlog else "default"
    shown = "unknown" if backlog is None and board.pulses else f"{backlog or 0:,}"
    line.append(f"{shown:>9}", style=style).append(f"{' events not in memory yet':<32}", style=_DIM)
    return [*lines, line.append(sparkline(depth, bars), style="yellow")]


def _problem(problem: Problem, zone: tzinfo | None) -> Text:
    style = "bold red" if problem.level in ("ERROR", "CRITICAL") else "yellow"
    line = Text("   ").append(clock_time(problem.at, zone), style=_DIM)
    times = "" if problem.count == 1 else f"{problem.count:,} times: "
    return line.append(f"  {problem.source:<10} ", style=style).append(times + problem.text)


def _footer(board: Board) -> Text:
    line = Text().append(" q", style="bold").append(" quits", style=_DIM)
    refused = [pulse.per_second.get("refused", 0.0) for pulse in list(board.pulses)[-5:]]
    if refused and any(refused):
        rate = per_second(sum(refused) / len(refused))
        line.append(f"   {rate} requests a second refused", style="yellow")
    if board.not_told:
        line.append(f"   {board.not_told:,} events counted, but not shown", style=_DIM)
    return line


def _fitted(lines: Sequence[Text], look: Look) -> Text:
    for line in lines:
        line.truncate(look.width, overflow="ellipsis")
        if look.ascii_only:
            plain = line.plain.translate(_ASCII)
            line.plain = "".join(each if each.isascii() else "?" for each in plain)
    return Text("\n", no_wrap=True, end="").join(lines)
