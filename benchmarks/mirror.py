"""
What an OpenMemory beside the memory costs the live answers, and what it does to recall.

The program runs in several ways at once, each with a spool and an OpenMemory of its own, and is
asked in turns, so that whatever else the machine does happens to all: without an OpenMemory
(twice: their difference is noise); with one whose answers it does not wait for, and one whose
it does; with one that is killed after everything was mirrored and asked for, so that its port
is closed; and with one that is stopped then, so that it takes connections and never answers.
Figures are of single calls, one after the other. The aims: with one that is not waited for, is
dead or hangs, the medians are less than 2 ms above those without; and while it hangs
client-data takes under 50 ms in 99 of 100 calls. What was asked of OpenMemory is shown too.

With --recall the questions of LoCoMo (see `recall`) are asked of the memory alone and then with
OpenMemory, which was filled by the mirror and has all the time it needs. Nothing may be lost.

OpenMemory is what --server starts: a command that serves at 127.0.0.1:$PORT, keeps its data at
$DB_PATH and takes the key $API_KEY. Without it a stand-in of the tests is used for latency.

Run: uv run python -m benchmarks.mirror [--server COMMAND]
     uv run python -m benchmarks.mirror --recall --data FOLDER --server COMMAND [--dialogues N]
"""

import argparse
import asyncio
import json
import os
import signal
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvloop

from benchmarks.corpora import VARIANTS
from benchmarks.live import ring
from benchmarks.load import http_request, percentile, send_all
from benchmarks.mirror_recall import compare_recall
from benchmarks.openmemory import OPENMEMORY_KEY, STAND_IN, openmemory, until_mirrored
from benchmarks.rebuild import CALLERS_SHARE, fill
from benchmarks.server import KEY, Server, running
from memory.openmemory.ledger import Ledger

LEDGER = "memory.mirror-*.db"  # beside the memory file
LIMIT_MS = 2.0
HANGING_P99_MS = 50.0

_READY_WITHIN_S = 60.0
_A_ROUND = 50  # calls of each kind
_QUESTIONS = ("preferred times", "the second visit", "what was ordered", "the address", "a table")


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A way to run the program; `end` is sent to its OpenMemory before it is measured."""

    name: str
    wait_ms: int | None = None  # None: there is no OpenMemory
    end: signal.Signals | None = None


def ways(wait_ms: int) -> list[Way]:
    """Return every way, the one to compare with first."""
    return [
        Way(name="off"),
        Way(name="off again"),
        Way(name="on, wait 0", wait_ms=0),
        Way(name=f"on, wait {wait_ms}", wait_ms=wait_ms),
        Way(name=f"dead, wait {wait_ms}", wait_ms=wait_ms, end=signal.SIGKILL),
        Way(name=f"hanging, wait {wait_ms}", wait_ms=wait_ms, end=signal.SIGSTOP),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """The program, run this way; `group` is the process group of its OpenMemory, 0 without."""

    way: Way
    server: Server
    group: int

    def end(self) -> None:
        """Do to its OpenMemory what belongs to this way."""
        if self.way.end is not None:
            os.killpg(self.group, self.way.end)


@contextmanager
def program(way: Way, folder: Path, *, command: str, conversations: int) -> Iterator[Running]:
    """Run the program this way over a filled spool, everything derived and mirrored."""
    folder.mkdir()
    fill(folder / "spool", conversations)
    with ExitStack() as stack:
        group = 0
        if way.wait_ms is not None:
            port, group = stack.enter_context(openmemory(command, folder))
            settings = {
                "OPENMEMORY_MODE": "remote",
                "OPENMEMORY_PORT": str(port),
                "OPENMEMORY_KEY": OPENMEMORY_KEY,
                "OPENMEMORY_WAIT_MS": str(way.wait_ms),
            }
            lines = [f"{name}={value}\n" for name, value in settings.items()]
            (folder / ".env").write_text("".join(lines), "utf-8")
        server = stack.enter_context(running(folder, "all-in-one"))
        _wait_until_idle(server)
        if way.wait_ms is not None:
            asyncio.run(_until_mirrored(next(folder.glob(LEDGER))))
        yield Running(way=way, server=server, group=group)


def question(index: int, callers: int) -> bytes:
    """Return the request of an agent who asks about somebody who has called."""
    body = {
        "query": _QUESTIONS[index % len(_QUESTIONS)],
        "caller_id": f"+1500{index % callers:07d}",
    }
    return http_request("/webhook/search-data", json.dumps(body).encode(), {"X-Api-Key": KEY})


def compare_latency(options: argparse.Namespace) -> None:
    """Measure every way, and print medians, differences and what 99 of 100 calls keep to."""
    callers = max(1, int(options.conversations * CALLERS_SHARE))
    asked = [question(index, callers) for index in range(_A_ROUND)]
    kinds = {"client-data": [ring(index % callers) for index in range(_A_ROUND)], "search": asked}
    taken: dict[tuple[str, str], list[float]] = {}
    with (
        tempfile.TemporaryDirectory(prefix=".bench-", dir=options.dir) as name,
        ExitStack() as stack,
    ):
        programs = []
        for place, way in enumerate(ways(options.wait_ms)):
            folder = Path(name).resolve() / str(place)
            run = program(
                way, folder, command=options.server or STAND_IN, conversations=options.conversations
            )
            programs.append(stack.enter_context(run))
        for each in programs:
            for requests in kinds.values():
                uvloop.run(send_all(each.server.port, requests, connections=1))  # warms up
        for each in programs:
            each.end()
        for _ in range(options.rounds):
            for each in programs:
                for kind, requests in kinds.items():
                    load = uvloop.run(send_all(each.server.port, requests, connections=1))
                    taken.setdefault((kind, each.way.name), []).extend(load.milliseconds)
        for each in programs:
            if each.group:
                print(f"{each.way.name:18} {health(each.server)['openmemory']['search']}")
    show_latency(taken)


def show_latency(taken: dict[tuple[str, str], list[float]]) -> None:
    """Print a line for each kind of call and way; `taken` are milliseconds, in order of ways."""
    base = 0.0
    for (kind, name), milliseconds in sorted(taken.items(), key=lambda each: each[0][0]):
        ordered = sorted(milliseconds)
        p50, p99 = percentile(ordered, 50), percentile(ordered, 99)
        base = p50 if name == "off" else base  # the first of its kind
        print(
            f"{kind:12} {name:18} p50 {p50:6.2f} ms ({p50 - base:+.2f})  p99 {p99:6.2f} ms"
            f"  max {ordered[-1]:6.1f} ms  of {len(ordered)}"
        )
    print(
        f"aims: p50 less than {LIMIT_MS:g} ms above off, but where it is on and waited for; "
        f"client-data p99 under {HANGING_P99_MS:g} ms while it hangs; {os.cpu_count()} cores"
    )


def health(server: Server) -> dict[str, Any]:
    """Return what the program says of itself."""
    with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/health", timeout=5) as answer:
        said: dict[str, Any] = json.loads(answer.read())
    return said


async def _until_mirrored(path: Path) -> None:
    ledger = await Ledger.open(path)
    try:
        await until_mirrored(ledger)
    finally:
        await ledger.close()


def _wait_until_idle(server: Server) -> None:
    deadline = time.monotonic() + _READY_WITHIN_S
    while time.monotonic() < deadline:
        if not health(server)["backlog"]:
            return
        time.sleep(0.1)
    raise RuntimeError("the calls did not get into memory")


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--server", default="", help="the command that starts an OpenMemory")
    parser.add_argument("--conversations", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=20, help=f"of {_A_ROUND} calls of each kind")
    parser.add_argument("--wait-ms", type=int, default=250, help="what OPENMEMORY_WAIT_MS is")
    parser.add_argument("--dir", default=".")
    parser.add_argument("--recall", action="store_true", help="measure recall instead")
    parser.add_argument("--data", type=Path, help="the folder that has locomo10.json")
    parser.add_argument("--split", choices=("tune", "test", "all"), default="test")
    parser.add_argument("--variant", choices=VARIANTS, default="caller")
    parser.add_argument("--dialogues", type=int, help="only the first so many conversations")
    options = parser.parse_args()
    if not options.recall:
        compare_latency(options)
    elif options.data and options.server:
        compare_recall(options)
    else:
        parser.error("--recall needs --data and --server: a stand-in's recall says nothing")


if __name__ == "__main__":
    main()
