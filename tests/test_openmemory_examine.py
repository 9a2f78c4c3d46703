"""What an OpenMemory server is found to be, and that nothing of the finding out is left in it."""

import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest

from memory.openmemory.backend import BackendError, BackendRefused, BackendUnreachable, Row
from memory.openmemory.probe import PROBE_PREFIX, is_left_over
from memory.openmemory.server.backend import ServerBackend
from tests.openmemory.real import LONGMEMORY, NEWEST, is_there, real_server, server_kinds
from tests.openmemory.server import openmemory_server
from tests.openmemory.server_reply import Answer

ADA = "+15550100142"
SENTENCE = "Seven hens live behind the old church"


async def examined(server, *, key=None, url=None):
    """Return what is found out, and the users that there are afterwards."""
    backend = await ServerBackend.open(url or server.url, server.key if key is None else key)
    try:
        return await backend.examine(), await backend.users()
    finally:
        await backend.close()


@pytest.fixture
async def server():
    async with openmemory_server() as server:
        yield server


# --- a server that can be used


@pytest.mark.parametrize("kind", server_kinds())
@pytest.mark.parametrize("shortens", [False, True])
async def test_a_server_that_can_be_used_is_described(kind, shortens):
    if kind == "real":
        with real_server(OM_USE_SUMMARY_ONLY=str(shortens).lower()) as server:
            found, users = await examined(server)
            assert server.items() == []
    else:
        async with openmemory_server(shortens=shortens) as server:
            found, users = await examined(server)
            assert server.rows == []
    assert found.product == "OpenMemory server 1.3"
    assert found.keeps_users_apart
    assert found.shortens is shortens
    assert not found.is_open
    assert users == set()
    assert any("OM_TELEMETRY=false" in advice for advice in found.advice)
    assert shortens == any("OM_USE_SUMMARY_ONLY=false" in advice for advice in found.advice)
    assert not any("OM_API_KEY" in advice for advice in found.advice)


@pytest.mark.parametrize("kind", server_kinds())
@pytest.mark.parametrize("ours", ["", "a-key-that-nobody-asks-for"])
async def test_a_server_that_answers_everybody_is_open(kind, ours):
    if kind == "real":
        with real_server(key="") as server:
            found, _ = await examined(server, key=ours)
    else:
        async with openmemory_server(key="") as server:
            found, _ = await examined(server, key=ours)
    assert found.is_open
    assert any("OM_API_KEY" in advice for advice in found.advice)


@pytest.mark.parametrize("kind", server_kinds())
async def test_what_others_have_is_left_alone(kind):
    if kind == "real":
        with real_server() as server:
            await check_left_alone(server)
    else:
        async with openmemory_server() as server:
            await check_left_alone(server)


async def check_left_alone(server):
    backend = await ServerBackend.open(server.url, server.key)
    await backend.add(ADA, SENTENCE, tags=["t"], metadata={"id": "1"})
    before = await backend.rows(ADA)
    found, users = await examined(server)
    assert found.keeps_users_apart
    assert users == {ADA}
    assert await backend.rows(ADA) == before
    await backend.close()


async def test_an_http_address_of_another_machine_gets_advice(server, monkeypatch):
    monkeypatch.setattr("memory.openmemory.server.examine.is_loopback", lambda url: False)
    found, _ = await examined(server)
    assert any("https" in advice for advice in found.advice)


async def test_the_probes_are_two_users_of_their_own(server):
    await examined(server)
    users = {asked.body["user_id"] for asked in server.requests if asked.body}
    assert len(users) == 2
    assert all(user.startswith(PROBE_PREFIX) for user in users)
    await examined(server)
    assert len({asked.body["user_id"] for asked in server.requests if asked.body}) == 4


# --- servers that cannot be used


@pytest.mark.parametrize("kind", ["stand-in", *(["real"] if is_there(NEWEST) else [])])
async def test_a_server_that_binds_users_to_its_key_is_refused(kind):
    with pytest.raises(BackendRefused, match="tenant_mismatch") as caught:
        if kind == "real":
            with real_server(NEWEST) as server:
                await examined(server)
        else:
            async with openmemory_server("head") as server:
                await examined(server)
    assert "v1.3.0" in str(caught.value)


@pytest.mark.parametrize("kind", ["stand-in", *(["real"] if is_there(NEWEST) else [])])
async def test_the_newest_server_without_a_key_of_its_own_is_refused(kind):
    with pytest.raises(BackendRefused, match="OM_API_KEY"):
        if kind == "real":
            with real_server(NEWEST, key="") as server:
                await examined(server)
        else:
            async with openmemory_server("head", key="") as server:
                await examined(server)


@pytest.mark.parametrize("kind", ["stand-in", *(["real"] if is_there(LONGMEMORY) else [])])
async def test_longmemory_is_recognised_and_refused(kind):
    with pytest.raises(BackendRefused, match="LongMemory") as caught:
        if kind == "real":
            with real_server(LONGMEMORY) as server:
                await examined(server)
        else:
            async with openmemory_server("longmemory") as server:
                await examined(server)
    assert "v1.3.0" in str(caught.value)


@pytest.mark.parametrize("call", ["add", "get", "rows", "users", "delete", "delete_user", "query"])
@pytest.mark.parametrize(
    ("version", "message"), [("head", "tenant_mismatch"), ("longmemory", "LongMemory")]
)
async def test_what_cannot_be_used_is_refused_by_each_call(version, message, call):
    async with openmemory_server(version) as server:
        backend = await ServerBackend.open(server.url, server.key)
        calls = {
            "add": lambda: backend.add(ADA, SENTENCE, tags=[], metadata={}),
            "get": lambda: backend.get(ADA, "some-id"),
            "rows": lambda: backend.rows(ADA),
            "users": backend.users,
            "delete": lambda: backend.delete(ADA, "some-id"),
            "delete_user": lambda: backend.delete_user(ADA),
            "query": lambda: backend.query(ADA, SENTENCE, limit=3),
        }
        try:
            if (version, call) == ("head", "users"):
                assert await backend.users() == set()  # nobody's rows are its own tenant's
            else:
                with pytest.raises(BackendRefused, match=message):
                    await calls[call]()
        finally:
            await backend.close()


@pytest.mark.parametrize("kind", server_kinds())
@pytest.mark.parametrize("key", ["", "wrong"])
async def test_without_the_key_it_says_what_to_set(kind, key):
    with pytest.raises(BackendRefused, match="OPENMEMORY_KEY"):
        if kind == "real":
            with real_server() as server:
                await examined(server, key=key)
        else:
            async with openmemory_server() as server:
                await examined(server, key=key)


@pytest.mark.parametrize(
    "health",
    [
        "<html>It works!</html>",
        "ok",
        {"ok": True},
        {"status": "healthy"},
        {"ok": True, "version": 2, "embedding": {}},
        [],
        "",
    ],
)
async def test_what_is_no_openmemory_is_refused(server, health):
    server.faults.garble(health if isinstance(health, str) else json.dumps(health), path="/health")
    with pytest.raises(BackendRefused, match="does not answer as one"):
        await examined(server)
    assert len(server.requests) == 1


@pytest.mark.parametrize("status", [301, 403, 404])
async def test_a_server_that_has_no_health_is_refused(server, status):
    server.faults.fail(status, body="", path="/health")
    with pytest.raises(BackendRefused):
        await examined(server)


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_server_that_is_not_ready_is_asked_again_later(server, status):
    server.faults.fail(status, path="/health")
    with pytest.raises(BackendUnreachable):
        await examined(server)


# --- servers that mix users up


async def test_a_server_that_lists_others_rows_is_refused(server):
    server.faults.leaks_rows = True
    with pytest.raises(BackendRefused, match="lists the memories of other users"):
        await examined(server)


async def test_a_query_that_returns_others_rows_is_told(server):
    def everybodys(asked):
        if asked.path != "/memory/query":
            return None
        return Answer(200, {"matches": [row.match(1.0) for row in server.rows]})

    server.instead = everybodys
    found, users = await examined(server)
    assert not found.keeps_users_apart
    assert any("other users" in advice for advice in found.advice)
    assert users == set()


async def test_a_row_that_is_given_to_another_user_is_refused(server):
    def anybodys(asked):
        if asked.method != "GET" or not asked.path.endswith("-b"):
            return None
        row = server.heap.find(asked.path.split("/")[2].split("?")[0])
        return row and Answer(200, {**row.item(), "user_id": asked.path.rpartition("=")[2]})

    server.instead = anybodys
    with pytest.raises(BackendRefused, match="another user"):
        await examined(server)
    assert server.rows == []


async def test_a_server_that_keeps_nothing_is_refused(server):
    server.faults.drops_everything = True
    with pytest.raises(BackendRefused):
        await examined(server)


async def test_a_word_that_is_taken_for_a_duplicate_is_tried_again(server):
    duplicate = {"id": "11111111-1111-4111-8111-111111111111", "deduplicated": True}
    server.faults.fail(200, body=duplicate, path="/memory/add", times=3)
    found, _ = await examined(server)
    assert found.keeps_users_apart


@pytest.mark.parametrize("status", [400, 413])
async def test_a_server_that_takes_no_memories_is_asked_again_later(server, status):
    server.faults.fail(status, body={"err": "no"}, path="/memory/add")
    with pytest.raises(BackendUnreachable, match="takes no memories"):
        await examined(server)


# --- probes of one mark

PROBES = [f"{PROBE_PREFIX}m1-a", f"{PROBE_PREFIX}m1-b"]


@pytest.fixture
async def backend(server):
    backend = await ServerBackend.open(server.url, server.key)
    yield backend
    await backend.close()


async def test_a_mark_names_the_two_users(server, backend):
    await backend.examine(mark="m1")
    assert sorted({asked.body["user_id"] for asked in server.requests if asked.body}) == PROBES
    assert server.rows == []


async def test_a_probe_removes_what_a_killed_one_of_its_mark_has_left(server, backend):
    for user in (*PROBES, f"{PROBE_PREFIX}m2-a", ADA):
        text = f"Something {user} was told by {user[::-1]}"
        await backend.add(user, text, tags=["probe"], metadata={"probe": user})
    found = await backend.examine(mark="m1")
    assert found.keeps_users_apart
    assert await backend.users() == {f"{PROBE_PREFIX}m2-a", ADA}


async def test_probes_that_fail_again_and_again_leave_the_rows_of_one(server, backend):
    server.faults.fail(503, path="/memory/query")
    server.faults.cut(path="^/users/", after=False, times=None)
    for _ in range(3):
        with pytest.raises(BackendUnreachable):
            await backend.examine(mark="m1")
    assert server.rows == []  # nothing is added where nothing can be deleted
    server.faults.heal()
    for _ in range(3):
        server.faults.fail(503, path="/memory/query", times=1)
        server.faults.cut(path="^/users/", after=False, skip=2, times=None)
        with pytest.raises(BackendUnreachable):
            await backend.examine(mark="m1")
        server.faults.heal()
        assert 0 < len(server.rows) <= 3
    await backend.examine(mark="m1")
    assert server.rows == []


async def test_what_a_probe_adds_bears_its_time(server, backend):
    before = datetime.now(UTC)
    await backend.examine(mark="m1")
    added = [asked.body for asked in server.requests if asked.path == "/memory/add"]
    assert added
    for body in added:
        at = datetime.fromisoformat(body["metadata"]["at"])
        assert before <= at <= datetime.now(UTC)
        row = Row(id="1", user=body["user_id"], content="c", metadata=body["metadata"])
        assert not is_left_over(row, now=at + timedelta(minutes=10))
        assert is_left_over(row, now=at + timedelta(minutes=10, seconds=1))


@pytest.mark.parametrize(
    ("metadata", "answer"),
    [
        ({"at": "2026-11-20T11:50:01+00:00"}, False),
        ({"at": "2026-11-20T12:00:01+00:00"}, False),
        ({"at": "2026-11-20T11:49:59Z"}, True),
        ({"at": "2026-11-20T12:10:01+00:00"}, True),
        ({"at": "2026-11-20T12:00:00"}, True),
        ({"at": "noon"}, True),
        ({"at": 1795301187}, True),
        ({"at": None}, True),
        ({}, True),
    ],
)
def test_a_row_of_a_probe_is_left_over_when_that_is_long_ago(metadata, answer):
    now = datetime(2026, 11, 20, 12, tzinfo=UTC)
    row = Row(id="1", user=PROBES[0], content="c", metadata=metadata)
    assert is_left_over(row, now=now) is answer
    assert not is_left_over(Row(id="1", user=ADA, content="c", metadata=metadata), now=now)


# --- whatever happens, the two users are removed again


@pytest.mark.parametrize("skip", range(3))
@pytest.mark.parametrize("path", ["/memory/add", "/memory/query", "GET /memory/"])
@pytest.mark.parametrize("is_stored", [True, False])
async def test_the_probes_are_removed_when_it_breaks_off(server, path, skip, is_stored):
    method, _, path = path.rpartition(" ")
    server.faults.fail(503, path=path, method=method or None, skip=skip, times=1, after=is_stored)
    with suppress(BackendError):
        await examined(server)
    assert server.rows == []


async def test_the_probes_are_removed_when_an_answer_is_lost(server):
    server.faults.cut(after=True, path="/memory/add", times=1)
    with pytest.raises(BackendUnreachable):
        await examined(server)
    assert server.rows == []
