"""Certificates of erasures, for people: what was removed, and when that was complete."""

from typing import Any

from rich.table import Table

from cli.output import console
from processor.erasure.subject import NAMELESS

_IN_WORDS = {
    "conversations": "conversations",
    "transcripts": "transcripts",
    "recordings": "recordings",
    "failures": "calls that never came about",
    "memories": "memories",
    "quarantined": "bodies in quarantine",
    "started_calls": "records of calls started from here, with their idempotency keys",
    "logged_requests": "requests in the payload log",
    "decisions": "decisions about who is who, or what is true",
    "parked": "parked or failing events",
}


def print_certificate(certificate: dict[str, Any]) -> None:
    """Print a certificate, or that an erasure is not complete yet."""
    console.print(f"Erasure {certificate['id']}", markup=False)
    if certificate.get("part_of"):
        console.print(f"  part of {certificate['part_of']}", markup=False)
        return
    console.print(f"  asked for  {certificate['asked_at']}", markup=False)
    completed = certificate["completed_at"] or f"not yet: {certificate['waiting_for']}"
    console.print(f"  complete   {completed}", markup=False)
    for line in counted(certificate["removed"], certificate["size_bytes"]):
        console.print(f"  {line}", markup=False)
    for name in certificate["may_remain_in"]:
        if name == NAMELESS:
            console.print(f"It may remain in {name}.", markup=False)
            continue
        console.print(
            f"It may remain in {name}: the settings do not name it any more, so nothing was "
            "deleted there; delete it there yourself.",
            markup=False,
        )
    console.print(
        "A tombstone of keyed hashes keeps it from coming back; copies you made elsewhere "
        "(backups, logs, ElevenLabs itself) are not in it."
    )


def counted(counts: dict[str, int], size_bytes: int) -> list[str]:
    """Return what was, or would be, removed: a line for each kind of which there is any."""
    lines = [f"{count:>7} {_IN_WORDS.get(kind, kind)}" for kind, count in counts.items() if count]
    return [*lines, f"{size_bytes / 1024**2:>7.1f} MB of files"]


def print_erasures(erasures: list[dict[str, Any]]) -> None:
    """Print a line for each erasure."""
    table = Table(box=None, pad_edge=False)
    for heading in ("erasure", "of a", "asked for (UTC)", "complete (UTC)"):
        table.add_column(heading, no_wrap=True)
    for each in erasures:
        table.add_row(
            each["id"], each["kind"], _short(each["asked_at"]),
            _short(each["completed_at"]) if each["completed_at"] else "not yet",
        )  # fmt: skip
    console.print(table if erasures else "nobody was erased here")


def _short(moment: str) -> str:
    return moment[:16].replace("T", " ")
