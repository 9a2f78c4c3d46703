"""
Dialogues played as calls: posted to the running program, then asked of its search endpoint.

One speaker is the caller, the other the agent; a session is a call. A returned memory counts
as a turn if it is of that turn's call and its text holds what was said.
"""

import http.client
import json
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from benchmarks.corpora import Caller, Dialogue, Question, Turn, questions_about
from benchmarks.fts5 import Fts5
from benchmarks.quality import WANTED, Search
from benchmarks.server import KEY, SECRET, Server
from processor.derive import derive
from tests.factories import transcription_payload
from voice.payload import parse_event
from voice.signature import sign

_COMPARED_CHARS = 200  # long messages come back cut: a caller's at the end, an agent's in front
_APPLIED_WITHIN_S = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Played:
    """
    One dialogue as the calls of one speaker, whose number is `number`.

    `own` are the questions whose evidence the caller alone has given, `questions` all. `said`
    are the turns of each call, by conversation id, as (id, how a memory that is it reads).
    """

    number: str
    own: tuple[Question, ...]
    questions: tuple[Question, ...]
    payloads: dict[str, dict[str, Any]]
    said: dict[str, list[tuple[str, str]]]

    def asked(self, *, own: bool) -> Caller:
        """Return the caller with the questions to ask; what is remembered was posted."""
        questions = self.own if own else self.questions
        return Caller(name=self.number, memories=(), questions=questions)


def as_calls(dialogues: Sequence[Dialogue], *, collect_name: bool) -> list[Played]:
    """
    Return every dialogue once for each speaker who may be the caller.

    With `collect_name` each call has the caller's first name as a collected value.
    """
    pairs = [(dialogue, speaker) for dialogue in dialogues for speaker in dialogue.callers]
    return [
        _as_calls(*pair, number=f"+1{202 + place // 100}5550{100 + place % 100}",
                  collect_name=collect_name)
        for place, pair in enumerate(pairs)
    ]  # fmt: skip


def _as_calls(dialogue: Dialogue, speaker: str, *, number: str, collect_name: bool) -> Played:
    payloads, said = {}, {}
    for session, grouped in groupby(dialogue.turns, key=lambda turn: turn.session):
        turns = list(grouped)
        conversation_id = f"conv_{number[1:]}_{session}"
        payloads[conversation_id] = _payload(
            conversation_id, number, turns, speaker, {"first_name": speaker} if collect_name else {}
        )
        said[conversation_id] = [(turn.id, _mark(turn, speaker)) for turn in turns]
    return Played(
        number=number,
        own=questions_about(dialogue, speaker),
        questions=dialogue.questions,
        payloads=payloads,
        said=said,
    )


def _payload(
    conversation_id: str,
    number: str,
    turns: Sequence[Turn],
    speaker: str,
    collected: dict[str, Any],
) -> dict[str, Any]:
    began, ended = turns[0].at, turns[-1].at
    payload = transcription_payload(
        conversation_id=conversation_id,
        caller=number,
        summary=None,
        collected=collected,
        messages=[("user" if turn.speaker == speaker else "agent", turn.text) for turn in turns],
        started_at=began,
        duration_secs=ended - began,
        event_timestamp=ended + 10,
    )
    for message, turn in zip(payload["data"]["transcript"], turns, strict=True):
        message["time_in_call_secs"] = turn.at - began
    return payload


def _mark(turn: Turn, speaker: str) -> str:
    plain = _plain(turn.text)
    return plain[:_COMPARED_CHARS] if turn.speaker == speaker else plain[-_COMPARED_CHARS:]


def _plain(text: str) -> str:
    """Return the letters and digits alone: an answer may change spaces and punctuation."""
    return "".join(filter(str.isalnum, text.casefold()))


def turns_in(said: Sequence[tuple[str, str]], content: str) -> frozenset[str]:
    """Return the ids of the turns of a call that are in a memory's text."""
    plain = _plain(content)
    return frozenset(turn for turn, mark in said if mark and mark in plain)


def post_all(server: Server, calls: Sequence[Played]) -> float:
    """Post every call, signed, and wait until all are in memory; return the seconds."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    began = time.monotonic()
    for payload in (payload for played in calls for payload in played.payloads.values()):
        body = json.dumps(payload).encode()
        signature = sign(body, SECRET, timestamp=int(time.time()))
        headers = {"Content-Type": "application/json", "ElevenLabs-Signature": signature}
        answer = _exchange(connection, "POST", "/webhook/post-call", body, headers)
        if answer.get("status") != "stored":
            raise RuntimeError(f"a call was not stored: {answer}")
    while _exchange(connection, "GET", "/health", b"", {})["backlog"]:
        if time.monotonic() > began + _APPLIED_WITHIN_S:
            raise RuntimeError("the calls did not get into memory")
        time.sleep(0.05)
    connection.close()
    return time.monotonic() - began


def http_search(server: Server, calls: Sequence[Played], neutral: list[str]) -> Search:
    """
    Return a search that asks the running program, as an agent's tool does.

    A question that gets the neutral answer, because memory was late, is noted in `neutral`.
    """
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
    headers = {"Content-Type": "application/json", "X-Api-Key": KEY}
    said = {key: turns for played in calls for key, turns in played.said.items()}

    def search(number: str, query: str) -> tuple[list[frozenset[str]], float]:
        body = json.dumps({"query": query, "caller_id": number, "limit": WANTED}).encode()
        began = time.perf_counter()
        answer = _exchange(connection, "POST", "/webhook/search-data", body, headers)
        seconds = time.perf_counter() - began
        if answer["profile"] is None:
            neutral.append(query)
        return [turns_in(said[each["conversation_id"]], each["content"])
                for each in answer["memories"]], seconds  # fmt: skip

    return search


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What the program keeps of a call: a memory, and the turns whose words are in it."""

    id: str
    content: str
    turns: frozenset[str]


def what_is_kept(played: Played) -> list[Kept]:
    """Return the memories that are derived from the calls."""
    kept = []
    for payload in played.payloads.values():
        event = parse_event("transcription", json.dumps(payload).encode())
        for memory in derive(event, sha256="").memories:
            turns = turns_in(played.said[memory.conversation_id], memory.content)
            kept.append(Kept(id=memory.id, content=memory.content, turns=turns))
    return kept


def share_kept(calls: Sequence[Played], kept: dict[str, list[Kept]], *, own: bool) -> float:
    """Return how much of the evidence is in any memory at all: no search can find more."""
    shares = []
    for played in calls:
        turns = frozenset().union(*(each.turns for each in kept[played.number]))
        for question in played.asked(own=own).questions:
            found = sum(not piece.isdisjoint(turns) for piece in question.evidence)
            shares.append(found / len(question.evidence))
    return statistics.fmean(shares)


def fts5_search(kept: dict[str, list[Kept]]) -> Search:
    """Return a search of plain full text over the very memories that the program keeps."""
    engine = Fts5()
    for number, memories in kept.items():
        engine.add(number, [(each.id, each.content, 0.0) for each in memories])
    turns = {each.id: each.turns for memories in kept.values() for each in memories}

    def search(number: str, query: str) -> tuple[list[frozenset[str]], float]:
        began = time.perf_counter()
        found = engine.search(number, query, WANTED)
        seconds = time.perf_counter() - began
        return [turns[key] for key in found], seconds

    return search


def _exchange(
    connection: http.client.HTTPConnection,
    method: str,
    path: str,
    body: bytes,
    headers: dict[str, str],
) -> Any:
    connection.request(method, path, body, headers)
    return json.loads(connection.getresponse().read())
