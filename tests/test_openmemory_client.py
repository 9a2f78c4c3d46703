"""The client of an OpenMemory server, against the stand-in and a real one where there is one."""

import itertools
from urllib.parse import quote

import pytest

from memory.openmemory.backend import BackendRefused, BackendUnreachable, RowRefused
from memory.openmemory.server import listing
from memory.openmemory.server.address import (
    is_loopback,
    server_identity,
    server_url,
    shown_url,
)
from memory.openmemory.server.backend import ServerBackend
from tests.openmemory.real import real_server, server_kinds
from tests.openmemory.server import openmemory_server

_numbers = itertools.count(1)


def a_user():
    """Return a number nobody has had: a real server caches answers by user for a minute."""
    return f"+1555010{next(_numbers):04d}"


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
async def standin():
    async with openmemory_server() as server:
        yield server


@pytest.fixture
async def connect():
    opened = []

    async def connect(server, *, key=None, **options):
        used = server.key if key is None else key
        opened.append(await ServerBackend.open(server.url, used, **options))
        return opened[-1]

    yield connect
    for backend in opened:
        await backend.close()


@pytest.fixture
async def backend(server, connect):
    return await connect(server)


async def add(backend, user, content, *, tags=(), metadata=None):
    return await backend.add(user, content, tags=tags, metadata=metadata or {})


# --- what is written is what is read


@pytest.mark.parametrize(
    "content",
    [
        "The lighthouse keeper polishes the lens on Mondays.",
        "  two  spaces,\ttabs\r\nand an end   ",
        "nul \x00 bell \x07 and the separators \u2028 \u00a0 \ufeff",
        "Söder, cafe\u0301, 日本語 words and 😀 beside some harbours",
        'quotes " and \\ backslashes </script> of velvet',
    ],
)
async def test_a_memory_is_read_back_as_it_was_written(backend, content):
    user = a_user()
    metadata = {"id": "m-1", "nested": {"list": [1, 2.5, None, True, "ü\u2028"]}, "n": 7}
    row_id = await add(backend, user, content, tags=["callspool", "ü,b"], metadata=metadata)
    row = await backend.get(user, row_id)
    assert (row.id, row.user, row.content) == (row_id, user, content)
    assert (row.tags, row.metadata) == (("callspool", "ü,b"), metadata)
    assert await backend.rows(user) == [row]


async def test_a_long_text_of_characters_of_several_bytes_survives_the_way(backend):
    user = a_user()
    content = "velvet " + "üß😀日本 " * 20_000
    row_id = await add(backend, user, content)
    assert (await backend.get(user, row_id)).content == content


async def test_another_users_row_is_neither_given_nor_deleted(backend):
    ada, bob = a_user(), a_user()
    row_id = await add(backend, ada, "Seven hens live behind the old church")
    assert await backend.get(bob, row_id) is None
    await backend.delete(bob, row_id)
    assert [row.id for row in await backend.rows(ada)] == [row_id]
    assert await backend.rows(bob) == []


async def test_a_text_that_another_user_has_is_dropped_and_the_id_is_his(backend):
    ada, bob = a_user(), a_user()
    hers = await add(backend, ada, "Yes, that's right.", metadata={"of": "ada"})
    his = await add(backend, bob, "Yes, that's right.", metadata={"of": "bob"})
    assert his == hers
    assert await backend.get(bob, his) is None
    assert (await backend.get(ada, hers)).metadata == {"of": "ada"}


async def test_deleting_takes_a_row_away_and_may_be_repeated(backend):
    user = a_user()
    row_id = await add(backend, user, "The garage door was painted green")
    other = await add(backend, user, "Olive oil is kept under the kitchen sink")
    await backend.delete(user, row_id)
    await backend.delete(user, row_id)
    assert await backend.get(user, row_id) is None
    assert [row.id for row in await backend.rows(user)] == [other]


@pytest.mark.parametrize(
    "row_id", ["", ".", "..", "all", "no-such-row", "a/b", "../users/x", "%2B"]
)
async def test_an_id_that_is_none_finds_and_deletes_nothing(backend, row_id):
    user = a_user()
    kept = await add(backend, user, "Cherries ripen along the southern wall")
    try:
        assert await backend.get(user, row_id) is None
    except BackendUnreachable:
        assert row_id == "all"  # that is the listing
    await backend.delete(user, row_id)
    assert [row.id for row in await backend.rows(user)] == [kept]


@pytest.mark.parametrize(
    "user", ["..", ".", "a/b", "a b", "a+b", "a%2Bb", "ü", "a#b?c=d&e", " pad ", "\\", "x" * 2000]
)
async def test_any_name_of_a_user_is_one_user(backend, user):
    stranger = a_user()
    await add(backend, stranger, "Harbour pilots drink their coffee black")
    row_id = await add(backend, user, "Velvet curtains hang in the theatre")
    assert (await backend.get(user, row_id)).user == user
    assert [row.id for row in await backend.rows(user)] == [row_id]
    assert [match.id for match in await backend.query(user, "velvet", limit=3)] == [row_id]
    assert await backend.users() == {user, stranger}
    await backend.delete_user(user)
    assert await backend.users() == {stranger}


async def test_every_row_is_listed_once_however_many_pages_there_are(backend, monkeypatch):
    monkeypatch.setattr(listing, "_PAGE", 3)
    ada, bob = a_user(), a_user()
    ids = {}
    for number in range(11):
        ids[number] = await add(backend, ada, f"ledger{number} kept{number * 7} in{number * 31}")
        await add(backend, bob, f"quartz{number} mill{number * 11} stone{number * 17}")
    listed = [row.id for row in await backend.rows(ada)]
    assert len(listed) == len(set(listed)) == len(set(ids.values())) == 11
    assert set(listed) == set(ids.values())
    assert await backend.users() == {ada, bob}


async def test_forgetting_a_user_leaves_the_others(backend):
    ada, bob = a_user(), a_user()
    for number in range(4):
        await add(backend, ada, f"saddle{number} rope{number * 7}")
    his = await add(backend, bob, "The vineyard was flooded in spring")
    await backend.delete_user(ada)
    await backend.delete_user(ada)
    assert await backend.rows(ada) == []
    assert [row.id for row in await backend.rows(bob)] == [his]


# --- queries


async def test_a_query_finds_the_users_own_rows_best_first(backend):
    ada, bob = a_user(), a_user()
    dog = await add(backend, ada, "My dog Rufus is afraid of thunder")
    await add(backend, ada, "Olive oil is kept under the kitchen sink")
    await add(backend, bob, "A dog named Bella adores thunder storms")
    matches = await backend.query(ada, "thunder and the dog", limit=2)
    assert matches[0].id == dog
    assert {match.id for match in matches} <= {row.id for row in await backend.rows(ada)}
    assert matches[0].score >= matches[-1].score
    assert len(await backend.query(ada, "thunder and a dog", limit=1)) == 1
    assert await backend.query(ada, "thunder", limit=0) == []


@pytest.mark.parametrize("text", ["", "half \ud83d a pair", "nul \x00", "long words " * 30_000])
async def test_a_query_of_any_text_is_answered(backend, text):
    user = a_user()
    await add(backend, user, "Magnets stick to the kettle")
    assert len(await backend.query(user, text, limit=5)) <= 1
    assert len(await backend.rows(user)) == 1  # it is alive


async def test_nobodys_query_finds_nothing(backend):
    assert await backend.query(a_user(), "anything at all", limit=5) == []


# --- rows that are not taken


@pytest.mark.parametrize("content", ["", "x" * 1_200_000], ids=["empty", "too large"])
async def test_a_row_that_is_not_taken_stops_no_other(backend, content):
    user = a_user()
    for _ in range(3):
        with pytest.raises(RowRefused):
            await add(backend, user, content)
        assert await add(backend, user, "The bakery opens at seven on Saturdays")
    assert len(await backend.rows(user)) == 1


@pytest.mark.parametrize(
    ("content", "tags", "metadata"),
    [
        ("half \ud83d a pair", [], {}),
        ("text", ["half \udc00"], {}),
        ("text", [], {"half": "\ud83d"}),
        ("text", [], {"half \ud83d": 1}),
        ("text", [], {"number": float("nan")}),
        ("text", [], {"number": float("inf")}),
        ("text", [], {"set": {1}}),
        ("text", [], {"bytes": b"1"}),
    ],
)
async def test_what_json_cannot_hold_is_refused_and_never_sent(
    standin, connect, content, tags, metadata
):
    backend = await connect(standin)
    with pytest.raises(RowRefused):
        await backend.add(a_user(), content, tags=tags, metadata=metadata)
    assert standin.requests == []


# --- users and keys


@pytest.mark.parametrize("user", ["", " ", "\t\n", "\u00a0", "half \ud83d"])
@pytest.mark.parametrize(
    "call",
    [
        lambda backend, user: backend.add(user, "text", tags=[], metadata={}),
        lambda backend, user: backend.get(user, "some-id"),
        lambda backend, user: backend.rows(user),
        lambda backend, user: backend.delete(user, "some-id"),
        lambda backend, user: backend.delete_user(user),
        lambda backend, user: backend.query(user, "text", limit=3),
    ],
    ids=["add", "get", "rows", "delete", "delete_user", "query"],
)
async def test_a_user_that_would_be_everybody_is_never_sent(standin, connect, user, call):
    backend = await connect(standin)
    with pytest.raises(ValueError, match="user"):
        await call(backend, user)
    assert standin.requests == []


async def test_a_plus_is_escaped_on_every_way(standin, connect):
    backend = await connect(standin)
    user = "+15550100142"
    row_id = await add(backend, user, "Walnuts fall in October")
    await backend.get(user, row_id)
    await backend.rows(user)
    await backend.query(user, "walnuts", limit=1)
    await backend.delete(user, row_id)
    await backend.delete_user(user)
    for asked in standin.requests:
        assert "+" not in asked.path
        assert user not in asked.path
        assert quote(user, safe="") in asked.path or asked.body["user_id"] == user
    queries = [asked.body for asked in standin.requests if asked.path == "/memory/query"]
    assert [body["filters"] for body in queries] == [{"user_id": user}]


async def test_only_ascii_goes_over_the_wire(standin, connect):
    # 1.3.0 reads a character as U+FFFD whose bytes come in two packets.
    backend = await connect(standin)
    await add(backend, a_user(), "Söder 😀", tags=["ü"], metadata={"ß": "é"})
    await backend.query(a_user(), "Söder 😀", limit=1)
    assert all(asked.raw.isascii() for asked in standin.requests)


@pytest.mark.parametrize("key", ["wrong", ""])
async def test_without_the_right_key_every_call_says_what_to_set(server, connect, key):
    backend = await connect(server, key=key)
    for call in (backend.rows(a_user()), backend.users(), add(backend, a_user(), "text")):
        with pytest.raises(BackendRefused, match="OPENMEMORY_KEY"):
            await call


async def test_a_key_is_sent_only_if_there_is_one(connect):
    async with openmemory_server(key="") as server:
        backend = await connect(server)
        await backend.users()
        assert all("x-api-key" not in asked.headers for asked in server.requests)


@pytest.mark.parametrize("key", ["line\nbreak", "nul\x00", "schlüssel"])
async def test_a_key_that_no_header_can_hold_is_refused_at_once(key):
    with pytest.raises(ValueError, match="OPENMEMORY_KEY") as caught:
        await ServerBackend.open("8080", key)
    assert key not in str(caught.value)


# --- servers that die


async def test_a_server_that_was_killed_and_came_back_is_used_again(server, connect):
    backend = await connect(server)
    user = a_user()
    row_id = await add(backend, user, "Timber is stacked beside the mill")
    await stop(server)
    for call in (backend.rows(user), backend.query(user, "timber", limit=1)):
        with pytest.raises(BackendUnreachable, match=r"OPENMEMORY_PORT|broke the connection"):
            await call
    await start(server)
    assert [row.id for row in await backend.rows(user)] == [row_id]


async def stop(server):
    if hasattr(server, "die"):
        await server.die()
    else:
        server.kill()


async def start(server):
    if hasattr(server, "revive"):
        await server.revive()
    else:
        server.start()


async def test_closing_twice_is_closing_and_nothing_is_asked_afterwards(standin, connect):
    backend = await connect(standin)
    await backend.users()
    await backend.close()
    await backend.close()
    with pytest.raises(BackendUnreachable, match="closed"):
        await backend.users()


async def test_nothing_is_sent_when_it_is_opened():
    backend = await ServerBackend.open("127.0.0.1:9", "key")
    assert backend.name == "the OpenMemory server at http://127.0.0.1:9"
    assert backend.identity == "remote http://127.0.0.1:9"
    assert backend.query_cache_seconds == 60
    await backend.close()


# --- addresses


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("8080", "http://127.0.0.1:8080"),
        (" 8080 ", "http://127.0.0.1:8080"),
        ("localhost:8080", "http://localhost:8080"),
        ("memory.example:1", "http://memory.example:1"),
        ("[::1]:8080", "http://[::1]:8080"),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080"),
        ("https://memory.example", "https://memory.example"),
        ("https://memory.example/open/memory/", "https://memory.example/open/memory"),
        ("https://user:secret@memory.example:8443", "https://user:secret@memory.example:8443"),
    ],
)
def test_a_port_a_host_with_a_port_and_a_url_are_addresses(address, url):
    assert server_url(address) == url


@pytest.mark.parametrize(
    "address",
    [
        *("", " ", "0", "65536", "99999999", "memory.example", "localhost", ":8080", "8080/x"),
        *("ftp://memory.example:1", "http://", "http://:8080", "http://memory.example:99999"),
        *("http://memory.example:port", "http://a b:1", "http://h:1/?q=1", "http://h:1/#x"),
        *("http://[::1", "http://h\\x:1", "h\x00:1", "file:///etc", "٣٣٣٣"),
    ],
)
def test_what_is_no_address_is_refused_with_one_that_is(address):
    with pytest.raises(ValueError, match="8080"):
        server_url(address)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://memory.example", "https://memory.example"),
        ("https://user:secret@memory.example:8443/", "https://memory.example:8443"),
        ("https://memory.example/tokens/secret", "https://memory.example/…"),
        ("http://user:secret@[::1]:8080/secret", "http://[::1]:8080/…"),
    ],
)
def test_no_more_than_the_host_of_an_address_is_shown(url, shown):
    assert shown_url(url) == shown


async def test_the_identity_of_an_address_tells_servers_apart_and_no_secret():
    addresses = ["8080", "8081", "https://h", "https://h/tokens/secret", "https://h/tokens/other"]
    identities = [server_identity(address) for address in addresses]
    assert len(set(identities)) == len(addresses)
    assert identities[0] == "remote http://127.0.0.1:8080"
    assert not any("secret" in each or "tokens" in each for each in identities)
    same = "https://user:secret@h/tokens/secret/"
    assert server_identity(same) == server_identity("https://h/tokens/secret")
    for address in (*addresses, same):
        backend = await ServerBackend.open(address, "key")
        assert backend.identity == server_identity(address)
        assert "secret" not in backend.name
        await backend.close()


def test_a_password_in_an_address_is_never_quoted():
    with pytest.raises(ValueError) as caught:
        server_url("https://user:se cret@memory.example:8443")
    assert "cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "answer"),
    [
        ("http://127.0.0.1:1", True),
        ("http://127.9.9.9:1", True),
        ("http://[::1]:1", True),
        ("http://localhost:1", True),
        ("http://0.0.0.0:1", False),
        ("http://192.168.0.7:1", False),
        ("http://localhost.example:1", False),
    ],
)
def test_a_loopback_address_is_known(url, answer):
    assert is_loopback(url) is answer


async def test_a_base_path_and_a_password_of_a_proxy_are_used(standin, connect):
    standin.url_with_path = f"http://user:secret@127.0.0.1:{standin.port}/base%20path"
    backend = await ServerBackend.open(standin.url_with_path, standin.key)
    try:
        with pytest.raises(BackendRefused, match="404") as caught:
            await backend.users()
    finally:
        await backend.close()
    asked = standin.requests[0]
    assert asked.path.startswith("/base%20path/memory/all?")
    assert asked.headers["Authorization"].startswith("Basic ")
    assert "secret" not in f"{caught.value}{backend.name}{backend.identity}"
