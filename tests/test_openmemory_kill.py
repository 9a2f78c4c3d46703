"""kill -9 of the program and death of the server in the middle of the work: nothing is lost."""

import json
import time
import urllib.request
from contextlib import ExitStack, contextmanager

import pytest

from memory.openmemory.probe import PROBE_PREFIX
from tests.factories import encoded, signed, transcription_payload
from tests.openmemory.real import real_server, server_kinds
from tests.openmemory.server import openmemory_server_in_thread
from tests.program import program

pytestmark = pytest.mark.timeout(300)

CALLS = 60
CALLERS = 6
THINGS = ("boiler", "kitchen lamp", "garden gate", "parcel", "blue kettle", "spare key", "invoice")


def body(number):
    said = [
        ("agent", "How can I help?"),
        ("user", "Yes, that's right."),  # everybody says it
        ("user", f"It is about the {THINGS[number % len(THINGS)]}, order {number * 7919 % 1000}."),
    ]
    payload = transcription_payload(
        conversation_id=f"conv_{number:03}",
        caller=f"+1555010011{number % CALLERS}",
        summary=f"The caller asked for the {THINGS[number * 3 % len(THINGS)]}.",
        collected={"first_name": f"Name{number % CALLERS}", "topic": THINGS[number % 5]},
        messages=said,
        event_timestamp=1_790_000_000 + 100 * number,
        started_at=1_790_000_000 + 100 * number - 60,
    )
    return encoded(payload)


def deliver(running, number):
    content, secret = body(number), running.secret("ELEVENLABS_POST_CALL_KEY")
    url = f"http://127.0.0.1:{running.port}/webhook/post-call"
    request = urllib.request.Request(url, content, signed(content, secret, time.time()))
    with urllib.request.urlopen(request, timeout=10) as response:
        assert json.loads(response.read())["status"] == "stored"


class StandIn:
    def __init__(self, server):
        self.url, self.key, self._server = server.url, server.key, server

    def kill(self):
        self._server.run(self._server.die())

    def start(self):
        self._server.run(self._server.revive())

    def rows(self):
        return [(row.user_id, row.metadata) for row in self._server.rows]


class Real:
    def __init__(self, server):
        self.url, self.key, self._server = server.url, server.key, server
        self.kill, self.start = server.kill, server.start

    def rows(self):
        return [(item["user_id"], item["metadata"]) for item in self._server.items()]


@contextmanager
def a_server(kind):
    with ExitStack() as stack:
        if kind == "real":
            yield Real(stack.enter_context(real_server()))
        else:
            yield StandIn(stack.enter_context(openmemory_server_in_thread()))


@pytest.mark.parametrize("kind", server_kinds())
def test_whoever_is_killed_memory_is_whole_and_every_difference_is_explained(tmp_path, kind):
    for name in ("mirrored", "embedded"):
        (tmp_path / name).mkdir()
    with a_server(kind) as server, program(tmp_path / "mirrored") as running:
        running.environment |= {"OPENMEMORY_MODE": "remote", "OPENMEMORY_PORT": server.url,
                                "OPENMEMORY_KEY": server.key}  # fmt: skip
        running.start("all-in-one")
        for number in range(CALLS):
            deliver(running, number)
            if number in (10, 45):
                running.kill()
                running.start("all-in-one")
            if number in (25, 45):
                server.kill()
            if number in (35, 50):
                server.start()
        running.wait_for_memory()
        running.kill()
        export = running.export()
        running.run("memory", "sync")
        report = json.loads(running.run("memory", "sync", "--check", "--json").stdout)["report"]
        assert set(report["counts"]) <= {"dropped"}
        assert report["there"] + report["counts"].get("dropped", 0) == report["wanted"]
        assert report["wanted"] >= 3 * CALLS
        assert report["callers"] == CALLERS
        # What a probe that was killed has left goes at the next start.
        rows = [row for row in server.rows() if not row[0].startswith(PROBE_PREFIX)]
        keys = [(user, data["callspool_key"]) for user, data in rows]
        assert len(keys) == len(set(keys)) == report["there"]
        assert all(user == f"+1555010011{int(key[10:13]) % CALLERS}"
                   for user, key in keys if key.startswith("call/conv_"))  # fmt: skip
    with program(tmp_path / "embedded") as running:
        running.start("all-in-one")
        for number in range(CALLS):
            deliver(running, number)
        running.wait_for_memory()
        assert running.export() == export
