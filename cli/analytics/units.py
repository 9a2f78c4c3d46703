"""Single figures in words, and bars, for a terminal."""

from rich.table import Table
from rich.text import Text

from analytics.spread import share
from cli.output import console

BAR = 24

_MINUTE, _HOUR = 60, 3600
_EXACT_BELOW = 100  # from there on, nobody looks at what comes after the point
_NOTHING = "-"


def table(title: str | None, *, has_headings: bool = False) -> Table:
    """Return an empty table without lines."""
    return Table(
        title=title,
        title_style="bold",
        title_justify="left",
        box=None,
        padding=(0, 2, 0, 0),
        pad_edge=False,
        show_header=has_headings,
        header_style="dim",
    )


def bar(part: int, most: int, *, width: int = BAR) -> Text:
    """Return a bar as long as `part` is of `most`; whatever there is shows."""
    length = max(1, round(part * width / most)) if part else 0
    return Text(("#" if console.options.ascii_only else "█") * length, style="cyan")


def percent(part: float | None) -> str:
    """Return a share as "91.2 %"."""
    return _NOTHING if part is None else f"{100 * part:.1f} %"


def share_of(part: int, whole: int) -> str:
    """Return what share `part` is of `whole`."""
    return percent(share(part, whole))


def decimal(value: float | None) -> str:
    """Return a mean as "1.3"."""
    return _NOTHING if value is None else f"{value:,.1f}"


def amount(value: float) -> str:
    """Return a sum of money: whole where nothing is lost by it, or where it is large."""
    return f"{value:,.0f}" if value.is_integer() or value >= _EXACT_BELOW else f"{value:,.2f}"


def seconds(value: float | None) -> str:
    """Return a short time as "0.08 s"."""
    return _NOTHING if value is None else f"{value:.2f} s"


def clock(value: float | None) -> str:
    """Return the length of a call as "2:10"."""
    if value is None:
        return _NOTHING
    minutes, rest = divmod(round(value), _MINUTE)
    return f"{minutes:,}:{rest:02}"


def hours(value: float) -> str:
    """Return a long time as "44 h 10 min", a short one as "10 min" or "50 s"."""
    length = round(value)
    if length < _MINUTE:
        return f"{length} s"
    whole, rest = divmod(length, _HOUR)
    minutes = f"{rest // _MINUTE} min"
    return f"{whole:,} h {minutes}" if whole else minutes
