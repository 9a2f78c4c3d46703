"""
What the live view knows: calls under way and the last ones, how quick answers are, what is wrong.

A fold over the events of /activity, and total: the server may be of another version, or another
program altogether, and whatever it sends is read as far as it makes sense. Nothing here knows a
clock: the time is that of the newest event.
"""

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from cli.watching.untrusted import count, member, moment, number, text

Event = Mapping[str, Any]

WINDOW = timedelta(minutes=5)
# A call of which nothing more is heard: its end came elsewhere, or never will.
SILENCE = timedelta(minutes=30)
TIMED = ("ring", "search", "end", "applied")
MAX_SAMPLES = 5000
MAX_CALLS = 500
PULSES = 60
_START = datetime(1970, 1, 1, tzinfo=UTC)
_NEUTRAL = frozenset(["late", "failed", "defect", "unreadable", "limited"])
_TOLD_BY_REFUSED = frozenset(["delivery_refused"])


@dataclass(slots=True, kw_only=True)
class Call:
    """One call as far as it was seen; `caller` is masked, `who` tells two such apart."""

    began_at: datetime
    heard_at: datetime
    conversation_id: str = ""
    who: str = ""
    caller: str = ""
    is_known: bool | None = None  # None: it rang before anybody looked
    neutral: str = ""  # why the caller, who may be known, got the neutral answer
    searches: int = 0
    ended_at: datetime | None = None
    kind: str = ""
    outcome: str = ""
    milliseconds: float | None = None  # of the acknowledgement
    has_recording: bool = False
    became: str = ""  # what the processor made of it
    memories: int = 0
    seconds_behind: float | None = None


@dataclass(slots=True, kw_only=True)
class Problem:
    """Something that is not as it should be, and how often it was so."""

    at: datetime
    level: str
    source: str
    text: str
    count: int = 1


@dataclass(slots=True, kw_only=True)
class Pulse:
    """How it stood a second ago; None is what nobody could tell."""

    backlog: int | None = None
    in_flight: int = 0
    spool: str = ""
    watchers: int = 0
    per_second: Mapping[str, float] = field(default_factory=dict)


class Board:
    """Everything the live view shows. `take` each event, in order; then read the rest."""

    def __init__(self) -> None:
        self.now = _START
        self.is_connected = False
        self.trouble = ""  # why there is no connection
        self.under_way: list[Call] = []  # the newest last
        self.ended: deque[Call] = deque(maxlen=MAX_CALLS)  # the newest first
        self.problems: deque[Problem] = deque(maxlen=100)  # the newest first
        self.pulses: deque[Pulse] = deque(maxlen=PULSES)  # the newest last
        self.not_told = 0
        self._samples: dict[str, deque[tuple[datetime, float]]] = {
            name: deque(maxlen=MAX_SAMPLES) for name in TIMED
        }
        self._early: dict[str, Event] = {}  # in memory before the acknowledgement was told
        self._takers: Mapping[str, Callable[[Event], None]] = {
            "connected": self._connected,
            "lost": self._lost,
            "pulse": self._pulse,
            "ring": self._ring,
            "search": self._search,
            "end": self._end,
            "applied": self._applied,
            "refused": self._refused,
            "log": self._log,
            "dropped": self._dropped,
        }

    def take(self, event: Event) -> None:
        """Let `event` count, whatever is in it."""
        self.now = max(self.now, moment(event.get("time")) or self.now)
        taker = self._takers.get(text(event, "event"))
        if taker is not None:
            taker(event)

    def latencies(self, name: str) -> list[float]:
        """Return the milliseconds of the last minutes, sorted."""
        samples = self._samples[name]
        while samples and samples[0][0] < self.now - WINDOW:
            samples.popleft()
        return sorted(milliseconds for _, milliseconds in samples)

    def _connected(self, _: Event) -> None:
        self.is_connected, self.trouble = True, ""

    def _lost(self, event: Event) -> None:
        self.is_connected, self.trouble = False, text(event, "reason")

    def _pulse(self, event: Event) -> None:
        counts, left_out = member(event, "counts"), member(event, "left_out")
        seconds = number(event, "seconds") or 1.0
        backlog = number(event, "backlog")
        self.not_told += sum(count(left_out, name) for name in left_out)
        self.pulses.append(
            Pulse(
                backlog=None if backlog is None else count(event, "backlog"),
                in_flight=count(event, "in_flight"),
                spool=text(event, "spool"),
                watchers=count(event, "watchers"),
                per_second={name: count(counts, name) / max(seconds, 0.1) for name in counts},
            )
        )
        self._give_up_silent_calls()

    def _ring(self, event: Event) -> None:
        self._time("ring", number(event, "milliseconds"))
        # Whoever rings again, or from the same line, begins another call.
        call = self._under_way(text(event, "conversation_id")) or self._begin(event)
        call.is_known = event.get("is_known") is True
        answer = text(event, "answer")
        call.neutral = answer if answer in _NEUTRAL else ""

    def _search(self, event: Event) -> None:
        self._time("search", number(event, "milliseconds"))
        call = self._find(event)
        if call is None and text(event, "conversation_id"):
            call = self._begin(event)  # it rang before anybody looked
        if call is not None:
            call.searches += 1

    def _end(self, event: Event) -> None:
        self._time("end", number(event, "milliseconds"))
        kind, outcome = text(event, "kind"), text(event, "outcome")
        conversation_id = text(event, "conversation_id")
        is_recording = kind == "audio"
        call = self._ended(conversation_id)
        if call is None:
            call = self._find(event)
            if is_recording and call is not None:
                call.has_recording = True  # before its transcription: the call is not over here
                return
            call = self._over(call or self._begin(event))
        if is_recording:
            call.has_recording = True
            call.kind, call.outcome = call.kind or kind, call.outcome or outcome
            return
        call.kind, call.outcome = kind, outcome
        call.milliseconds = number(event, "milliseconds")
        if early := self._early.pop(conversation_id, None):
            self._applied_to(call, early)

    def _applied(self, event: Event) -> None:
        outcome, seconds = text(event, "outcome"), number(event, "seconds_behind")
        if outcome == "applied" and seconds is not None:
            self._time("applied", seconds * 1000)
        if outcome in ("failed", "parked"):
            self._note(
                "ERROR" if outcome == "parked" else "WARNING",
                "processor",
                f"{text(event, 'conversation_id')} {outcome}: {text(event, 'error')}",
            )
        conversation_id = text(event, "conversation_id")
        if text(event, "kind") == "audio" or not conversation_id:
            return
        if (call := self._ended(conversation_id)) is not None:
            self._applied_to(call, event)
        elif self._under_way(conversation_id) is not None:
            self._early[conversation_id] = event
            while len(self._early) > MAX_CALLS:
                self._early.pop(next(iter(self._early)))

    def _refused(self, event: Event) -> None:
        status = count(event, "status")
        level = "WARNING" if status < 500 else "ERROR"  # noqa: PLR2004  # HTTP's own line
        words = f"{status} {text(event, 'code')} at {text(event, 'path')}"
        self._note(level, "refused", words)

    def _log(self, event: Event) -> None:
        if text(event, "action") in _TOLD_BY_REFUSED:
            return
        words = ": ".join(filter(None, (text(event, "message"), text(event, "error"))))
        self._note(text(event, "level"), text(event, "logger").partition(".")[0], words)

    def _dropped(self, event: Event) -> None:
        self.not_told += count(event, "count")

    def _time(self, name: str, milliseconds: float | None) -> None:
        if milliseconds is not None:
            self._samples[name].append((self.now, milliseconds))

    def _note(self, level: str, source: str, words: str) -> None:
        for each in self.problems:
            if (each.level, each.source, each.text) == (level, source, words):
                each.count, each.at = each.count + 1, self.now
                self.problems.remove(each)
                self.problems.appendleft(each)
                return
        self.problems.appendleft(Problem(at=self.now, level=level, source=source, text=words))

    def _begin(self, event: Event) -> Call:
        call = Call(
            began_at=self.now, heard_at=self.now,
            conversation_id=text(event, "conversation_id"),
            who=text(event, "who"), caller=text(event, "caller"),
        )  # fmt: skip
        self.under_way.append(call)
        del self.under_way[:-MAX_CALLS]
        return call

    def _over(self, call: Call) -> Call:
        self.under_way = [each for each in self.under_way if each is not call]
        call.ended_at = self.now
        self.ended.appendleft(call)
        return call

    def _find(self, event: Event) -> Call | None:
        """
        Return the call under way that the event is of: by its id, or by who is calling where one
        of the two has no id.
        """
        conversation_id, who = text(event, "conversation_id"), text(event, "who")
        found = self._under_way(conversation_id)
        if found is None and who:
            maybe = (call for call in reversed(self.under_way) if call.who == who)
            unnamed = (each for each in maybe if not (conversation_id and each.conversation_id))
            found = next(unnamed, None)
        if found is not None:
            found.heard_at = self.now
            found.conversation_id = conversation_id or found.conversation_id
            found.who, found.caller = who or found.who, text(event, "caller") or found.caller
        return found

    def _under_way(self, conversation_id: str) -> Call | None:
        return _of(self.under_way, conversation_id)

    def _ended(self, conversation_id: str) -> Call | None:
        return _of(self.ended, conversation_id)

    @staticmethod
    def _applied_to(call: Call, event: Event) -> None:
        call.became, call.memories = text(event, "outcome"), count(event, "memories")
        call.seconds_behind = number(event, "seconds_behind")

    def _give_up_silent_calls(self) -> None:
        for call in [each for each in self.under_way if each.heard_at < self.now - SILENCE]:
            self._over(call)
            self._early.pop(call.conversation_id, None)


def _of(calls: "deque[Call] | list[Call]", conversation_id: str) -> Call | None:
    if not conversation_id:
        return None
    matching: Iterator[Call] = (each for each in calls if each.conversation_id == conversation_id)
    return next(matching, None)


def at_share(values: list[float], share: float) -> float | None:
    """Return the smallest of the sorted `values` that `share` of them do not exceed."""
    if not values:
        return None
    rank = -int(-share * len(values) // 1)  # rounded up
    return values[max(rank, 1) - 1]
