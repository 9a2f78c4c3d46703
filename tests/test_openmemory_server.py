"""
The stand-in behaves as real servers were recorded to, and so does what our client sends and reads.

Where there is a real server, what the stand-in is relied on for is asked of that one as well.
"""

import copy
import itertools
import re

import pytest

from memory.openmemory.backend import BackendRefused, BackendUnreachable, RowRefused
from memory.openmemory.server.backend import ServerBackend
from tests.openmemory.real import real_server, server_kinds
from tests.openmemory.recorded import (
    NAMES,
    is_ours,
    recorded,
    recorded_text,
    shape_of,
    template,
    unrecorded,
)
from tests.openmemory.replaying import call_of, differences, error_of, replay, simplified, value_of
from tests.openmemory.server import openmemory_server

ADA = "+15550100142"
BOB = "+15550100177"

# These were recorded of servers with other settings; the rest is left out, for a reason.
SETTINGS = {
    "": {"shortens": True},
    "no OM_API_KEY": {"key": ""},
    "OM_USE_SUMMARY_ONLY=false": {},
    "decay": {},
}
LEFT_OUT = {
    "rate limit 3/min": "the stand-in counts no requests",
    "starvation": "39 of the 40 rows that starve the query were not recorded",
}


def group_of(pair):
    """Return what stands in brackets before a case: how its server was set."""
    found = re.match(r"\[([^\]]*)\]", pair["case"])
    return found[1] if found else ""


def ids_of(pairs):
    return [f"{pair['case'][:40]}-{number}" for number, pair in enumerate(pairs)]


# --- the recordings themselves


@pytest.mark.parametrize("name", NAMES)
def test_the_recordings_hold_nothing_of_a_machine_or_a_person(name):
    text = recorded_text(name)
    assert not re.search(r"https?:|localhost|127\.|/(tmp|home|root|work|usr)\b|sk-|@", text)
    numbers = set(re.findall(r"(?:\+|%2B)(\d+)", text))
    assert all(re.fullmatch("15550100(1[0-9]{2}|[0-9]{2})", number) for number in numbers)


def test_there_are_as_many_pairs_as_were_recorded():
    assert [len(recorded(name)) for name in NAMES] == [110, 21, 109, 10]


# --- (a) what the client sends was recorded


async def everything(backend):
    """Call every method of the client, in each way that it asks something."""
    await backend.examine()
    row_id = await backend.add(ADA, "Walnuts fall in October", tags=["t"], metadata={"id": "1"})
    await backend.get(ADA, row_id)
    await backend.rows(ADA)
    await backend.users()
    await backend.query(ADA, "walnuts", limit=3)
    await backend.delete(ADA, row_id)
    await backend.delete_user(ADA)


async def test_every_request_of_the_client_looks_like_a_recorded_one():
    async with openmemory_server() as server:
        await with_backend(server, everything)
        assert {template(asked.path) for asked in server.requests} == {
            *("/health", "/memory/add", "/memory/query", "/memory/all", "/memory/:id"),
            "/users/:user/memories",
        }
        assert not unrecorded(server.requests, recorded("v1.3.0") + recorded("client"))


@pytest.mark.parametrize(
    "change",
    [
        lambda pair: pair.update(method="PUT"),
        lambda pair: pair.update(path=pair["path"].replace("/memory", "/memories")),
        lambda pair: pair.update(path=pair["path"].replace("user_id", "user")),
        lambda pair: pair.update(path=pair["path"].replace("l=", "limit=")),
        lambda pair: (pair["request_body"] or {}).pop("user_id", None),
        lambda pair: (pair["request_body"] or {}).update(salience=1),
        lambda pair: pair.update(request_headers={}),
        lambda pair: pair.update(status=400),
    ],
)
async def test_a_request_that_nobody_recorded_is_noticed(change):
    pairs = copy.deepcopy(recorded("client"))
    for pair in pairs:
        change(pair)
    async with openmemory_server() as server:
        await with_backend(server, everything)
        assert unrecorded(server.requests, pairs)


async def with_backend(server, use):
    backend = await ServerBackend.open(server.url, server.key)
    try:
        return await use(backend)
    finally:
        await backend.close()


# --- (b) every recorded answer is understood as what it is

READ = [pair for name in NAMES for pair in recorded(name) if is_ours(pair)]


@pytest.mark.parametrize("pair", READ, ids=ids_of(READ))
async def test_every_recorded_answer_is_understood(pair):
    expected = error_of(pair)
    async with openmemory_server(key="") as server:
        server.instead = replay(pair)
        if expected is not None:
            with pytest.raises(expected) as caught:
                await with_backend(server, call_of(pair))
            assert type(caught.value) is expected
            return
        value = await with_backend(server, call_of(pair))
        if pair["path"] != "/health":
            assert simplified(value) == value_of(pair)


async def test_the_wait_that_was_recorded_is_passed_on():
    (pair,) = (pair for pair in recorded("v1.3.0") if pair["status"] == 429)
    async with openmemory_server() as server:
        server.instead = replay(pair)
        with pytest.raises(BackendUnreachable) as caught:
            await with_backend(server, lambda backend: backend.users())
        assert caught.value.retry_after_seconds == 60


def test_the_recordings_have_every_outcome():
    assert {error_of(pair) for pair in READ} == {
        *(None, BackendRefused, BackendUnreachable, RowRefused)
    }


@pytest.mark.parametrize("renamed", ["id", "matches", "items", "ok"])
async def test_an_answer_of_another_shape_is_noticed(renamed):
    pairs = [
        pair
        for pair in recorded("client")
        if pair["status"] == 200 and renamed in pair["response_body"] and pair["path"] != "/health"
    ]
    assert pairs
    for pair in pairs:
        changed = copy.deepcopy(pair)
        changed["response_body"]["other"] = changed["response_body"].pop(renamed)
        async with openmemory_server(key="") as server:
            server.instead = replay(changed)
            with pytest.raises(BackendUnreachable):
                await with_backend(server, call_of(pair))


# --- (c) the stand-in answers as recorded

GROUPS = [(name, group) for name in ("v1.3.0", "client") for group in SETTINGS]


def pairs_of(name, group):
    return [pair for pair in recorded(name) if group_of(pair) == group]


@pytest.mark.parametrize("name", ["v1.3.0", "client"])
def test_no_recorded_group_is_forgotten(name):
    assert {group_of(pair) for pair in recorded(name)} <= {*SETTINGS, *LEFT_OUT}


@pytest.mark.parametrize(("name", "group"), GROUPS)
async def test_the_stand_in_answers_what_was_recorded_in_its_order(name, group):
    pairs = pairs_of(name, group)
    settings = SETTINGS[group] if name == "v1.3.0" else {}
    # A clock that no two requests read alike: rows of one millisecond are in another order.
    clock = itertools.count(1_795_259_882, 0.01)
    async with openmemory_server(**settings, clock=lambda: next(clock)) as server:
        assert await differences(server, pairs) == []


@pytest.mark.parametrize(
    "change",
    [
        lambda pair: pair.update(status=202),
        lambda pair: pair.update(response_body={"other": 1}),
        lambda pair: pair["response_body"].update(more=True),
        lambda pair: pair["response_body"].pop(next(iter(pair["response_body"]))),
    ],
)
@pytest.mark.parametrize("number", range(20))
async def test_another_answer_than_the_recorded_is_noticed(change, number):
    pairs = copy.deepcopy(recorded("client"))
    change(pairs[number])
    async with openmemory_server() as server:
        assert await differences(server, pairs)


# --- what the stand-in is relied on for, asked of a real server as well


@pytest.fixture(scope="module")
def real():
    with real_server() as server:
        yield server


@pytest.fixture(params=server_kinds())
async def server(request):
    if request.param == "stand-in":
        async with openmemory_server() as server:
            yield server
        return
    server = request.getfixturevalue("real")
    yield server
    server.clear()


@pytest.fixture
async def backend(server):
    backend = await ServerBackend.open(server.url, server.key)
    yield backend
    await backend.close()


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("Yes, that's right.", "Right, that's... YES!"),
        ("call me at 5 pm", "call me at 6 pm"),
        ("I like tea", "I love tea"),
        ("I do not want the blue plan", "I do want the not blue plan"),
        ("Да, конечно", "Нет, никогда"),
        ("日本語です", "?"),
        (
            "Uncle Ben sold our flight to Rome again.",
            "Our neighbour forgot the blue car in October.",
        ),
        ("The mechanic lost a winter coat at noon.", "The vet repaired her passport in October."),
        ("My daughter wants an insurance claim with Tom.", "Coach Lee ordered the rent yesterday."),
    ],
)
async def test_texts_of_one_hash_are_one_row_whoever_says_them(backend, first, second):
    hers = await backend.add(ADA, first, tags=[], metadata={"of": "ada"})
    assert await backend.add(BOB, second, tags=[], metadata={"of": "bob"}) == hers
    assert (await backend.get(ADA, hers)).content == first
    assert await backend.rows(BOB) == []


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("It was in the year 1951", "It was in the year 1957"),
        ("The bakery opens at seven on Saturdays", "The bakery opens at nine on Saturdays"),
    ],
)
async def test_texts_of_two_hashes_are_two_rows(backend, first, second):
    ids = {await backend.add(ADA, text, tags=[], metadata={}) for text in (first, second)}
    assert {row.id for row in await backend.rows(ADA)} == ids
    assert len(ids) == 2


async def test_a_query_is_answered_from_a_cache_that_no_deletion_clears(backend):
    row_id = await backend.add(ADA, "Rufus the dog is afraid of thunder", tags=[], metadata={})
    found = await backend.query(ADA, "dog and thunder", limit=3)
    other = await backend.add(ADA, "A dog named Bella adores thunder", tags=[], metadata={})
    assert await backend.query(ADA, "dog and thunder", limit=3) == found
    assert {match.id for match in await backend.query(ADA, "dog and thunder", limit=4)} == {
        *(row_id, other)
    }
    await backend.delete(ADA, row_id)
    assert await backend.query(ADA, "dog and thunder", limit=3) == found
    await backend.delete_user(ADA)
    assert await backend.query(ADA, "dog and thunder", limit=3) == found
    assert await backend.query(ADA, "dog and thunder ", limit=3) == []


async def test_the_cache_of_the_stand_in_lasts_a_minute_of_its_clock():
    async with openmemory_server(clock=lambda: 1000.0) as server:

        async def use(backend):
            row_id = await backend.add(ADA, "Walnuts fall in October", tags=[], metadata={})
            assert await backend.query(ADA, "walnuts", limit=3)
            await backend.delete(ADA, row_id)
            server.later(59)
            assert await backend.query(ADA, "walnuts", limit=3)
            server.later(1)
            assert await backend.query(ADA, "walnuts", limit=3) == []

        await with_backend(server, use)


async def test_rows_of_others_that_fit_better_hide_a_users_own(backend):
    his = await backend.add(BOB, "My hotel is the reservation in Oslo", tags=[], metadata={})
    for number in range(40):
        text = f"hotel reservation Oslo number guest Person{number}x{number * 7919}"
        await backend.add(ADA, text, tags=[], metadata={})
    query = "hotel reservation Oslo number guest"
    assert len(await backend.query(ADA, query, limit=5)) == 5
    assert await backend.query(BOB, query, limit=5) == []
    assert [row.id for row in await backend.rows(BOB)] == [his]


async def test_a_query_that_is_no_json_is_the_end_of_it(server, backend):
    row_id = await backend.add(ADA, "Walnuts fall in October", tags=[], metadata={})
    with pytest.raises(BackendUnreachable):
        await backend._http.ask("POST", "memory", "query", body=b"{oops")
    with pytest.raises(BackendUnreachable):
        await backend.rows(ADA)
    if hasattr(server, "revive"):
        await server.revive()
    else:
        server.kill()
        server.start()
    assert [row.id for row in await backend.rows(ADA)] == [row_id]


async def test_rows_of_one_user_are_listed_newest_first(backend):
    texts = ["Walnuts fall in October", "The harbour froze twice", "Olives are pressed cold"]
    for text in texts:
        await backend.add(ADA, text, tags=[], metadata={})
    times = [item["created_at"] for item in await listed(backend)]
    assert times == sorted(times, reverse=True)


async def listed(backend):
    answer = await backend._http.ask("GET", "memory", "all", query={"user_id": ADA})
    return answer.value["items"]


def test_shapes_name_what_is_in_the_filters():
    one = shape_of("POST", "/memory/query", {}, {"query": "q", "filters": {"user_id": "u"}})
    assert one.body == {"query", "filters.user_id"}
