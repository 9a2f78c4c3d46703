"""How it goes with OpenMemory, for /health, `processor status` and `doctor`."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from cli.assembly.openmemory import OpenMemory, ledger_path
from memory.openmemory.ledger import Ledger, Report, Tally
from settings import Settings

_STALE_AFTER = timedelta(minutes=5)  # a mirror reports several times a minute
NO_MIRROR = "no processor mirrors now: start one"


def mirror_state(opened: OpenMemory) -> Callable[[], Awaitable[dict[str, Any]]]:
    """
    Return what tells /health of OpenMemory, whichever process mirrors.

    Everybody may ask for it. In it are messages of our own, with the addresses and the paths of
    files that they name; no text of the backend, no caller and no key.
    """

    async def state() -> dict[str, Any]:
        report = await opened.ledger.report()
        tally = await opened.ledger.tally()
        said = state_of(report, tally, backend=opened.backend.name, now=datetime.now(UTC))
        return {**said, "search": dict(sorted(opened.recall.counts.items()))}

    return state


def state_of(report: Report | None, tally: Tally, *, backend: str, now: datetime) -> dict[str, Any]:
    """Return what is known of `backend` at `now`; a report about another one does not count."""
    counts = {
        "backlog": tally.waiting,
        "callers_waiting": tally.callers_waiting,
        "stored": tally.stored + tally.shortened,
        "dropped": tally.dropped,
        "dropped_share": round(tally.dropped_share, 3),
        "refused": tally.refused,
        "erasing": tally.erasing,
    }
    if report is None or report.backend != backend:
        return {"status": "not run yet", "backend": backend, "reason": "", **counts}
    is_stale = now - report.at > _STALE_AFTER
    status, reason = ("degraded", NO_MIRROR) if is_stale else (report.status, report.detail)
    return {
        "status": status,
        "backend": backend,
        "product": report.product,
        "reason": reason,
        "keeps_users_apart": report.keeps_users_apart,
        "shortens": report.shortens,
        "is_open": report.is_open,
        "advice": list(report.advice),
        **counts,
    }


async def read_tally(settings: Settings) -> Tally | None:
    """Return how many rows are in which state; None if nothing was ever mirrored."""
    path = ledger_path(settings)
    if not path.exists():
        return None
    ledger = await Ledger.open(path)
    try:
        return await ledger.tally()
    finally:
        await ledger.close()


def described(tally: Tally) -> str:
    """Return the counts in words."""
    there = tally.stored + tally.shortened
    in_all = there + tally.dropped + tally.refused + tally.waiting
    text = f"{there} of {in_all} memories there, {tally.dropped} dropped as duplicates"
    if tally.dropped:
        text += f" ({tally.dropped_share:.1%})"
    if tally.refused:
        text += f", {tally.refused} refused (`run.py memory sync` tries them again)"
    text += f", {tally.waiting} waiting"
    if tally.erasing:
        text += f"; callers being erased: {tally.erasing}"
    return text
