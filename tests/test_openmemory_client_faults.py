"""The client of an OpenMemory server when the server fails, hangs, lies or talks nonsense."""

import asyncio
import hashlib
import json
import threading
from contextlib import asynccontextmanager, suppress
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from memory.openmemory.backend import (
    BackendError,
    BackendRefused,
    BackendUnreachable,
    RowRefused,
)
from memory.openmemory.server import backend as client
from memory.openmemory.server import http, listing
from memory.openmemory.server.answers import Answer, parse_body
from memory.openmemory.server.backend import ServerBackend
from tests.openmemory import server_rows
from tests.openmemory.server import openmemory_server
from tests.openmemory.server_reply import Answer as Reply
from tests.serving import accept_no_more

ADA = "+15550100142"
BOB = "+15550100177"
KEY = "very-secret-key"
SENTENCE = "The lighthouse keeper polishes the lens"

CALLS = {
    "add": lambda backend: backend.add(ADA, SENTENCE, tags=["t"], metadata={"id": "m-1"}),
    "get": lambda backend: backend.get(ADA, "some-id"),
    "rows": lambda backend: backend.rows(ADA),
    "users": lambda backend: backend.users(),
    "delete": lambda backend: backend.delete(ADA, "some-id"),
    "delete_user": lambda backend: backend.delete_user(ADA),
    "query": lambda backend: backend.query(ADA, SENTENCE, limit=3),
    "examine": lambda backend: backend.examine(),
}
every_call = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)


def a_sentence(number):
    """Return words that are taken for no other number's."""
    digits = hashlib.sha256(str(number).encode()).hexdigest()
    return " ".join(digits[at : at + 8] for at in range(0, 64, 8))


@pytest.fixture
async def server():
    async with openmemory_server(key=KEY) as server:
        yield server


@pytest.fixture
async def backend(server):
    backend = await ServerBackend.open(server.url, KEY, timeout_seconds=5)
    yield backend
    await backend.close()


@asynccontextmanager
async def hurried(server):
    backend = await ServerBackend.open(server.url, KEY, timeout_seconds=0.1)
    try:
        yield backend
    finally:
        await backend.close()


# --- no answer


@every_call
async def test_a_server_that_hangs_is_unreachable_within_the_time(server, call):
    server.faults.hang()
    async with hurried(server) as backend:
        with pytest.raises(BackendUnreachable, match="did not answer within"):
            await call(backend)


async def test_a_server_that_hangs_in_the_middle_of_an_answer_is_unreachable():
    async def half(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"items": [')
        await writer.drain()
        await reader.read()

    async with raw_server(half) as port:
        backend = await ServerBackend.open(str(port), KEY, timeout_seconds=0.1)
        with pytest.raises(BackendUnreachable, match="did not answer within"):
            await backend.rows(ADA)
        await backend.close()


async def test_requests_that_wait_for_a_connection_wait_no_longer_than_the_time(server):
    server.faults.hang()
    async with hurried(server) as backend:
        results = await asyncio.gather(
            *(backend.query(ADA, f"question {n}", limit=3) for n in range(40)),
            return_exceptions=True,
        )
        assert {type(result) for result in results} == {BackendUnreachable}
        server.faults.heal()
        assert await backend.query(ADA, "another question", limit=3) == []


@every_call
async def test_a_connection_that_breaks_off_is_unreachable(server, backend, call):
    server.faults.cut(after=False, times=None)
    with pytest.raises(BackendUnreachable, match="broke the connection off"):
        await call(backend)


async def test_an_answer_that_is_lost_may_leave_a_row(server, backend):
    server.faults.cut(after=True, path="/memory/add")
    with pytest.raises(BackendUnreachable):
        await backend.add(ADA, SENTENCE, tags=[], metadata={"id": "m-1"})
    assert [row.metadata for row in await backend.rows(ADA)] == [{"id": "m-1"}]
    posts = [asked for asked in server.requests if asked.method == "POST"]
    assert len(posts) == 1  # an add is never repeated by itself


@every_call
async def test_a_closed_port_is_unreachable_and_says_what_to_do(server, backend, call):
    await server.die()
    with pytest.raises(BackendUnreachable, match="start it, or correct OPENMEMORY_PORT") as caught:
        await call(backend)
    assert f"127.0.0.1:{server.port}" in str(caught.value)


async def test_a_name_that_does_not_exist_is_unreachable():
    backend = await ServerBackend.open("no-such-host.invalid:8080", KEY)
    with pytest.raises(BackendUnreachable, match="no-such-host"):
        await backend.users()
    await backend.close()


# --- statuses


STATUSES = [
    (500, {"error": "x"}, BackendUnreachable),
    (502, "<html>bad gateway</html>", BackendUnreachable),
    (503, "", BackendUnreachable),
    (503, {"error": "auth_not_configured", "message": "m"}, BackendRefused),
    (429, {"error": "rate_limit_exceeded", "retry_after": 60}, BackendUnreachable),
    (401, {"error": "authentication_required"}, BackendRefused),
    (403, {"error": "invalid_api_key"}, BackendRefused),
    (403, {"error": "tenant_mismatch", "message": "m"}, BackendRefused),
    (403, "<html>forbidden by a proxy</html>", BackendRefused),
    (404, "404: Not Found", BackendRefused),
    (404, {"error": {"code": "not_found", "message": "m"}, "meta": {}}, BackendRefused),
    (301, "", BackendRefused),
    (307, "", BackendRefused),
    (400, "<html>", BackendUnreachable),
    (418, {}, BackendUnreachable),
    (204, "", BackendUnreachable),
    (201, {"id": "x"}, BackendUnreachable),
]


@every_call
@pytest.mark.parametrize(("status", "body", "error"), STATUSES)
async def test_a_status_is_the_error_it_means(server, backend, call, status, body, error):
    server.faults.fail(status, body=body)
    with pytest.raises(BackendError) as caught:
        await call(backend)
    assert type(caught.value) is error


@pytest.mark.parametrize(
    "reason",
    [
        "SQLITE_BUSY: database is locked",
        "cannot start a transaction within a transaction",
        "[EMBED] All providers failed",
        "You exceeded your current quota",
        "content",
    ],
)
async def test_a_server_that_fails_at_a_row_may_take_it_later(server, backend, reason):
    server.faults.fail(500, body={"err": reason}, times=1)
    with pytest.raises(BackendUnreachable, match="answered 500"):
        await CALLS["add"](backend)
    assert await CALLS["add"](backend)


@pytest.mark.parametrize("status", [400, 413])
async def test_an_add_that_is_answered_with_a_reason_refuses_the_row(server, backend, status):
    server.faults.fail(status, body={"err": "content"}, times=1)
    with pytest.raises(RowRefused):
        await CALLS["add"](backend)
    assert await CALLS["add"](backend)


@pytest.mark.parametrize(
    ("body", "headers", "seconds"),
    [
        ({"error": "rate_limit_exceeded", "retry_after": 60}, {}, 60),
        ({"error": "rate_limit_exceeded"}, {"Retry-After": "7"}, 7),
        ({"retry_after": 5}, {"Retry-After": "7"}, 5),
        ({"retry_after": "soon"}, {"Retry-After": "later"}, 0),
        ({"retry_after": -5}, {}, 0),
        ({"retry_after": 10**9}, {}, 3600),
        ({"retry_after": [1]}, {}, 0),
        ({"retry_after": True}, {"Retry-After": "inf"}, 1),
        ("slow down", {"Retry-After": "2.5"}, 2.5),
        ([], {}, 0),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
async def test_the_time_that_a_server_asks_for_is_passed_on(
    server, backend, status, body, headers, seconds
):
    server.faults.fail(status, body=body, headers=headers)
    with pytest.raises(BackendUnreachable) as caught:
        await backend.rows(ADA)
    assert caught.value.retry_after_seconds == seconds


async def test_a_redirect_is_not_followed(server, backend):
    async with openmemory_server(key=KEY) as other:
        location = {"Location": f"{other.url}/memory/all"}
        server.faults.fail(302, body="", headers=location)
        with pytest.raises(BackendRefused, match="OPENMEMORY_PORT"):
            await backend.rows(ADA)
        assert other.requests == []


@every_call
@pytest.mark.parametrize("status", [200, 400, 401, 403, 404, 429, 500, 503])
async def test_no_error_quotes_a_body_a_key_or_a_user(server, call, status):
    server.faults.fail(status, body=f"{SENTENCE} {KEY} {ADA} password")
    url = f"http://someone:password@127.0.0.1:{server.port}"
    backend = await ServerBackend.open(url, KEY)
    with pytest.raises(BackendError) as caught:
        await call(backend)
    await backend.close()
    error = caught.value
    while error is not None:
        for secret in (SENTENCE, KEY, ADA[1:], "password", "someone"):
            assert secret not in str(error)
        error = error.__cause__


# --- nonsense

NONSENSE = [
    *("", "{", "[]", "null", "true", "7", '"text"', "{}", "<html></html>", "\x00", "{}{}"),
    *('{"id": 5}', '{"id": ""}', '{"id": null}', '{"items": {}}', '{"items": [1]}'),
    *('{"items": [{"id": 1}]}', '{"items": [{"id": "a", "content": 5, "user_id": "u"}]}'),
    *('{"matches": {}}', '{"matches": [{"score": 1}]}', '{"matches": [{"id": 1, "score": 1}]}'),
    *('{"matches": [{"id": "a", "score": "high"}]}', '{"ok": false}', '{"ok": "true"}'),
    *('{"matches": [{"id": "a", "score": NaN}]}', '{"items": [{"id": "a", "user_id": 7}]}'),
    *("[" * 100_000, '{"a":' * 100_000, '{"n": ' + "9" * 10_000 + "}"),
]


@every_call
@pytest.mark.parametrize("text", NONSENSE, ids=[text[:30] or "empty" for text in NONSENSE])
async def test_an_answer_that_means_nothing_is_unreachable_or_refused(server, backend, call, text):
    server.faults.garble(text)
    expected = BackendRefused if call is CALLS["examine"] else BackendUnreachable
    with pytest.raises(expected):
        await call(backend)


async def test_bytes_that_are_no_text_are_not_understood(server, backend):
    server.instead = lambda asked: Reply(200, '{"items": [{"id": "\udcff"}]}')
    with pytest.raises(BackendUnreachable, match="cannot be understood"):
        await backend.rows(ADA)


@pytest.mark.parametrize(
    "sent",
    [
        b"garbage\r\n\r\n",
        b"\x00\x01\x02",
        b"HTTP/1.1 999999 ?\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nabcd",
        b"HTTP/1.1 200 OK\r\nX: " + b"y" * 100_000 + b"\r\n\r\n",
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
        b"HTTP/1.1 302 Found\r\nLocation: http://[::1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Type: ;;;=\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nSet-Cookie: \xff\xfe=\x01\r\nContent-Length: 2\r\n\r\n{}",
        b"",
    ],
)
async def test_whatever_stands_in_for_http_is_an_error_of_ours(sent):
    async def answer(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(sent)
        await writer.drain()

    async with raw_server(answer) as port:
        backend = await ServerBackend.open(str(port), KEY, timeout_seconds=5)
        with pytest.raises((BackendUnreachable, BackendRefused)):
            await backend.rows(ADA)
        await backend.close()


@asynccontextmanager
async def raw_server(answer):
    served = []

    async def serve(reader, writer):
        served.append(asyncio.current_task())
        try:
            await answer(reader, writer)
        finally:
            writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=2**20)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        await accept_no_more(server)
        server.close()
        await asyncio.gather(*served)
        await server.wait_closed()


NAMES = (
    *("id", "items", "matches", "score", "user_id", "content", "tags", "metadata", "ok"),
    *("error", "err", "meta", "data", "retry_after", "version", "embedding"),
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=6)
    ),
    max_leaves=12,
)
bodies = st.one_of(
    st.binary(max_size=30),
    json_values.map(lambda value: json.dumps(value).encode()),
)


@given(
    body=bodies,
    status=st.sampled_from([200, 200, 200, 204, 301, 400, 401, 403, 404, 413, 429, 500, 503]),
    retry_after=st.text(max_size=5),
    name=st.sampled_from(sorted(CALLS)),
)
def test_any_answer_is_a_value_or_an_error_of_ours(body, status, retry_after, name):
    async def ask_it():
        backend = await ServerBackend.open("8080", KEY)
        backend._http = SaysAlways(
            Answer(status=status, value=parse_body(body), retry_after=retry_after)
        )
        try:
            await CALLS[name](backend)
        except BackendError as error:
            assert "127.0.0.1" in str(error)

    asyncio.run(ask_it())


class SaysAlways:
    name = "the OpenMemory server at http://127.0.0.1:8080"
    url = "http://127.0.0.1:8080"
    timeout_seconds = 1.0

    def __init__(self, answer):
        self.answer = answer

    async def ask(self, *args, **options):
        return self.answer


# --- too much


@pytest.fixture
def parsed(monkeypatch):
    """Record of each answer that is parsed how long it is, and of each step in which thread."""
    lengths, threads = [], []
    parse, read = http.parse_body, client.read_as

    def parse_body(body):
        lengths.append(len(body))
        threads.append(threading.current_thread())
        return parse(body)

    def read_as(shape, answer, *, name):
        threads.append(threading.current_thread())
        return read(shape, answer, name=name)

    monkeypatch.setattr(http, "parse_body", parse_body)
    monkeypatch.setattr(client, "read_as", read_as)
    return SimpleNamespace(lengths=lengths, threads=threads)


@pytest.mark.parametrize(
    ("name", "limit"),
    [
        *(("query", 1 << 20), ("add", 4 << 20), ("get", 4 << 20), ("delete", 4 << 20)),
        *(("rows", 16 << 20), ("users", 16 << 20)),
    ],
)
async def test_an_answer_that_is_too_large_is_not_parsed(server, backend, parsed, name, limit):
    server.faults.garble("{}" + " " * (limit - 2), times=1)
    with pytest.raises(BackendUnreachable, match="cannot be understood"):
        await CALLS[name](backend)
    assert parsed.lengths == [limit]
    parsed.lengths.clear()
    server.faults.garble("{}" + " " * (limit - 1))
    with pytest.raises(BackendUnreachable, match=f"more than {limit >> 20} MB"):
        await CALLS[name](backend)
    assert parsed.lengths == []


async def test_an_answer_that_says_it_is_too_large_is_not_waited_for():
    async def large(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2097152\r\n\r\n{")
        await writer.drain()
        await reader.read()

    async with raw_server(large) as port:
        backend = await ServerBackend.open(str(port), KEY)
        with pytest.raises(BackendUnreachable, match="more than 1 MB"):
            await backend.query(ADA, "x", limit=1)
        await backend.close()


async def test_an_answer_without_an_end_is_not_read_to_it(parsed):
    async def endless(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        with suppress(ConnectionError):
            while True:
                writer.write(b"10000\r\n" + b" " * 0x10000 + b"\r\n")
                await writer.drain()

    async with raw_server(endless) as port:
        backend = await ServerBackend.open(str(port), KEY)
        with pytest.raises(BackendUnreachable, match="more than 1 MB"):
            await backend.query(ADA, "x", limit=1)
        await backend.close()
    assert parsed.lengths == []


async def test_what_is_large_is_parsed_and_validated_beside_the_event_loop(backend, parsed):
    for number in range(12):
        await backend.add(ADA, f"{a_sentence(number)} " + "mill " * 4000, tags=[], metadata={})
    assert set(parsed.threads) == {threading.main_thread()}
    parsed.threads.clear()
    assert len(await backend.rows(ADA)) == 12
    apart = [thread is not threading.main_thread() for thread in parsed.threads]
    assert apart == [True, True, False, False]  # the second page is the last row alone
    parsed.threads.clear()
    assert len(await backend.query(ADA, "mill", limit=12)) == 12
    assert parsed.threads
    assert threading.main_thread() not in parsed.threads


async def test_a_page_of_a_listing_is_short(server, backend):
    await backend.users()
    assert [asked.path for asked in server.requests] == ["/memory/all?l=250&u=0"]


async def test_long_rows_are_listed_by_fewer_at_a_time(server, backend, monkeypatch):
    monkeypatch.setattr(client, "_LISTING_BYTES", 3000)
    ids = [
        await backend.add(ADA, f"{a_sentence(n)} " + "mill " * 60, tags=[], metadata={})
        for n in range(9)
    ]
    listed = [row.id for row in await backend.rows(ADA)]
    assert listed == [row.id for row in server.heap.page(ADA, limit=100, offset=0)]
    assert set(listed) == set(ids)
    assert len(listed) == 9


async def test_a_server_that_repeats_a_page_for_ever_is_left(server, backend, monkeypatch):
    monkeypatch.setattr(listing, "_PAGE", 3)
    for n in range(5):
        await backend.add(ADA, a_sentence(n), tags=[], metadata={})
    server.faults.ignores_offset = True
    for call in (backend.rows(ADA), backend.users()):
        with pytest.raises(BackendUnreachable, match="lists other rows"):
            await call
    assert len(server.requests) < 50


async def test_a_server_with_new_rows_for_ever_is_left(server, backend, monkeypatch):
    monkeypatch.setattr(listing, "_MAX_REQUESTS", 30)
    pages = iter(range(10_000))

    def more(asked):
        number = next(pages)
        ids = [f"row-{number + n}" for n in range(10)]
        items = [{"id": row_id, "content": "c", "user_id": ADA} for row_id in ids]
        return Reply(200, {"items": items})

    server.instead = more
    with pytest.raises(BackendUnreachable):
        await backend.rows(ADA)


# --- rows that move while they are listed


@pytest.fixture
def small_pages(monkeypatch):
    monkeypatch.setattr(listing, "_PAGE", 3)


def at_request(server, number, action):
    seen = iter(range(1, 1000))

    def instead(asked):
        if asked.path.startswith("/memory/all") and next(seen) == number:
            action()

    server.instead = instead


async def fill(backend, count):
    return [await backend.add(ADA, a_sentence(n), tags=[], metadata={}) for n in range(count)]


@pytest.mark.usefixtures("small_pages")
async def test_a_row_that_is_deleted_meanwhile_hides_no_other(server, backend):
    ids = await fill(backend, 10)
    newest = server.heap.page(ADA, limit=3, offset=0)

    def delete():
        for row in newest:
            server.heap.delete(row)

    at_request(server, 2, delete)
    listed = {row.id for row in await backend.rows(ADA)}
    assert listed == set(ids) - {row.id for row in newest}


@pytest.mark.usefixtures("small_pages")
async def test_rows_that_go_all_the_time_hide_no_user(server, backend):
    """As many as were listed are deleted before each page: a mirror at work beside a sync."""
    await fill(backend, 20)
    await backend.add(BOB, a_sentence(90), tags=[], metadata={})
    server.heap.all[0], server.heap.all[-1] = server.heap.all[-1], server.heap.all[0]
    asked_for = iter(range(1, 1000))

    def instead(asked):
        if asked.path.startswith("/memory/all") and next(asked_for) % 2 == 0:
            for row in server.heap.page(ADA, limit=2, offset=0):
                server.heap.delete(row)

    server.instead = instead
    assert await backend.users() >= {BOB}


@pytest.mark.usefixtures("small_pages")
async def test_a_row_that_is_added_meanwhile_hides_and_doubles_no_other(server, backend):
    ids = await fill(backend, 10)

    def insert():
        server.later(10)
        server.heap.add("brand new words", user_id=ADA, tags=[], metadata={})

    at_request(server, 2, insert)
    listed = [row.id for row in await backend.rows(ADA)]
    assert set(ids) <= set(listed)
    assert len(listed) == len(set(listed))


# --- a server that mixes users up


async def test_rows_of_others_are_never_passed_on(server, backend):
    hers = await backend.add(ADA, SENTENCE, tags=[], metadata={})
    his = await backend.add(BOB, "Seven hens live behind the church", tags=[], metadata={})
    server.faults.leaks_rows = True
    assert [row.id for row in await backend.rows(ADA)] == [hers]
    assert [row.id for row in await backend.rows(BOB)] == [his]
    assert {match.id for match in await backend.query(BOB, SENTENCE, limit=5)} == {hers, his}


async def test_a_row_that_says_it_is_anothers_is_not_given(server, backend):
    item = {"id": "row-1", "content": "c", "user_id": BOB, "tags": [], "metadata": {}}
    server.instead = lambda asked: Reply(200, item)
    assert await backend.get(ADA, "row-1") is None
    assert (await backend.get(BOB, "row-1")).user == BOB
    with pytest.raises(BackendUnreachable):
        await backend.get(BOB, "row-2")


async def test_strange_tags_and_metadata_of_others_stop_nothing(server, backend):
    items = [
        {"id": "1", "content": "a", "user_id": ADA, "tags": "text", "metadata": "text"},
        {"id": "2", "content": None, "user_id": ADA, "tags": None, "metadata": None},
        {"id": "3", "content": "c", "user_id": ADA, "tags": [1, "t"], "metadata": [1]},
        {"id": "4", "content": "[]", "user_id": None, "tags": 1795301046788, "metadata": 1},
        {"id": "5", "content": "e", "user_id": ADA, "metadata": {"half": "\ud83d"}},
    ]

    def page(asked):
        return Reply(200, {"items": items if "u=0" in asked.path else items[-1:]})

    server.instead = page
    rows = await backend.rows(ADA)
    assert [(row.content, row.tags, row.metadata) for row in rows] == [
        ("a", (), {}),
        ("", (), {}),
        ("c", ("t",), {}),
        ("e", (), {"half": "?"}),
    ]
    assert await backend.users() == {ADA}


async def test_scores_that_are_none_are_nought_and_ids_come_once(server, backend):
    matches = [
        {"id": "a", "score": 2},
        {"id": "b", "score": None},
        {"id": "a", "score": 1},
        {"id": "c"},
    ]
    server.instead = lambda asked: Reply(200, {"query": "x", "matches": matches})
    found = await backend.query(ADA, "x", limit=3)
    assert [(match.id, match.score) for match in found] == [("a", 2.0), ("b", 0.0), ("c", 0.0)]
    assert len(await backend.query(ADA, "x", limit=2)) == 2


# --- forgetting a user


async def test_forgetting_goes_on_until_nothing_is_left(server, backend, monkeypatch):
    monkeypatch.setattr(server_rows, "DELETED_AT_ONCE", 2)
    await fill(backend, 7)
    await backend.delete_user(ADA)
    assert server.rows == []


async def test_what_cannot_be_deleted_together_is_deleted_one_by_one(server, backend):
    await fill(backend, 5)
    server.faults.fail(200, body={"ok": True, "deleted": 0}, path="^/users/")
    await backend.delete_user(ADA)
    assert server.rows == []


async def test_a_server_that_keeps_what_it_deletes_is_an_error(server, backend):
    await fill(backend, 5)
    server.faults.fail(200, body={"ok": True, "deleted": 5}, method="DELETE")
    with pytest.raises(BackendUnreachable, match="still has rows"):
        await backend.delete_user(ADA)
    assert len(server.requests) < 50
