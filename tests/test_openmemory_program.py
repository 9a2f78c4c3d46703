"""The whole program with an OpenMemory server beside it: real processes, real HTTP."""

import json
import sqlite3
import time
import urllib.request
from contextlib import closing

import pytest

from tests.factories import transcription_payload
from tests.openmemory.sdk_cases import STAND_IN
from tests.openmemory.server import openmemory_server_in_thread
from tests.program import program
from voice.signature import sign

pytestmark = pytest.mark.timeout(180)

ANA, BEN = "+15550100142", "+15550100177"


@pytest.fixture
def server():
    with openmemory_server_in_thread() as server:
        yield server


@pytest.fixture
def running(tmp_path, server):
    with program(tmp_path) as running:
        running.environment |= {
            "OPENMEMORY_MODE": "remote",
            "OPENMEMORY_PORT": server.url,
            "OPENMEMORY_KEY": server.key,
        }
        yield running


def post(running, name, body, headers):
    url = f"http://127.0.0.1:{running.port}/webhook/{name}"
    with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=10) as response:
        return json.loads(response.read())


def deliver(running, conversation_id, caller, *said):
    """Deliver a call in which the caller says this."""
    messages = [("agent", "How can I help?"), *(("user", text) for text in said)]
    payload = transcription_payload(
        conversation_id=conversation_id, caller=caller, messages=messages
    )
    body = json.dumps(payload).encode()
    secret = running.secret("ELEVENLABS_POST_CALL_KEY")
    headers = {"ElevenLabs-Signature": sign(body, secret, timestamp=int(time.time()))}
    assert post(running, "post-call", body, headers)["status"] == "stored"
    running.wait_for_memory()


def search(running, caller, query):
    body = json.dumps({"caller_id": caller, "query": query}).encode()
    headers = {"X-Api-Key": running.secret("ELEVENLABS_SEARCH_DATA_KEY")}
    answer = post(running, "search-data", body, headers)
    return [memory["content"] for memory in answer["memories"]]


def ring(running, caller):
    body = json.dumps({"caller_id": caller}).encode()
    headers = {"X-Api-Key": running.secret("ELEVENLABS_CLIENT_DATA_KEY")}
    return post(running, "client-data", body, headers)["dynamic_variables"]


def wait_until(running, condition, *, seconds=60.0):
    """Wait until `condition` holds of what /health says of OpenMemory; return all it says."""
    deadline = time.monotonic() + seconds
    while not condition((said := running.health())["openmemory"]):
        assert time.monotonic() < deadline, f"{said}\n{running.log()}"
        time.sleep(0.05)
    return said


def is_caught_up(openmemory):
    return openmemory["status"] == "ok" and not (
        openmemory["backlog"] or openmemory["callers_waiting"]
    )


def wait_for_rows(running, server, text):
    """Wait until the server has a row with this in it, and return the row."""
    deadline = time.monotonic() + 60
    while not (found := [row for row in server.rows if text in row.content]):
        assert time.monotonic() < deadline, running.log()
        time.sleep(0.05)
    return found[0]


def test_a_call_is_in_the_server_too_and_a_server_that_dies_and_comes_back_changes_no_answer(
    running, server
):
    running.start("all-in-one")
    deliver(running, "conv_1", ANA, "My umbrella is red and has a wooden handle.")
    row = wait_for_rows(running, server, "umbrella is red")
    assert row.user_id == ANA
    assert row.metadata["kind"] == "utterance"
    assert row.metadata["conversation_id"] == "conv_1"
    assert row.metadata["salience"] > 0
    assert "callspool" in row.tags
    said = wait_until(running, is_caught_up)
    assert (said["status"], said["openmemory"]["product"]) == ("ok", "OpenMemory server 1.3")
    assert said["openmemory"]["keeps_users_apart"] is True
    assert "umbrella is red" in search(running, ANA, "red umbrella")[0]

    server.run(server.die())
    deliver(running, "conv_2", ANA, "The key lies under the blue flower pot.")
    said = wait_until(running, lambda om: om["status"] == "degraded" and om["backlog"])
    assert (said["status"], said["checks"]) == ("degraded", {"spool": "ok", "memory": "ok"})
    assert "cannot be connected to" in said["openmemory"]["reason"]
    assert "flower pot" in search(running, ANA, "where is the key")[0]
    assert ring(running, ANA)["call_count"] == 2
    assert "cannot be connected to" in running.run("memory", "sync", expect=1).stderr

    server.run(server.revive())
    wait_until(running, is_caught_up)
    assert wait_for_rows(running, server, "flower pot").user_id == ANA
    running.run("memory", "sync", "--check")
    assert server.key not in running.log()
    assert ANA not in running.log()
    assert running.end() == 0
    assert "Traceback" not in running.log()
    assert all(row.user_id == ANA for row in server.rows)


def test_the_owners_search_asks_the_server_too(running, server):
    running.start("all-in-one")
    deliver(running, "conv_1", ANA, "My umbrella is red and has a wooden handle.")
    wait_for_rows(running, server, "umbrella is red")
    wait_until(running, is_caught_up)
    found = json.loads(running.run("memory", "search", ANA, "red umbrella", "--json").stdout)
    assert "umbrella is red" in found[0]["content"]
    asked = [each.body for each in server.requests if each.path == "/memory/query"]
    assert {"query": "red umbrella", "user_id": ANA}.items() <= asked[-1].items()


def test_the_mode_can_be_changed_back_and_forth_and_nothing_else_is_needed(running, server):
    running.start("all-in-one")
    deliver(running, "conv_1", ANA, "My umbrella is red and has a wooden handle.")
    wait_for_rows(running, server, "umbrella is red")
    remote = running.export()
    assert running.end() == 0

    running.environment["OPENMEMORY_MODE"] = "embedded"
    running.start("all-in-one")
    assert running.health()["openmemory"] == {"status": "off"}
    assert running.export() == remote
    deliver(running, "conv_2", BEN, "My umbrella is red and has a wooden handle.")
    assert "umbrella is red" in search(running, BEN, "red umbrella")[0]
    assert running.end() == 0

    running.environment["OPENMEMORY_MODE"] = "remote"
    asked = len(server.requests)
    running.start("all-in-one")
    wait_until(running, lambda om: is_caught_up(om) and len(server.rows_of(BEN)) > 1)
    assert len(server.requests) > asked
    running.run("memory", "sync", "--check")
    assert {row.user_id for row in server.rows} == {ANA, BEN}


def test_a_receiver_and_a_processor_of_their_own_share_one_mirror(running, server):
    running.start("receiver")
    said = running.health()
    assert (said["status"], said["openmemory"]["status"]) == ("degraded", "not run yet")
    processor = running.spawn("processor")
    try:
        deliver(running, "conv_1", ANA, "My umbrella is red and has a wooden handle.")
        wait_for_rows(running, server, "umbrella is red")
        assert wait_until(running, is_caught_up)["status"] == "ok"
        assert "umbrella is red" in search(running, ANA, "red umbrella")[0]
    finally:
        processor.terminate()
        assert processor.wait(30) == 0


def test_in_local_mode_the_sdk_has_every_memory_in_a_database_beside_ours(tmp_path):
    with program(tmp_path) as running:
        running.environment |= {"OPENMEMORY_MODE": "local", "PYTHONPATH": str(STAND_IN)}
        running.start("all-in-one")
        deliver(running, "conv_1", ANA, "My umbrella is red and has a wooden handle.")
        said = wait_until(running, lambda om: is_caught_up(om) and om["stored"])
        assert (said["status"], said["openmemory"]["keeps_users_apart"]) == ("ok", True)
        assert "umbrella is red" in search(running, ANA, "red umbrella")[0]
        running.run("memory", "sync", "--check")
        assert "openmemory-py 1.3" in running.run("doctor", "--json").stdout
        assert running.end() == 0
        assert "Traceback" not in running.log()
        database = sqlite3.connect(tmp_path / "data/memory.openmemory.db")
        with closing(database) as connection:
            rows = connection.execute("SELECT user_id, content FROM memories").fetchall()
        assert {user for user, _ in rows} == {ANA}
        assert any("umbrella is red" in content for _, content in rows)


def test_a_server_that_hangs_holds_up_neither_the_answers_nor_the_stop(running, server):
    server.faults.hang()
    running.start("all-in-one")
    deliver(running, "conv_1", ANA, "My umbrella is red and has a wooden handle.")
    assert "umbrella is red" in search(running, ANA, "red umbrella")[0]
    assert ring(running, ANA)["call_count"] == 1
    assert running.end() == 0
    assert "Traceback" not in running.log()


@pytest.mark.parametrize("version", ["head", "longmemory"])
def test_a_server_that_is_refused_stops_nothing(tmp_path, version):
    with openmemory_server_in_thread(version) as server, program(tmp_path) as running:
        running.environment |= {
            "OPENMEMORY_MODE": "remote",
            "OPENMEMORY_PORT": str(server.port),
            "OPENMEMORY_KEY": server.key,
        }
        running.start("all-in-one")
        deliver(running, "conv_1", ANA, "My umbrella is red and has a wooden handle.")
        said = wait_until(running, lambda om: om["status"] == "refused")
        assert said["status"] == "degraded"
        assert "README" in said["openmemory"]["reason"]
        assert "umbrella is red" in search(running, ANA, "red umbrella")[0]
        assert not [row for row in server.rows if row.user_id == ANA]
