"""
Traces: how long each step of a request took, and what became of the event it brought.

Whoever works tells a `Tracer`; without a collector that is one that does nothing. A request has
a trace of its own. What becomes of an event, in whichever process and however much later, is in
the trace of that event, whose id follows from the event's (see `trace_id_of`).
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from types import MappingProxyType
from typing import Protocol

Value = str | int | float | bool
Attributes = Mapping[str, Value]

NONE: Attributes = MappingProxyType({})


class Span(Protocol):
    """A step that is under way. What is told of it must not say who called, nor what was said."""

    def set(self, attributes: Attributes) -> None:
        """Say more of this step."""

    def fail(self, reason: str) -> None:
        """Say that this step went wrong, in one of a few fixed words."""


class Tracer(Protocol):
    """Takes what is told of steps. Nothing here blocks or raises because of a collector."""

    def request(self, name: str) -> AbstractContextManager[Span]:
        """Time the answer to a request, in a trace of its own."""
        ...

    def span(self, name: str) -> AbstractContextManager[Span]:
        """Time a step of what is being traced here; an exception marks it as gone wrong."""
        ...

    def ended(self, name: str, *, seconds: float, error: str = "") -> None:
        """Tell of a step of what is being traced here that has just ended."""

    def event(
        self,
        name: str,
        event_id: str,
        *,
        seconds: float,
        is_first: bool = False,
        error: str = "",
        attributes: Attributes = NONE,
    ) -> None:
        """
        Tell of what has just been done to an event, in the event's own trace.

        `is_first` for what brought it here: what else is told of it, before or after, is shown
        as following from that. The two traces of a request and of the event it brought link to
        each other. For one thread.
        """


class _NoSpan:
    def set(self, attributes: Attributes) -> None:
        """Say it to nobody."""

    def fail(self, reason: str) -> None:
        """Say it to nobody."""


_NO_SPAN: AbstractContextManager[Span] = nullcontext(_NoSpan())


class NoTracer:
    """A tracer without a collector: whatever it is told, it does nothing."""

    def request(self, name: str) -> AbstractContextManager[Span]:  # noqa: ARG002
        """Time nothing."""
        return _NO_SPAN

    def span(self, name: str) -> AbstractContextManager[Span]:  # noqa: ARG002
        """Time nothing."""
        return _NO_SPAN

    def ended(self, name: str, *, seconds: float, error: str = "") -> None:
        """Tell nobody."""

    def event(
        self,
        name: str,
        event_id: str,
        *,
        seconds: float,
        is_first: bool = False,
        error: str = "",
        attributes: Attributes = NONE,
    ) -> None:
        """Tell nobody."""


def trace_id_of(event_id: str) -> str:
    """Return the id (32 hex digits) of the trace of an event: the event's id, twice."""
    return event_id * 2
