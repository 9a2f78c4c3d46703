"""The figures of the index: how they are stored, and what is asked of them."""

import sqlite3
from collections.abc import Iterator

import msgspec

from history.queries import time_bounds
from history.tables import datetime_of
from history.values import Filters, Measured
from history.words import match_of
from voice.figures import UNKNOWN, CallFigures

_decoder = msgspec.json.Decoder(CallFigures)

# Somebody calls again who had a call before; one that nobody took is none.
_RETURNING = (
    "EXISTS (SELECT 1 FROM conversations AS e WHERE e.person = c.person AND e.kind = 'call'"
    " AND e.started_at <= c.started_at AND (e.started_at < c.started_at OR e.id < c.id))"
)


def encode_figures(figures: CallFigures) -> bytes:
    """Return `figures` as they are stored; b"" for those of which nothing is known."""
    return b"" if figures == UNKNOWN else msgspec.json.encode(figures)


def measured(connection: sqlite3.Connection, filters: Filters) -> Iterator[Measured]:
    """Yield every conversation that `filters` ask for, in no certain order."""
    match = match_of(filters)
    if match == "":
        return
    first, since, until = time_bounds(filters)
    chosen = "" if match is None else "c.place IN (SELECT rowid FROM words WHERE words MATCH ?) AND"
    rows = connection.execute(
        "SELECT c.id, c.kind, c.person, c.agent_id, c.direction, c.started_at, c.duration_secs,"  # noqa: S608 - constants
        f" c.outcome, {_RETURNING}, c.figures FROM conversations AS c WHERE {chosen}"
        " c.place >= ? AND c.started_at >= ? AND c.started_at < ?",
        [*([] if match is None else [match]), first, since, until],
    )
    for id_, kind, caller, agent, direction, began, duration, outcome, returning, figures in rows:
        yield Measured(
            id=id_,
            kind=kind,
            caller=caller,
            agent_id=agent,
            direction=direction,
            started_at=datetime_of(began),
            duration_secs=duration,
            outcome=outcome,
            is_returning=bool(returning),
            figures=_decoder.decode(figures) if figures else UNKNOWN,
        )
