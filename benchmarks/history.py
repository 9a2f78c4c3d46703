"""
How long the history takes to answer with 100,000 conversations, and to index a spool.

The conversations are invented: words follow Zipf's law, callers call once or a hundred times. Each
filter, and each combination that is given here, is asked with many values, frequent and rare,
with and without a result; a page has 50 entries. Times are those of `History.page`, its threads
included, and then those of GET /history of a running server. Beside indexing stands only reading and JSON-parsing the same files.

Run: uv run python -m benchmarks.history [--conversations 100000] [--spool 3000]
"""

import argparse
import asyncio
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from random import Random

import aiohttp

from benchmarks.invented import Language, invent_language
from benchmarks.rebuild import fill, read_and_parse
from benchmarks.server import KEY, running
from benchmarks.timing import latency, milliseconds
from history.database import open_for_writing, transaction
from history.index import History
from history.rows import store
from history.sources import Document
from history.values import Entry, Filters
from history.words import tags_of, words_in
from spool.standing_orders import Orders
from voice.rules import Rules

LIMIT_MS = 100.0
PAGE = 50
QUESTIONS = 200
REDACTED = ("card", "cvv", "iban", "ssn", "otp")

_BEGAN = datetime(2024, 1, 1, tzinfo=UTC)
_AGENTS = 5
_OUTCOMES = ("success", "success", "success", "unknown", "failure")
_MESSAGES = 20
_WORDS = 14  # in a message
_BATCH = 500
_FILES = (
    "INSERT INTO files (file, conversation_id, kind, sha256, size, received_at, source, dropped)"
    " VALUES (?, ?, 'transcription', '', 12000, ?, 'webhook', '')"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Invented:
    """What the questions are made of."""

    language: Language
    callers: int
    end: datetime


def documents(random: Random, invented: Invented, count: int) -> Iterator[Document]:
    """Yield conversations in the order of time."""
    step = (invented.end - _BEGAN) / count
    words, sums = invented.language.words, invented.language.sums
    for number in range(count):
        said = [
            " ".join(random.choices(words, cum_weights=sums, k=_WORDS)) for _ in range(_MESSAGES)
        ]
        caller = caller_of(random, invented)
        agent, outcome = f"agent_{random.randrange(_AGENTS)}", random.choice(_OUTCOMES)
        direction = "outbound" if number % 5 == 0 else "inbound"
        kind = "failure" if number % 50 == 0 else "call"
        entry = Entry(
            id=f"conv_{number:07}", kind=kind, caller=caller, line=caller, channel="phone",
            direction=direction, agent_id=agent, started_at=_BEGAN + number * step,
            duration_secs=90.0, language="en", outcome=outcome, summary=said[0],
            has_transcript=True, has_audio=False, size_bytes=12_000,
        )  # fmt: skip
        tags = tags_of(
            callers=[caller], agent=agent, outcome=outcome, direction=direction, kind=kind
        )
        yield Document(entry=entry, tags=tags, body=words_in(said))


def caller_of(random: Random, invented: Invented) -> str:
    """Return a caller: some call much more often than most."""
    return f"+1500{int(invented.callers * random.random() ** 2):07}"


def make_index(path: Path, random: Random, invented: Invented, count: int) -> None:
    """Fill an index without a spool."""
    connection = open_for_writing(path)
    found = documents(random, invented, count)
    while batch := list(islice(found, _BATCH)):
        with transaction(connection, writes=True):
            by_id = {document.entry.id: document for document in batch}
            store(connection, by_id, caller_id=lambda caller: f"c_{caller[1:]:0>20}")
            rows = [(f"{id_}/x", id_, _micros(each)) for id_, each in by_id.items()]
            connection.executemany(_FILES, rows)
    connection.close()


def _micros(document: Document) -> int:
    return int(document.entry.started_at.timestamp() * 1e6)


def questions(random: Random, invented: Invented) -> dict[str, Callable[[], Filters]]:
    """Return what makes a question, by the name of the filters in it."""
    words, sums = invented.language.words, invented.language.sums

    def text() -> str:
        first, last = random.choices(words, cum_weights=sums, k=2)
        return random.choice((first, f"{first} {last}", first[:4], first[:3], first[:2]))

    def since() -> datetime:
        return _BEGAN + random.random() * (invented.end - _BEGAN)

    def given(*names: str) -> Callable[[], Filters]:
        return lambda: Filters(**{name: makers[name]() for name in names})  # type: ignore[arg-type]  # each of its own type

    makers: dict[str, Callable[[], object]] = {
        "caller": lambda: caller_of(random, invented),
        "agent": lambda: f"agent_{random.randrange(_AGENTS + 1)}",
        "since": since,
        "until": since,
        "outcome": lambda: random.choice(("success", "failure", "busy")),
        "direction": lambda: random.choice(("inbound", "outbound")),
        "text": text,
        "kind": lambda: random.choice(("call", "failure")),
    }
    combinations = [
        *((name,) for name in makers),
        ("caller", "text"),
        ("agent", "outcome", "direction"),
        ("text", "outcome", "kind"),
        ("text", "since", "until"),
        ("caller", "agent", "outcome", "direction", "kind"),
        tuple(makers),
    ]
    asked = {" + ".join(names): given(*names) for names in combinations}
    return {"no filter": Filters, **asked}


async def ask(path: Path, random: Random, invented: Invented) -> float:
    """Print p50 and p99 of every kind of question; return the worst p99."""
    history = await History.open(path)
    worst = 0.0
    print(f"{'filters':58} {'p50 ms':>8} {'p99 ms':>8}  p99 of the limit")
    try:
        for name, make in questions(random, invented).items():
            asked = [make() for _ in range(QUESTIONS)]
            found = [await milliseconds(lambda f=f: history.page(f, limit=PAGE)) for f in asked]
            worst = max(worst, row(name, found))
        cursor = (await history.page(Filters(), limit=PAGE)).next_cursor
        deep = [
            await milliseconds(lambda: history.page(Filters(), limit=PAGE, cursor=cursor))
            for _ in range(QUESTIONS)
        ]
        worst = max(worst, row("the second page", deep))
        worst = max(worst, row("callers", [
            await milliseconds(lambda: history.callers(limit=PAGE)) for _ in range(QUESTIONS)
        ]))  # fmt: skip
        row("totals (no limit)", [await milliseconds(history.totals) for _ in range(10)])
    finally:
        await history.close()
    return worst


async def ask_over_http(folder: Path, random: Random, invented: Invented) -> float:
    """Ask the same of a running server; return the worst p99 in milliseconds."""
    worst = 0.0
    print(f"\n{'GET /history':58} {'p50 ms':>8} {'p99 ms':>8}  of limit")
    headers = {"Authorization": f"Bearer {KEY}"}
    with running(folder, "receiver") as server:
        async with aiohttp.ClientSession(
            f"http://127.0.0.1:{server.port}", headers=headers
        ) as client:

            async def get(filters: Filters) -> None:
                async with client.get("/history", params=parameters(filters)) as response:
                    assert response.status == 200, await response.text()
                    await response.read()

            await get(Filters())  # opens the index
            for name, make in questions(random, invented).items():
                asked = [make() for _ in range(QUESTIONS)]
                worst = max(
                    worst, row(name, [await milliseconds(lambda f=f: get(f)) for f in asked])
                )
    return worst


def parameters(filters: Filters) -> dict[str, str]:
    """Return the query that says what `filters` do."""
    given = {field.name: getattr(filters, field.name) for field in fields(filters)}
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in given.items()
        if value
    } | {"limit": str(PAGE)}


def row(name: str, found: list[float]) -> float:
    """Print one row; return its p99."""
    p50, p99 = latency(found)
    print(f"{name:58} {p50:8.2f} {p99:8.2f}  {p99 / LIMIT_MS:.3f}")
    return p99


async def index_spool(folder: Path, count: int) -> None:
    """Print how long a real spool takes to index, beside reading and parsing its files."""
    root = folder / "spool"
    fill(root, count)
    read_and_parse(root)  # warm
    peer = read_and_parse(root)
    history = await History.open(folder / "spool.history.db")
    try:
        began = time.perf_counter()
        await history.catch_up(root, Orders(root), Rules(redact=REDACTED))
        seconds = time.perf_counter() - began
        began = time.perf_counter()
        await history.rebuild(root, Orders(root), Rules(redact=REDACTED))
        again = time.perf_counter() - began
    finally:
        await history.close()
    print(
        f"\n{count} conversations of a spool: read and parsed in {peer:.2f} s, indexed in "
        f"{seconds:.2f} s (ratio {seconds / peer:.1f}), made anew in {again:.2f} s; "
        f"100,000 would take {seconds / count * 1e5 / 60:.1f} minutes"
    )


async def run(folder: Path, conversations: int, spool: int) -> None:
    """Measure answers, then indexing."""
    random = Random(7)
    invented = Invented(
        language=invent_language(random),
        callers=max(1, conversations // 3),
        end=_BEGAN + timedelta(days=700),
    )
    path = folder / "memory.history.db"
    began = time.perf_counter()
    make_index(path, random, invented, conversations)
    seconds = time.perf_counter() - began
    megabytes = path.stat().st_size / 1024**2
    print(f"{conversations:,} invented conversations in {seconds:.0f} s, {megabytes:.0f} MB\n")
    worst = max(await ask(path, random, invented), await ask_over_http(folder, random, invented))
    verdict = "ok" if worst <= LIMIT_MS else "over"
    print(f"\nlimit {LIMIT_MS:.0f} ms: worst p99 is {worst / LIMIT_MS:.2f} of it, {verdict}")
    if spool:
        await index_spool(folder, spool)


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--conversations", type=int, default=100_000)
    parser.add_argument("--spool", type=int, default=3000, help="0: do not measure indexing")
    parser.add_argument("--dir", default=".")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix=".bench-", dir=options.dir) as name:
        asyncio.run(run(Path(name).resolve(), options.conversations, options.spool))


if __name__ == "__main__":
    main()
